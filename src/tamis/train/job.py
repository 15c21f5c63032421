"""One training job: from files of labels and a base to a model folder with its figures, card and result."""

from __future__ import annotations

import datetime
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tamis.core import Progress, Scorer
from tamis.data import atomic_write
from tamis.data.training import Conflicts, counts, digest
from tamis.errors import InputError
from tamis.score.folder import ModelFolder
from tamis.score.load import load_scorer
from tamis.score.nets.lib import torch
from tamis.score.threads import threads
from tamis.score.torch_engine import chosen_device
from tamis.train.adapters import merged
from tamis.train.after import (
    Asked,
    Card,
    DevSet,
    Figures,
    Outcome,
    Refit,
    errors_page,
    measure,
    refit,
    shown_base,
    versions,
    write_card,
    write_curves,
)
from tamis.train.after.figures import means
from tamis.train.bases.base import Start
from tamis.train.bases.files import making, write_json
from tamis.train.bases.late import ARCHITECTURE, is_late
from tamis.train.bases.opened import based, start_of
from tamis.train.checkpoints import Checkpoints
from tamis.train.lessons import Files, Lessons, read_by, read_lessons
from tamis.train.log import Log
from tamis.train.loop import Ended, Run, fit
from tamis.train.losses.forms import DEFAULTS, loss
from tamis.train.options import Kind, Options
from tamis.train.processes.base import Alone, Processes
from tamis.train.sampler import Sampler
from tamis.train.steps import check_teaching

TRAINING = "training"  # the folder beside the model's files that holds all that is not the model
LOG = "log.jsonl"
CURVES_EVERY = 30.0  # seconds
Told = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What is trained from what.

    Attributes:
        data: files of labels in any form of ``tamis.data.FORMS``, or evaluation sets' folders; or what has been read
            and split already, for which ``dev`` and ``conflicts`` are not read.
        base: where training starts: ``"e5-small"`` or ``"tamis-mini"`` (ship with tamis), a model folder or a hub id.
        output: the folder to make.
        kind: what is made of the base.
        dev: labelled queries to measure on; a share of the data's queries, or their source. 0 measures nothing.
        conflicts: what becomes of contradictory labels; see ``tamis.data.merged``.
        asked: the policy that is wanted for the new model, and the old one to compare with.
        resume: go on from the last checkpoint in the folder.
        command: the command that made it, for the card.
    """

    data: Files | Lessons
    base: str | Path
    output: Path
    kind: Kind = "cross-encoder"
    dev: float | Files = 0.1
    conflicts: Conflicts = "refuse"
    asked: Asked = field(default_factory=Asked)
    resume: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a job made.

    Attributes:
        folder: the model's.
        outcome: what ``training/result.json`` holds; of a job that was stopped, what is known so far.
        figures: on the dev queries; None without them.
        refit: calibration and policy; None without dev queries that people have labelled.
        complete: whether the job came to its end; if not, it can be resumed.
    """

    folder: Path
    outcome: Outcome
    figures: Figures | None = None
    refit: Refit | None = None
    complete: bool = True


def train(
    job: Job,
    options: Options | None = None,
    *,
    processes: Processes | None = None,
    told: Told | None = None,
    scoring: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained | None:
    """Train a reranker or encoder; the output folder holds the model, and under ``training`` everything else.

    Args:
        job: what is trained from what.
        options: how; None is what usually suits.
        processes: in which processes; None is this one alone.
        told: called after every step with (steps done, steps in all, loss).
        scoring: called with (pairs scored, pairs in all) while models are measured at the end.
        stop: asked after every step whether to stop there, with a checkpoint.

    Returns:
        What was made; None in all processes but the first.

    Raises:
        DataError: the data cannot be used; with file, line and field.
        InputError: an option or the output folder cannot be used.
        ModelError: the base cannot be used.
        TrainingError: the loss is no number any more.
        StorageError: the disk refused a file; the last checkpoint is whole.
        MissingExtraError: a package of the extra ``[train]`` is not installed.
    """
    options, processes = options or Options(), processes or Alone()
    home = job.output / TRAINING
    check_output(job)
    lessons = _read(job, options.seed)
    device = processes.device(chosen_device(options.device))
    if device.type == "cpu":
        torch.set_num_threads(max(1, threads() // processes.world))
    with making(home, log := home / LOG) if processes.rank == 0 else nullcontext():
        folder = based(job.base, home / "base", options.layers, alone=processes.first)
        options, lessons = _settled(_family(job.kind, folder), options, lessons, device)
        for name, content in processes.settings(options).items():
            processes.first(partial(write_json, home / name, content))
        start = start_of(folder, job.kind, options)
        run = _run(job, start, options, processes, lessons, device)
        run = replace(run, progress=_telling(home, told) if processes.rank == 0 else None, stop=stop)
        if processes.rank == 0 and not job.resume:
            log.unlink(missing_ok=True)
        ended = fit(run)
    network = processes.plain(start.network)
    if processes.rank:
        return None
    outcome = _outcome(job, run, ended, folder, lessons)
    write_curves(home, done=not ended.stopped)
    if ended.stopped:
        return Trained(job.output, outcome, complete=False)
    start.write(merged(network), job.output)
    return _finished(job, options, outcome, folder, lessons, scoring)


def check_output(job: Job) -> None:
    """See that the output can be made.

    Raises:
        InputError: it is a file or a complete model, or a training that is not to be gone on with.
    """
    if job.output.is_file():
        raise InputError(f"{job.output} is a file: name a folder to make")
    begun = (job.output / TRAINING / "checkpoints").is_dir()
    if (job.output / "config.json").exists() and not (begun and job.resume):  # while it is begun, it is not complete
        raise InputError(f"{job.output}: there is a model already; name another folder, or remove it")
    if begun and not job.resume:
        raise InputError(f"{job.output}: a training was begun here: go on with --resume, or name another folder")


def _read(job: Job, seed: int) -> Lessons:
    if isinstance(job.data, Lessons):
        return job.data
    return read_lessons(job.data, job.dev, job.conflicts, seed)


def _family(kind: Kind, folder: ModelFolder) -> str:
    """What is made of a base: a kind, or the kind of reranker that answers in words or weighs evidence."""
    if is_late(folder):
        return ARCHITECTURE
    return "causal" if kind == "cross-encoder" and folder.architecture.endswith("ForCausalLM") else kind


def _settled(family: str, options: Options, lessons: Lessons, device: torch.device) -> tuple[Options, Lessons]:
    """The options with what was left open decided, and the examples that the loss can learn from."""
    learn = lessons.learn
    taught = any(example.scores for example in learn) and not any(example.labels for example in learn)
    chosen = options.loss or loss(DEFAULTS[family, taught])
    precision = options.precision or ("bfloat16" if device.type == "cuda" else "float32")
    found = replace(options, loss=chosen, precision=precision)
    return found, replace(lessons, learn=read_by(chosen, learn))


def _run(
    job: Job,
    start: Start,
    options: Options,
    processes: Processes,
    lessons: Lessons,
    device: torch.device,
) -> Run:
    learn, dev = lessons.learn, lessons.dev
    assert options.loss is not None  # settled
    sampler = Sampler(learn, options.batches, options.seed)
    check_teaching(options.loss, map(sampler.at, range(sampler.an_epoch)))
    told = {"data": digest(learn), "dev": digest(dev), "base": start.folder.digest(), "kind": job.kind}
    checkpoints = Checkpoints(
        job.output / TRAINING / "checkpoints", {**told, "options": options.as_json()}, options.watch.keep
    )
    devset = DevSet.of(dev) if dev else None

    def worth(network: torch.nn.Module) -> float:
        assert devset is not None
        return means(devset, start.scorer(network, str(device)))["ndcg@10"]

    return Run(
        start,
        sampler,
        options.loss,
        options,
        processes,
        checkpoints,
        Log(job.output / TRAINING / LOG),
        device,
        worth if devset else None,
    )


def _telling(home: Path, told: Told | None) -> Told:
    """What is told of every step, with the curves drawn anew from time to time."""
    drawn = 0.0

    def tell(done: int, total: int, value: float) -> None:
        nonlocal drawn
        if told:
            told(done, total, value)
        if time.monotonic() - drawn > CURVES_EVERY:
            write_curves(home, done=False)
            drawn = time.monotonic()

    return tell


def _outcome(
    job: Job,
    run: Run,
    ended: Ended,
    folder: ModelFolder,
    lessons: Lessons,
) -> Outcome:
    learn, dev = lessons.learn, lessons.dev
    state, found = ended.state, counts(learn)
    why = "all steps done"
    if ended.early:
        why = f"no better dev nDCG@10 in {run.options.watch.patience} measurements"
    return Outcome(
        base=shown_base(str(job.base)),
        family=_family(job.kind, folder),
        options=run.options.as_json(),
        data=run.checkpoints.run["data"],
        dev=run.checkpoints.run["dev"] if dev else "",
        counts={name: getattr(found, name) for name in found.__slots__}
        | {"dev_queries": len(dev), "left_out_for_dev": lessons.left_out},
        steps=state.step,
        best_step=state.best_step if dev else state.step,
        stopped="on request" if ended.stopped else why,
        seconds=round(state.seconds, 1),
        pairs_per_second=round(state.pairs / max(state.seconds, 1e-9), 2),
        command=job.command,
        versions=versions(),
        created=datetime.date.today().isoformat(),
    )


def _finished(
    job: Job, options: Options, outcome: Outcome, base: ModelFolder, lessons: Lessons, scoring: Progress | None
) -> Trained:
    """The written model measured as it will be loaded, and everything that is written beside it."""
    home, figures, found, beside = job.output / TRAINING, None, None, lessons.beside
    after = load_scorer(job.output, device=options.device, max_length=options.max_length)
    if lessons.dev:
        before = start_of(base, job.kind, options)
        others: Mapping[str, Scorer] = beside.systems if beside else {}
        systems = {**others, "before": before.scorer(before.network, chosen_device(options.device)), "after": after}
        figures = measure(DevSet.of(lessons.dev), systems, scoring)
    if figures and lessons.judged:
        found = refit(figures, home, job.asked)
        with atomic_write(home / "errors.html") as out:
            out.write(errors_page(figures, title=job.output.name, against="before"))
    outcome = replace(
        outcome,
        fingerprint=after.fingerprint,
        figures=None if figures is None else figures.as_json(),
        refit=None if found is None else found.as_json(),
        distilled=None if beside is None else beside.compared(after, job.output, figures),
    )
    write_card(job.output, Card(job.output.name, outcome, figures))
    outcome.save(home / "result.json")
    for name in ("base", "checkpoints"):  # what going on would need
        shutil.rmtree(home / name, ignore_errors=True)
    return Trained(job.output, outcome, figures, found)
