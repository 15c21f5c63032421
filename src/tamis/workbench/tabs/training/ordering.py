"""The inputs for a training: the data and their report, and the choices that become an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tamis.data.checks import Report, check
from tamis.decide import PRESETS
from tamis.errors import InputError
from tamis.score.devices import Device, cpu, devices
from tamis.train.losses.forms import LOSSES
from tamis.train.order import SHIPPED, Order
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.shown.checked import checked
from tamis.workbench.words import Said

FOLDER, FREEZE, LORA, AUTO = "folder", "freeze", "lora", "auto"
TUNINGS = ("full", FREEZE, "head", LORA)
UNSAID = {"max_steps": None, "rate": None, "layers": None}  # what an empty number, or 0, leaves to the library
SHARE, BATCH, DOCUMENTS, LAYERS, RANK = 0.1, 16, 8, 6, 8


@dataclass(frozen=True, slots=True)
class Ordering:
    """The inputs.

    Attributes:
        desk: the page's way to everything.
        data: files of labels.
        inputs: all others, in the order in which ``order`` takes their values behind the files.
    """

    desk: Desk
    data: gr.File
    inputs: list[Any]

    CHOICES: ClassVar = (
        "name", "base", "folder", "kind", "tuning", "freeze_layers", "lora_rank", "loss", "max_steps", "rate",
        "share", "scenario", "device", "batch_size", "documents", "layers",
    )  # fmt: skip

    @classmethod
    def placed(cls, desk: Desk) -> Ordering:
        """The inputs, placed where the page is being made."""
        words = desk.words("training")
        with gr.Row():
            with gr.Column():
                data = gr.File(label=words("data"), file_count="multiple", elem_id="training-data", height=150)
                dev = gr.File(label=words("dev_file"), file_count="single", elem_id="training-dev", height=150)
                conflicts = gr.Radio(
                    [(words(name), name) for name in ("refuse", "drop", "mean")], value="refuse",
                    label=words("conflicts"), elem_id="training-conflicts",
                )  # fmt: skip
                report = gr.HTML(elem_id="training-report")
            with gr.Column():
                choices = _choices(words)

        def bases(request: gr.Request) -> Any:
            may = desk.may_exchange(visitor(request).holder)
            return gr.update(choices=_bases(words, FOLDER) if may else _bases(words))

        desk.opened(bases, choices[cls.CHOICES.index("base")])
        device = choices[cls.CHOICES.index("device")]

        def look(files: list[str] | None, dev: str | None, conflicts: Any) -> str:
            return checked(_report(desk, files, dev), conflicts, desk) if files else ""

        for one in (data.change, dev.change, conflicts.input):
            one(desk.told(look), [data, dev, conflicts], report, show_progress="minimal")
        # Who sends data means to train: only then PyTorch is asked what it finds.
        data.upload(desk.told(lambda: gr.update(choices=_devices(devices(), words))), None, device)
        return cls(desk, data, [dev, conflicts, *choices])

    def order(self, request: gr.Request, files: list[str] | None, *given: Any) -> tuple[Order, dict[str, Path]]:
        """The order, and its files by the names under which it knows them.

        Raises:
            InputError: there are no data, training would stop at them, or a choice cannot be used.
        """
        words = self.desk.words("training")
        dev, conflicts, *values = given
        told = dict(zip(self.CHOICES, values, strict=True))
        if not files:
            raise InputError(words("no_files"))
        if _report(self.desk, files, dev).stops(conflicts):
            raise InputError(words("stopped_by"))
        given_files = _named(files, "data") | _named([dev] if dev else [], "dev")
        tuning, base, share = told.pop("tuning"), told.pop("base"), told.pop("share")
        folder = told.pop("folder")
        freeze, rank = told.pop("freeze_layers"), told.pop("lora_rank")
        order = Order(
            name=(told.pop("name") or "").strip(),
            data=tuple(name for name in given_files if name.startswith("data-")),
            dev=next((name for name in given_files if name.startswith("dev-")), f"{share:g}"),
            base=self._folder(folder, request) if base == FOLDER else base,
            conflicts=conflicts,
            tune="full" if tuning == FREEZE else tuning,
            freeze_layers=int(freeze or 0) if tuning == FREEZE else None,
            lora_rank=int(rank or RANK) if tuning == LORA else None,
            **{name: value or UNSAID.get(name, value) for name, value in told.items()},
        )
        return order, given_files

    def _folder(self, folder: str, request: gr.Request) -> str:
        """A base's folder on the server.

        Raises:
            InputError: the visitor may not name one, or there is none.
        """
        words = self.desk.words("training")
        if not self.desk.may_exchange(visitor(request).holder):
            raise InputError(words("not_allowed"))
        path = Path(folder.strip()).expanduser()
        if not folder.strip() or not path.is_dir():
            raise InputError(words("no_folder"))
        return str(path.resolve())


def _choices(words: Said) -> list[Any]:
    """The inputs in the order of ``Ordering.CHOICES``."""
    losses = [(words("loss_auto"), ""), *((words(f"loss_{name}"), name) for name in LOSSES)]
    name = gr.Textbox("my-reranker", label=words("name"), max_length=60, elem_id="training-name")
    base = gr.Dropdown(_bases(words), value=SHIPPED[0], label=words("base"), elem_id="training-base")
    folder = gr.Textbox(label=words("folder"), visible=False, elem_id="training-folder", max_length=1000)
    kinds = [(words(kind), kind) for kind in ("cross-encoder", "bi-encoder")]
    kind = gr.Radio(kinds, value="cross-encoder", label=words("kind"), elem_id="training-kind")
    tuning = gr.Radio(
        [(words(one), one) for one in TUNINGS], value="full", label=words("tuning"), elem_id="training-tuning"
    )
    freeze = gr.Number(LAYERS, label=words("freeze_layers"), precision=0, minimum=0, visible=False)
    rank = gr.Number(RANK, label=words("lora_rank"), precision=0, minimum=1, visible=False)
    with gr.Row():
        steps = gr.Number(0, label=words("steps"), precision=0, minimum=0, elem_id="training-steps")
        rate = gr.Number(0, label=words("rate"), minimum=0, elem_id="training-rate")
    share = gr.Slider(0, 0.5, SHARE, step=0.05, label=words("share"), elem_id="training-share")
    device = gr.Dropdown(_devices([cpu()], words), value=AUTO, label=words("device"), elem_id="training-device")
    with gr.Accordion(words("more"), open=False, elem_id="training-more"):
        loss = gr.Dropdown(losses, value="", label=words("loss"), elem_id="training-loss")
        scenarios = [(words("no_policy"), ""), *((words(f"scenario_{one}"), one) for one in PRESETS)]
        scenario = gr.Dropdown(scenarios, value="", label=words("policy"), elem_id="training-policy")
        with gr.Row():
            batch = gr.Number(BATCH, label=words("batch"), precision=0, minimum=1)
            documents = gr.Number(DOCUMENTS, label=words("documents"), precision=0, minimum=2)
            layers = gr.Number(0, label=words("layers"), precision=0, minimum=0, elem_id="training-layers")
    base.change(lambda one: gr.update(visible=one == FOLDER), base, folder, show_progress="hidden")
    tuning.change(
        lambda one: [gr.update(visible=one == FREEZE), gr.update(visible=one == LORA)], tuning, [freeze, rank],
        show_progress="hidden",
    )  # fmt: skip
    return [
        name, base, folder, kind, tuning, freeze, rank, loss, steps, rate, share, scenario, device, batch, documents,
        layers,
    ]  # fmt: skip


def _bases(words: Said, *more: str) -> list[tuple[str, str]]:
    return [(words(f"base_{name}"), name) for name in (*SHIPPED, *more)]


def _devices(found: Sequence[Device], words: Said) -> list[tuple[str, str]]:
    """The devices to choose from."""
    rows = [(words("device_auto"), AUTO)]
    for one in found:
        key = "device_cpu" if one.cores else "device_card"
        told = {"name": one.name, "model": one.model or one.name, "cores": one.cores, "gigabytes": one.gigabytes}
        rows.append((words(key, **told), one.name))
    return rows


def _report(desk: Desk, files: Sequence[str], dev: str | None) -> Report:
    return check([*files], against=dev or None, most=desk.rows)


def _named(files: Sequence[str], kind: str) -> dict[str, Path]:
    """Uploads by names that nothing else in a job's folder has; the second of a name gets a number."""
    found: dict[str, Path] = {}
    for at, file in enumerate(files):
        name = f"{kind}-{Path(file).name}"
        found[name if name not in found else f"{kind}-{at}-{Path(file).name}"] = Path(file)
    return found
