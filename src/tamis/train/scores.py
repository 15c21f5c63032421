"""A teacher's raw scores on the disk: every list is scored once, whatever interrupts the work."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tamis.core import Document, Floats, Pair, Progress, Query, Scorer
from tamis.data import Example, canonical, read_artefact, write_artefact
from tamis.data.training import digest
from tamis.errors import InputError, ModelError, StorageError
from tamis.pipeline import scored

KIND = "tamis-teacher"
ROWS, BOUND = "teacher.jsonl", "teacher.json"
BLOCK_SECONDS = 5.0  # of a teacher's work that an interruption may lose
FIRST_BLOCK, LARGEST_BLOCK = 64, 8192  # pairs


class Text(NamedTuple):
    """What a list asks and offers: all that a teacher's scores depend on."""

    query: str
    instruction: str
    documents: tuple[str, ...]


def text_of(example: Example) -> Text:
    """The list without what is said of it."""
    return Text(example.query, example.instruction, example.documents)


def as_pairs(example: Example) -> list[Pair]:
    """The list as pairs to be scored."""
    query = Query(example.query, instruction=example.instruction)
    return [(query, Document(str(at), text)) for at, text in enumerate(example.documents)]


@dataclass(frozen=True)
class Scores:
    """A teacher's scores of some lists, in two files of a folder: ``teacher.jsonl``, to which rows of the form lists
    are appended as they are made, and ``teacher.json``, which says whose they are and of which lists.

    Attributes:
        folder: which holds them.
        examples: the lists; what stands there of labels and scores is not read.
    """

    folder: Path
    examples: Sequence[Example]

    @property
    def path(self) -> Path:
        """The file of the rows."""
        return self.folder / ROWS

    def bound(self, teacher: Scorer) -> None:
        """Say whose scores these are, or see that they are this teacher's.

        Raises:
            InputError: the folder holds the scores of another teacher, or of other lists.
            StorageError: the disk refused it.
        """
        ours = {"teacher": teacher.name, "fingerprint": teacher.fingerprint, "lists": self._digest()}
        if not (self.folder / BOUND).is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            write_artefact(self.folder / BOUND, KIND, ours)
            return
        found = read_artefact(self.folder / BOUND, KIND)
        other = "another teacher" if found["fingerprint"] != ours["fingerprint"] else "other lists"
        if found != ours:
            raise InputError(
                f"{self.path}: these are scores of {other} (of {found['teacher']}): go on with the same, or name "
                "another folder"
            )

    def given_by(self) -> tuple[str, str]:
        """Name and fingerprint of the teacher whose scores these are."""
        found = read_artefact(self.folder / BOUND, KIND)
        return found["teacher"], found["fingerprint"]

    def read(self) -> dict[Text, tuple[float, ...]]:
        """The scores that are there; a last row that was torn is left out."""
        return {text: scores for text, scores, _ in self._rows()}

    def missing(self) -> list[Example]:
        """The lists that have no scores yet, each once."""
        known = self.read()
        return list({text: one for one in self.examples if (text := text_of(one)) not in known}.values())

    def complete(self) -> list[Example]:
        """The examples with the teacher's scores.

        Raises:
            InputError: some are not scored yet.
        """
        known = self.read()
        if missing := sum(text_of(one) not in known for one in self.examples):
            raise InputError(
                f"{self.path}: {missing} of {len(self.examples)} lists are not scored yet: score them first"
            )
        return [replace(one, scores=known[text_of(one)]) for one in self.examples]

    def fill(self, teacher: Scorer, progress: Progress | None = None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Score what is missing, block by block; what is done stays, whatever ends the process.

        Args:
            teacher: gives the scores.
            progress: called with (pairs scored, pairs in all).
            stop: asked after every block whether to stop there.

        Returns:
            Whether all lists are scored now.

        Raises:
            InputError: the folder holds the scores of another teacher, or of other lists.
            ModelError: the teacher gave something else than finite numbers.
            StorageError: the disk refused a row; those of before are whole.
        """
        self.bound(teacher)
        self._mend()
        missing = self.missing()
        total = sum(len(one.documents) for one in {text_of(one): one for one in self.examples}.values())
        done = total - sum(len(one.documents) for one in missing)
        for block in _blocks(missing):
            self._append(block, _scored(teacher, block))
            done += sum(len(one.documents) for one in block)
            if progress:
                progress(done, total)
            if stop() and done < total:
                return False
        return True

    def _digest(self) -> str:
        return digest(Example(*_asked(text)) for text in {text_of(one) for one in self.examples})

    def _rows(self) -> Iterator[tuple[Text, tuple[float, ...], int]]:
        """Each whole row's list and scores, and the place in the file where it ends.

        Raises:
            InputError: a row in the midst of the file is no list with scores.
        """
        if not self.path.is_file():
            return
        end = 0
        for number, line in enumerate(self.path.read_bytes().splitlines(keepends=True), 1):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            try:
                row = json.loads(line)
                text = Text(row["query"], row.get("instruction", ""), tuple(row["documents"]))
                scores = tuple(map(float, row["scores"]))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(
                    f"{self.path}, line {number}: expected a list with scores, got {line[:60]!r}: remove the file and "
                    f"{BOUND} beside it to have all scored anew"
                ) from error
            yield text, scores, end

    def _mend(self) -> None:
        """Cut off a row that was torn."""
        whole = max((end for _, _, end in self._rows()), default=0)
        if self.path.is_file() and self.path.stat().st_size > whole:
            with self.path.open("r+b") as file:
                file.truncate(whole)

    def _append(self, block: Sequence[Example], scores: Sequence[Floats]) -> None:
        rows = (_row(one, column.tolist()) for one, column in zip(block, scores, strict=True))
        try:
            with self.path.open("a", encoding="utf-8", newline="\n") as out:
                out.write("".join(canonical(row) + "\n" for row in rows))
        except OSError as error:
            raise StorageError(
                f"{self.path}: scores were not written: {error.strerror or error}; those of before are whole"
            ) from error


def _asked(text: Text) -> tuple[Any, ...]:
    return text.query, text.documents, (), text.instruction


def _row(example: Example, scores: Sequence[float]) -> dict[str, Any]:
    """A row of the form lists."""
    asked = {"instruction": example.instruction} if example.instruction else {}
    return {"query": example.query, "documents": list(example.documents), **asked, "scores": list(scores)}


def _blocks(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Whole lists that are scored together; as many as take some seconds, judged by the block before."""
    size, at = FIRST_BLOCK, 0
    while at < len(examples):
        block, pairs = list[Example](), 0
        while at < len(examples) and (not block or pairs + len(examples[at].documents) <= size):
            block.append(examples[at])
            pairs += len(examples[at].documents)
            at += 1
        began = time.monotonic()
        yield block
        spent = max(time.monotonic() - began, 1e-3)
        size = int(min(max(pairs * BLOCK_SECONDS / spent, 1), 4 * size, LARGEST_BLOCK))


def _scored(teacher: Scorer, block: Sequence[Example]) -> list[Floats]:
    """The teacher's scores of each list.

    Raises:
        ModelError: not one finite number a document.
    """
    scores = scored(teacher, [pair for one in block for pair in as_pairs(one)])
    if not np.isfinite(scores).all():
        raise ModelError(f"the teacher {teacher.name} gave a score that is no finite number: it cannot teach")
    return np.split(scores, np.cumsum([len(one.documents) for one in block])[:-1])
