"""Distillation: a smaller model learns the scores of a larger one, with labels or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Self

from tamis.core import Pair, Progress
from tamis.data import Example, read_queries
from tamis.data.open import Source
from tamis.data.training import merged, read_training
from tamis.errors import InputError
from tamis.score.cosine import Cosine
from tamis.train.after import Outcome, shown_base
from tamis.train.agreement import TIMED, Tutor, order_as_grades
from tamis.train.bases.files import making
from tamis.train.bases.opened import based, start_of
from tamis.train.job import TRAINING, Job, Told, Trained, check_output, train
from tamis.train.lessons import Files, Lessons, parted, telling
from tamis.train.losses.forms import loss
from tamis.train.options import Options
from tamis.train.pool import Pool
from tamis.train.processes.base import Alone, Processes
from tamis.train.scores import BOUND, Scores, as_pairs
from tamis.train.teaching import Recorded, Scale, Teacher

USUAL = "kl"


@dataclass(frozen=True, slots=True)
class Distillation:
    """Who teaches whom what.

    Attributes:
        teacher: gives the scores.
        job: the student's training. Its data need no labels; scores that they carry are not read. Its dev queries are
            labelled, or else the teacher's order is what they are measured against.
        queries: more queries, which get all their documents from the pool.
        pool: where candidates come from; None leaves every list as it is.
        factor: what the teacher's scores are multiplied by; None is what suits, see ``Scale``.
    """

    teacher: Teacher
    job: Job
    queries: Source | None = None
    pool: Pool | None = None
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A distillation whose lists are put together.

    Attributes:
        asked: the distillation.
        options: of the training; the loss is chosen.
        learn, dev: lists, not scored yet.
        judged: whether people labelled the dev queries.
    """

    asked: Distillation
    options: Options
    learn: list[Example]
    dev: list[Example]
    judged: bool

    @classmethod
    def of(cls, asked: Distillation, options: Options | None = None) -> Self:
        """Read the data and see whether all fits together.

        Raises:
            DataError: the data cannot be used; with file, line and field.
            InputError: there is nothing to score or to learn, or an option or the output folder cannot be used.
        """
        options = options or Options()
        options = replace(options, loss=options.loss or loss(USUAL))
        _check(asked, options)
        learn, dev = _read(asked, options.seed)
        labelled = [one for one in dev if one.labels]
        judged = any(map(telling, labelled))
        dev = labelled if judged else dev
        if asked.pool:
            learn, dev = asked.pool.added(learn), dev if judged else asked.pool.added(dev)
        _check_documents(learn)
        return cls(asked, options, _useful(learn, options), [one for one in dev if len(one.documents) > 1], judged)

    @property
    def home(self) -> Path:
        """The folder for all that is not the model."""
        return self.asked.job.output / TRAINING

    @property
    def scores(self) -> Scores:
        """The teacher's scores on the disk."""
        return Scores(self.home, [*self.learn, *self.dev])

    def score(self, progress: Progress | None = None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Have the teacher score what it has not scored yet; see ``Scores.fill``.

        That training can begin from the base is seen before the teacher begins its long work.

        Raises:
            ModelError: teacher or base cannot be used.
            InputError: the folder holds another teacher's scores.
        """
        scorer, job = self.asked.teacher.scorer, self.asked.job
        with making(self.home, self.home / BOUND):
            start_of(based(job.base, self.home / "base", self.options.layers), job.kind, self.options)
            return self.scores.fill(scorer, progress, stop)

    def lessons(self) -> Lessons:
        """The scored lists, to learn from and to measure on.

        Raises:
            InputError: lists are not scored yet, or the scores tell nothing apart.
        """
        taught, many = self.scores.complete(), len(self.learn)
        learn, dev = taught[:many], taught[many:]
        scale = Scale.fitted(learn, self.asked.job.kind, self.asked.factor)
        tutor = Tutor(
            self.asked.teacher,
            Recorded(*self.scores.given_by(), dev),
            scale,
            self.judged,
            list(islice(_pairs(learn), TIMED)),
            {"lists": len(taught), "pairs": sum(len(one.documents) for one in taught)},
        )
        if not self.judged:
            dev = [order_as_grades(one) for one in dev]
        if dev and not any(map(telling, dev)):
            raise InputError(
                f"the teacher gives all documents of a query the same score in each of the {len(dev)} dev queries, so "
                "nothing can be measured: name others with --dev, or train without: --dev 0"
            )
        return Lessons(list(map(scale.of, learn)), dev, tutor)


def distil(
    asked: Distillation,
    options: Options | None = None,
    *,
    processes: Processes | None = None,
    told: Told | None = None,
    scoring: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained | None:
    """Have a teacher score lists, and a student learn its scores; see ``train`` for what is made.

    The teacher's raw scores stay in ``training/teacher.jsonl``, a file of training examples like any other: who was
    interrupted goes on there. ``training/result.json`` holds teacher and student side by side.

    Args:
        asked: who teaches whom what.
        options: of the training; without a loss, ``"kl"``.
        processes: in which processes; None is this one alone.
        told: called after every step with (steps done, steps in all, loss).
        scoring: called with (pairs scored, pairs in all) while the teacher scores, and while models are measured.
        stop: asked after every block of scores and every step whether to stop there.

    Returns:
        What was made; None in all processes but the first.

    Raises:
        DataError: the data cannot be used; with file, line and field.
        InputError: an option or the output folder cannot be used; the folder holds another teacher's scores.
        ModelError: teacher or base cannot be used.
        TrainingError, StorageError, MissingExtraError: as ``train``.
    """
    processes = processes or Alone()
    plan = Plan.of(asked, options)
    if processes.world > 1:
        processes.first(lambda: plan.score(scoring))
    elif not plan.score(scoring, stop):
        outcome = Outcome(shown_base(str(asked.job.base)), asked.job.kind, stopped="while the teacher scored")
        return Trained(asked.job.output, outcome, complete=False)
    return taught(plan, processes=processes, told=told, scoring=scoring, stop=stop)


def taught(
    plan: Plan,
    *,
    processes: Processes | None = None,
    told: Told | None = None,
    scoring: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained | None:
    """The student, from lists that the teacher has scored; see ``distil``."""
    job = replace(plan.asked.job, data=plan.lessons())
    return train(job, plan.options, processes=processes, told=told, scoring=scoring, stop=stop)


def student_base(teacher: Teacher, base: str | None, options: Options, kind: str) -> str:
    """Where a student begins for whom no base is named: at the teacher itself, with fewer layers.

    Raises:
        InputError: the teacher cannot be the base of such a student.
    """
    if base is not None:
        return base
    if teacher.remote:
        raise InputError("a teacher behind a URL has no weights to begin from: name the student's --base")
    if options.layers is None:
        raise InputError(
            "without --base the student begins as its teacher: say how many of its --layers it keeps, or name a --base"
        )
    if kind == "bi-encoder" and not isinstance(teacher.scorer, Cosine):
        raise InputError("a bi-encoder cannot begin as a reranker: name an encoder with --base, such as e5-small")
    return teacher.spec


def _check(asked: Distillation, options: Options) -> None:
    """Raises InputError where the options do not fit together."""
    assert options.loss is not None
    name, reads = options.loss.name, options.loss.reads
    if "teacher" not in reads:
        raise InputError(
            f"the loss {name!r} does not read a teacher's scores: choose kl, margin-mse or teacher-mse, or learn from "
            "labels with tamis train"
        )
    if "labels" in reads and asked.pool:
        raise InputError(
            f"the loss {name!r} reads labels, which candidates of a corpus lack: choose kl, or leave it out"
        )
    if name == "teacher-mse" and asked.job.kind == "bi-encoder":
        raise InputError(
            "the loss 'teacher-mse' asks for the teacher's own scores, which cosines cannot reach: choose kl or "
            "margin-mse"
        )
    if asked.queries is not None and asked.pool is None:
        raise InputError("queries alone have no documents to score: name a corpus for their candidates (--corpus)")
    check_output(asked.job)


def _read(asked: Distillation, seed: int) -> tuple[list[Example], list[Example]]:
    """The lists to learn from and to hold out, labelled or not."""
    job = asked.job
    assert not isinstance(job.data, Lessons)  # which are scored already
    found = _examples(job.data, job) if asked.queries is None or job.data else []
    if asked.queries is not None:
        more = (Example(one.text, (), instruction=one.instruction) for one in read_queries(asked.queries))
        found = merged([*found, *more])
    return parted(found, job.dev, conflicts=job.conflicts, seed=seed, labelled=False)


def _examples(data: Files, job: Job) -> list[Example]:
    return read_training(data, conflicts=job.conflicts, labelled=False)


def _check_documents(learn: Sequence[Example]) -> None:
    if not any(len(one.documents) > 1 for one in learn):
        raise InputError(
            f"none of {len(learn)} queries has two documents for the teacher to tell apart: name a corpus for "
            "candidates (--corpus)"
        )


def _useful(learn: Sequence[Example], options: Options) -> list[Example]:
    """The lists from which the loss can learn; labels only where it reads them, since they decide what is drawn.

    Raises:
        InputError: there is none.
    """
    assert options.loss is not None
    if "labels" not in options.loss.reads:
        plain = partial(replace, labels=(), weights=(), scores=())
        return [plain(one) for one in learn if len(one.documents) > 1]
    found = [one for one in learn if telling(one)]
    if not found:
        raise InputError(
            f"the loss {options.loss.name!r} reads labels too, and no query has documents of different labels: "
            "choose kl"
        )
    return found


def _pairs(examples: Sequence[Example]) -> Iterator[Pair]:
    for one in examples:
        yield from as_pairs(one)
