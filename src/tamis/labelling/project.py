"""A labelling project: pairs that decide a promise are drawn, handed to annotators, and their labels kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from tamis.core import Progress, Scorer
from tamis.data import Source
from tamis.data.agree import Agreement, agreement
from tamis.decide import PrecisionAtLeast
from tamis.errors import InputError, NotFoundError
from tamis.labelling.folder import Charter, checked_new, write_new
from tamis.labelling.guide import Guide
from tamis.labelling.ledger import Ledger
from tamis.labelling.log import Act, Entry, checked_name
from tamis.labelling.pool import Item, Pool, read_pairs, score_pairs
from tamis.labelling.queue import disputed
from tamis.labelling.results import Exported, annotation_rows, checked_ending, table_of, write_table
from tamis.labelling.rounds import Round, cut, first_round, longer, next_round
from tamis.labelling.standing import Standing, standing

USUAL = Guide()


class Project:
    """A folder of pairs, of which a plan is labelled by any number of people; made by ``create`` or ``open``.

    Any number of processes and threads may use one folder, each by a ``Project`` of its own or by a common one. What
    ``label``, ``skip`` and ``undo`` return from is on the disk.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> pairs = Path(folder.name, "pairs.csv")
    >>> _ = pairs.write_text("query,document,score\\nsieve,A tamis sieves.,2.5\\nsieve,Rain fell.,-3\\n")
    >>> project = Project.create(Path(folder.name, "p"), pairs, target=PrecisionAtLeast(0.9), budget=1)
    >>> item = project.next("ann")
    >>> item.document
    'A tamis sieves.'
    >>> _ = project.label(item.id, "ann", "relevant", seconds=4.2)
    >>> project.next("ann") is None, project.progress().labelled
    (True, 1)
    >>> folder.cleanup()
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @classmethod
    def create(
        cls,
        folder: str | Path,
        pairs: Source,
        *,
        target: PrecisionAtLeast,
        budget: int = 200,
        scorer: Scorer | None = None,
        guide: Guide = USUAL,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Project:
        """Make a project: read the pairs, score them where they have no scores, draw those that are to be labelled.

        The folder appears whole or not at all.

        Args:
            folder: a new one, or an empty one.
            pairs: a file of pairs; see ``read_pairs``.
            target: what shall be promised.
            budget: how many pairs can be labelled.
            scorer: scores pairs without scores; with scores, it only says whose they are.
            guide: what annotators are given.
            progress: called with (pairs scored, pairs in all).
            stop: asked between blocks of pairs whether to end here.

        Raises:
            DataError: a pair cannot be used; with file, line and field.
            InputError: the folder is there already, a budget below 1, or pairs without scores and no scorer.
            StoppedError: ``stop`` said so.
            StorageError: the disk refused it.
        """
        checked_new(folder := Path(folder))
        if budget < 1:
            raise InputError(f"a budget is at least 1 label, got {budget}")
        pool = Pool.of(score_pairs(read_pairs(pairs), scorer, progress, stop))
        first = first_round(pool, target, budget)
        write_new(folder, Charter.of(target, budget, guide, scorer, pool), pool, [first])
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | Path) -> Project:
        """The project of a folder.

        Raises:
            NotFoundError: it holds none.
            PolicyError: its files were changed by hand, or are of a newer tamis.
        """
        return cls(Ledger.open(Path(folder)))

    @property
    def charter(self) -> Charter:
        """What the project is for, and whose scores it has."""
        return self._ledger.charter

    @property
    def guide(self) -> Guide:
        """What annotators are given."""
        return self.charter.guide

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds that were drawn, the present one last."""
        with self._ledger.turn():
            return self._ledger.rounds

    def instruct(self, guidelines: str) -> None:
        """Put other guidelines in the place of those that are there; grades and target stay: labels hang on them.

        Raises:
            StorageError: the disk refused it.
        """
        with self._ledger.turn():
            self._ledger.instruct(guidelines)

    def next(self, annotator: str) -> Item | None:
        """The pair that an annotator is to label now; None where nothing is left for them.

        It is theirs for ten minutes: asked again before they have labelled it, it is the same.

        Raises:
            InputError: the annotator's name is blank or too long.
        """
        annotator = checked_name(annotator)
        with self._ledger.turn():
            if (item := self._ledger.due(annotator)) is None:
                return None
            self._ledger.lease(annotator, item)
            return self._ledger.pool[item]

    def label(self, item: str, annotator: str, label: object, *, seconds: float | None = None) -> Entry:
        """Keep what an annotator says of a pair; what they said of it before is replaced.

        Args:
            item: name of a pair that was drawn.
            annotator: who says it.
            label: a grade by its name or number.
            seconds: how long it took.

        Raises:
            NotFoundError: no such pair was drawn.
            InputError: no such grade, a blank name, or seconds that are none.
            StorageError: the disk refused it.
        """
        return self._say(item, annotator, "label", self.guide.grade(label), seconds)

    def skip(self, item: str, annotator: str, *, seconds: float | None = None) -> Entry:
        """Pass over a pair that an annotator cannot judge: others may still get it.

        Raises:
            NotFoundError: no such pair was drawn.
            StorageError: the disk refused it.
        """
        return self._say(item, annotator, "skip", "", seconds)

    def undo(self, annotator: str) -> Item | None:
        """Take back what an annotator did last, and hand them the pair again; None where they did nothing.

        Raises:
            StorageError: the disk refused it.
        """
        annotator, ledger = checked_name(annotator), self._ledger
        with ledger.turn() as said:
            if (last := said.last(annotator)) is None:
                return None
            ledger.log.add(Entry(last.item, annotator, "undo", time=ledger.clock()))
            ledger.lease(annotator, last.item)
            return ledger.pool[last.item]

    def history(self, annotator: str) -> list[Entry]:
        """What an annotator said, the last first; each pair once."""
        with self._ledger.turn() as said:
            return list(reversed(said.by_annotator.get(checked_name(annotator), {}).values()))

    def progress(self) -> Standing:
        """How far the project has come, and what the labels of the present round let expect of the promise."""
        with self._ledger.turn():
            return standing(self._ledger)

    def replan(self, budget: int | None = None) -> Round:
        """Begin another round, in the region of scores that all labels so far point to (fifty will do).

        Pairs of the present round that nobody has begun with are put back. Labels that are there chose the new region,
        so that the promise rests on the new round alone; see ``rounds``.

        Args:
            budget: pairs of the new round; without it, what the labels so far leave of the project's budget.

        Raises:
            InputError: nothing is labelled yet, the budget is used up, or no pair is left.
        """
        ledger = self._ledger
        with ledger.turn():
            labelled = len(ledger.done(ledger.drawn))
            if not labelled:
                raise InputError("nothing is labelled yet: a better region takes labels, about fifty")
            wanted = self.charter.budget - labelled if budget is None else budget
            if budget is None and wanted < 1:
                raise InputError(f"the budget of {self.charter.budget} is used up: say how many more (--budget 100)")
            kept = cut(ledger.present, ledger.begun)
            before = (*ledger.rounds[:-1], *((kept,) if kept else ()))
            one = next_round(ledger.pool, self.charter.target, wanted, before, ledger.labelled(before))
            ledger.plan((*before, one))
            return one

    def extend(self, more: int) -> Round:
        """Add pairs of the same region to the present round, next in its random order.

        A promise that was refused on the shorter round and is asked for again on the longer one had two chances.

        Raises:
            InputError: fewer than one more, or the region has no more.
        """
        ledger = self._ledger
        with ledger.turn():
            ledger.plan((*ledger.rounds[:-1], longer(ledger.pool, ledger.rounds, more)))
            return ledger.present

    def agreement(self) -> Agreement:
        """How far annotators agree on the pairs that two of them labelled.

        The first two labels of each pair count. A third is asked for because two differ, and would, counted in, make
        agreement look better than it is.

        Raises:
            InputError: no pair has labels of two annotators yet.
        """
        with self._ledger.turn() as said:
            both = [item for item in self._ledger.drawn if len(said.labels(item)) > 1]
            if not both:
                raise InputError("no pair has labels of two annotators yet: agreement takes some that both labelled")
            table = table_of(both, said, self.guide, most=2)
        return agreement(table, ordinal=len(self.guide.grades) > 2)

    def disputes(self) -> list[Item]:
        """The pairs on which two annotators differ and no third has spoken, in planned order."""
        with self._ledger.turn() as said:
            return [self._ledger.pool[item] for item in self._ledger.drawn if disputed(item, said)]

    def count(self) -> tuple[int, int]:
        """How many pairs of the present round have a label, and how many were drawn: ``progress`` in short."""
        with self._ledger.turn():
            drawn = self._ledger.present.items
            return len(self._ledger.done(drawn)), len(drawn)

    def labels(self, item: str) -> list[Entry]:
        """What annotators said of a pair, the earliest first; pairs passed over are not among them."""
        with self._ledger.turn() as said:
            return said.labels(item)

    def export(
        self, path: str | Path, *, every_round: bool = False, model: bool = False, spreadsheet: bool = False
    ) -> Exported:
        """Write one label a pair, with its score and weight, as ``tamis tune`` and ``tamis calibrate`` read it.

        Args:
            path: a .jsonl or .csv file.
            every_round: write the labels of all rounds, for calibrations and reports; a promise is for one round.
            model: adjudicate by the model of Dawid and Skene; without it, by the majority.
            spreadsheet: write a CSV for people with spreadsheets, which run no cell of it as a formula.

        Raises:
            InputError: another ending, or nothing is labelled.
            StorageError: the disk refused it.
        """
        path, ledger = checked_ending(path), self._ledger
        with ledger.turn() as said:
            rounds = ledger.rounds if every_round else ledger.rounds[-1:]
            found = ledger.judged(rounds, model=model)
            if not found.items:
                raise InputError(f"nothing {'of this round ' if len(ledger.rounds) > 1 else ''}is labelled yet")
            rows = list(found.rows(ledger.pool, ledger.weights(rounds, found.items)))
            left_out = len(ledger.done(ledger.drawn)) - len(rows)
            left = len(ledger.present.items) - len(ledger.done(ledger.present.items))
            waiting = sum(disputed(item, said) for item in found.items)
        return Exported(path, write_table(path, rows, spreadsheet=spreadsheet), waiting, left_out, left)

    def annotations(self, path: str | Path, *, spreadsheet: bool = False) -> int:
        """Write everybody's labels, as ``tamis agree`` reads them; returns how many there are.

        Args:
            path: a .jsonl or .csv file.
            spreadsheet: write a CSV for people with spreadsheets, which run no cell of it as a formula.

        Raises:
            InputError: another ending than .jsonl or .csv, or nothing is labelled.
            StorageError: the disk refused it.
        """
        path = checked_ending(path)
        with self._ledger.turn() as said:
            rows = list(annotation_rows(self._ledger.drawn, said, self.guide, self._ledger.pool))
        if not rows:
            raise InputError("nothing is labelled yet")
        return write_table(path, rows, spreadsheet=spreadsheet)

    def _say(self, item: str, annotator: str, act: Act, label: str, seconds: float | None) -> Entry:
        if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
            raise InputError(f"seconds must be 0 or more, got {seconds}")
        annotator, ledger = checked_name(annotator), self._ledger
        with ledger.turn():
            if item not in ledger.drawn:
                there = "it is in the pool and was not drawn" if item in ledger.pool else "the pool has no such pair"
                raise NotFoundError(f"pair {item!r} is not to be labelled: {there}; ask for the next one")
            entry = Entry(item, annotator, act, label, ledger.clock(), seconds)
            ledger.say(entry)
            return entry
