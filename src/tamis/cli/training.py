"""The options of training, which ``train`` and ``distill`` share, and what both show of it."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_type_hints

import typer

from tamis.cli import show
from tamis.cli.options import Device, in_place_of

if TYPE_CHECKING:
    from tamis.core import Progress
    from tamis.train.after import Asked
    from tamis.train.job import Told, Trained
    from tamis.train.options import Options
    from tamis.train.tune import Tune

TuneName: TypeAlias = Literal["full", "head", "lora"]
KindName: TypeAlias = Literal["cross-encoder", "bi-encoder"]
PrecisionName: TypeAlias = Literal["float32", "bfloat16", "float16"]
Schedule: TypeAlias = Literal["linear", "cosine", "constant"]
Strategy: TypeAlias = Literal["ddp", "fsdp", "zero2"]

Data = Annotated[
    list[Path],
    typer.Option(help="Labels: JSONL, CSV or TSV in any known form, or an evaluation set's folder; may be repeated."),
]
Base = Annotated[
    str,
    typer.Option(help="Where training starts: e5-small or tamis-mini (ship with tamis), a model folder or a hub id."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")]
Kind = Annotated[KindName, typer.Option(help="What is made of the base.")]
Conflicts = Annotated[Literal["refuse", "drop", "mean"], typer.Option(help="What becomes of contradictory labels.")]
Dev = Annotated[
    str, typer.Option(help="Labelled queries to measure on: a file, or a share of the data's queries; 0 is none.")
]


@dataclass(frozen=True, slots=True)
class How:
    """How to train: an option of the command line each."""

    loss: Annotated[
        str | None,
        typer.Option(help="bce, softmax, lambda@10, ranknet, listnet, margin, margin-mse, kl ...; else what suits."),
    ] = None
    tune: Annotated[TuneName, typer.Option(help="What learns: everything, the head alone, or LoRA.")] = "full"
    freeze_layers: Annotated[
        int | None, typer.Option(min=0, help="Word vectors and so many of the lowest layers stay as they are (full).")
    ] = None
    lora_rank: Annotated[int, typer.Option(min=1, help="Width of LoRA's matrices.")] = 8
    lora_alpha: Annotated[
        float | None, typer.Option(help="LoRA counts alpha / rank; without it, alpha is twice the rank.")
    ] = None
    layers: Annotated[int | None, typer.Option(min=1, help="Keep so many of the base's layers, the lowest.")] = None
    dropout: Annotated[
        float | None, typer.Option(help="Share of activations left out while training; else the base's own.")
    ] = None
    epochs: Annotated[float | None, typer.Option(help="How often every query is seen; 3 without --max-steps.")] = None
    max_steps: Annotated[int | None, typer.Option(min=1, help="Steps in all.")] = None
    batch_size: Annotated[int, typer.Option(min=1, help="Queries a step.")] = 16
    documents: Annotated[int, typer.Option(min=2, help="Documents of a query a step, positives included.")] = 8
    in_batch: Annotated[
        bool, typer.Option(help="Bi-encoders take the other queries' documents as negatives too, where the loss can.")
    ] = True
    tokens: Annotated[
        int | None, typer.Option(min=1, help="Tokens that go through the network at once; fewer need less memory.")
    ] = None
    rate: Annotated[
        float | None, typer.Option("--rate", "--lr", help="Highest learning rate; without it, what suits --tune.")
    ] = None
    head_rate: Annotated[
        float | None,
        typer.Option(help="That of parameters that begin as random numbers; without it, five times --rate."),
    ] = None
    warmup: Annotated[float, typer.Option(min=0, max=1, help="Share of the steps in which the rate rises.")] = 0.1
    schedule: Annotated[Schedule, typer.Option(help="How the rate falls after that.")] = "linear"
    weight_decay: Annotated[float, typer.Option(min=0, help="Of matrices; biases and norms have none.")] = 0.01
    max_length: Annotated[int | None, typer.Option(min=1, help="Tokens of a pair, or of a text, that are read.")] = None
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is drawn.")] = 0
    precision: Annotated[PrecisionName | None, typer.Option(help="Of products; without it, bfloat16 on CUDA.")] = None
    device: Device = "auto"
    recompute: Annotated[bool, typer.Option("--recompute", help="Far less memory, a third slower.")] = False
    evaluate_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between measurements on dev; without it, ten in all.")
    ] = None
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints; without it, at every measurement.")
    ] = None
    patience: Annotated[
        int, typer.Option(min=0, help="Measurements without a better nDCG@10 before it ends early; 0 never does.")
    ] = 5
    scenario: Annotated[
        str | None,
        typer.Option(help="Also tune a policy: precise-qa, general-search, recommendation, content-filter."),
    ] = None
    old_policy: Annotated[
        Path | None, typer.Option(help="The old model's policy: what its threshold would do to the new scores.")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the folder.")] = False
    nproc: Annotated[int, typer.Option(min=1, help="Processes: one an accelerator, or several on a CPU.")] = 1
    strategy: Annotated[
        Strategy, typer.Option(help="How several processes share the work; fsdp and zero2 share the memory too.")
    ] = "ddp"

    def options(self) -> Options:
        """The options as the library takes them.

        Raises:
            InputError: one has a value that cannot be used.
        """
        from tamis.train.losses.forms import loss
        from tamis.train.options import Batches, Learning, Options, Watch

        return Options(
            loss=loss(self.loss) if self.loss else None,
            tune=self._tune(),
            batches=Batches(self.batch_size, self.documents, self.epochs, self.max_steps, self.in_batch, self.tokens),
            learning=Learning(self.rate, self.head_rate, self.warmup, self.schedule, self.weight_decay),
            watch=Watch(self.evaluate_every, self.checkpoint_every, self.patience or None),
            precision=self.precision,
            recompute=self.recompute,
            max_length=self.max_length,
            layers=self.layers,
            dropout=self.dropout,
            seed=self.seed,
            device=self.device,
        )

    def asked(self) -> Asked:
        """The policy that is wanted for the new model."""
        from tamis.decide import preset
        from tamis.train.after import Asked
        from tamis.tuning import Wanted

        wanted = None if self.scenario is None else Wanted(preset(self.scenario).target())
        return Asked(wanted, self.old_policy)

    def _tune(self) -> Tune:
        from tamis.train.tune import Full, Head, Lora

        made: dict[str, Callable[[], Tune]] = {
            "full": lambda: Full(self.freeze_layers),
            "head": Head,
            "lora": lambda: Lora(self.lora_rank, self.lora_alpha),
        }
        return made[self.tune]()


USUAL = How()  # what a verb has before ``training`` hands it the options
_TYPES = get_type_hints(How, include_extras=True)
training = in_place_of(
    "how", {field.name: (_TYPES[field.name], field.default) for field in fields(How)}, lambda given: How(**given)
)


def measured_on(text: str) -> float | Path:
    """A share of the data's queries, or the file or folder of others."""
    try:
        return float(text)
    except ValueError:
        return Path(text)


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Whether someone pressed Ctrl-C (or sent SIGTERM) while the block runs; a second time ends it at once."""
    from tamis.train.processes.chosen import talks

    asked = False

    def note(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        if talks():
            show.say("stopping after this step, with a checkpoint (again: at once, without)")

    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield lambda: False
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def telling() -> Iterator[tuple[Told | None, Progress | None]]:
    """What shows steps with the last losses' mean, and what shows measuring, on one bar; None without a terminal."""
    from tamis.train.processes.chosen import talks

    recent: deque[float] = deque(maxlen=20)
    with show.progress("training") if talks() else nullcontext() as bar:
        if bar is None:
            yield None, None
            return

        def step(done: int, total: int, loss: float) -> None:
            recent.append(loss)
            bar(done, total, f"training, loss {sum(recent) / len(recent):.4f}")

        yield step, lambda done, total: bar(done, total, "measuring")


def shown(found: Trained, *, machine: bool) -> None:
    """Print what training made: one JSON document, or the figures, the refit and where things stand.

    Raises:
        typer.Exit: the training was stopped before its end.
    """
    from tamis.train.after import COLUMNS

    home = found.folder / "training"
    if machine:
        show.as_json({"output": str(found.folder), "complete": found.complete, **found.outcome.as_json()})
    if not found.complete:
        show.say(f"stopped after step {found.outcome.steps}; go on with the same command and --resume")
        raise typer.Exit(130)
    if machine:
        return
    outcome = found.outcome
    if left_out := outcome.counts.get("left_out_for_dev"):
        show.say(f"{left_out} queries were not learnt, since they stand in the dev data too")
    title = f"{found.folder}: {outcome.steps} steps, {outcome.seconds:.0f} s, best after step {outcome.best_step}"
    if found.figures is None:
        show.say(f"{title}; nothing was measured: there were no dev queries")
        return
    table = show.table(f"{title}; {found.figures.queries} dev queries", *COLUMNS)
    for row in found.figures.rows():
        table.add_row(*row)
    show.out(table)
    for line in [*found.figures.remarks(), *(found.refit.lines() if found.refit else [])]:
        show.say(line)
    if found.refit is None:
        show.say("no calibration and no policy: the dev queries have no labels of people")
    pages = ("errors.html", "curves.html") if found.refit else ("curves.html",)
    show.say(f"look at {' and '.join(str(home / page) for page in pages)}")
    show.say(f"a threshold for it: tamis tune LABELS --model {found.folder} --precision 0.9 -o policy.json")
