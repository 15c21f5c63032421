"""A visitor's trainings: where each stands, what it came to, and what can be done with its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.decide import Policy
from tamis.errors import InputError
from tamis.jobs import Job
from tamis.train.after import Outcome, card_body, read_log
from tamis.train.after.refit import CALIBRATION, POLICY
from tamis.train.order import Order
from tamis.train.work import FORMATS, LOG, RESULT, UNCHANGED, Packing, Training, trained
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import frame, note, text
from tamis.workbench.shown.learning import learning
from tamis.workbench.shown.outcome import outcome
from tamis.workbench.words import Said

KIND, EXPORT = "train", "export"
EVERY = 2.0  # seconds between two looks

Updates = list[Any]


@dataclass(frozen=True, slots=True)
class Trainings:
    """The parts of the page that show trainings; each changes only when what it shows has changed.

    Attributes:
        desk: the page's way to everything.
        chosen: which training is shown.
        seen: what each group of parts has shown last.
        running: state and curves; the buttons that stop it and go on.
        ended: what came of it.
        files: exported files.
    """

    desk: Desk
    chosen: gr.Dropdown
    seen: gr.State
    running: list[Any]
    ended: list[Any]
    files: list[Any]

    @property
    def outputs(self) -> list[Any]:
        """All parts, as ``look`` fills them."""
        return [self.chosen, *self.running, *self.ended, *self.files, self.seen]

    def look(self, id: str | None, seen: Mapping[str, Any], request: gr.Request) -> Updates:
        """The parts whose content has changed."""
        who = visitor(request)
        jobs = self.desk.jobs.of(who.name, KIND)
        job = next((one for one in jobs if one.id == id), jobs[0] if jobs else None)
        exports = [one for one in self.desk.jobs.of(who.name, EXPORT) if job and one.options.get("job") == job.id]
        now = {
            "chosen": (job and job.id, [(one.id, one.title) for one in jobs]),
            "running": job and (job.id, job.state, job.done, job.message, _size(self._model(job) / LOG)),
            "ended": job and (job.id, job.state),
            "files": [(one.id, one.state, one.message) for one in exports],
        }
        groups: dict[str, tuple[int, Callable[[], Updates]]] = {
            "chosen": (1, lambda: [_listed(job, jobs)]),
            "running": (len(self.running), lambda: self._running(job)),
            "ended": (len(self.ended), lambda: self._ended(job, may_exchange=self.desk.may_exchange(who.holder))),
            "files": (len(self.files), lambda: [packed(exports, self.desk)]),
        }
        found: Updates = []
        for name, (many, made) in groups.items():
            found += made() if name not in seen or seen[name] != now[name] else [gr.skip()] * many
        return [*found, now]

    def model(self, id: str | None, request: gr.Request) -> tuple[Job, Path]:
        """A training that has come to its end, and its model's folder.

        Raises:
            InputError: it has not, or none is chosen.
            NotFoundError: it is none of the visitor's.
        """
        job = self.desk.jobs.get(visitor(request).name, id) if id else None
        if job is None or not trained(self._model(job)):
            raise InputError(self.desk.words("training")("not_trained"))
        return job, self._model(job)

    def _model(self, job: Job) -> Path:
        return self.desk.jobs.folder_of(job) / Order.of(job.options).folder

    def _running(self, job: Job | None) -> Updates:
        if job is None:
            said = note(self.desk.words("training")("nothing"))
            return [said, gr.update(interactive=False), gr.update(interactive=False)]
        model = self._model(job)
        going_on = not job.under_way and not trained(model)
        return [
            learning(job, read_log(model / LOG), self.desk),
            gr.update(interactive=job.under_way),
            gr.update(interactive=going_on),
        ]

    def _ended(self, job: Job | None, *, may_exchange: bool) -> Updates:
        if job is None or job.under_way or not trained(model := self._model(job)):
            return [gr.update(visible=False), *[gr.skip()] * (len(self.ended) - 1)]
        words, home = self.desk.words("training"), f"{Order.of(job.options).folder}/training"
        pages = [
            frame(f"{self.desk.link(job.id, f'{home}/{name}')}#{self.desk.language}", words(title))
            if (model / "training" / name).is_file()
            else ""
            for name, title in (("curves.html", "curves"), ("errors.html", "errors"))
        ]
        return [
            gr.update(visible=True),
            outcome(Outcome.load(model / RESULT), self.desk),
            *pages,
            card_body(model),
            gr.update(visible=may_exchange),
            gr.update(value=model.name),
            gr.update(visible=(model / "training" / POLICY).is_file()),
            "",
        ]


def placed(desk: Desk) -> Trainings:
    """The parts, placed where the page is being made, and what happens in them."""
    words = desk.words("training")
    gr.Markdown(f"### {words('yours')}")
    chosen = gr.Dropdown([], label=words("chosen"), elem_id="training-chosen")
    state = gr.HTML(elem_id="training-state")
    with gr.Row():
        stop = gr.Button(words("stop"), interactive=False, elem_id="training-stop")
        again = gr.Button(words("again"), interactive=False, elem_id="training-again")
    with gr.Column(visible=False, elem_id="training-ended") as results:
        gr.Markdown(f"### {words('figures')}")
        pages: list[Any] = [gr.HTML(elem_id="training-figures")]
        for name in ("curves", "errors"):
            with gr.Accordion(words(name), open=False, elem_id=f"training-{name}-fold"):
                pages.append(gr.HTML(elem_id=f"training-{name}"))
        with gr.Accordion(words("card"), open=False, elem_id="training-card-fold"):
            pages.append(gr.Markdown(elem_id="training-card"))
        with gr.Row():
            formats = [(words(f"format_{one}"), one) for one in FORMATS]
            format = gr.Dropdown(formats, value=UNCHANGED, label=words("format"), elem_id="training-format", scale=3)
            export = gr.Button(words("export"), elem_id="training-export")
        files = gr.HTML(elem_id="training-files")
        with gr.Row(elem_id="training-serving") as serving:
            called = gr.Textbox(label=words("serve_as"), max_length=60, elem_id="training-serve-as", scale=2)
            policy = gr.Checkbox(True, label=words("with_policy"), elem_id="training-with-policy")
            serve = gr.Button(words("serve"), variant="primary", elem_id="training-serve")
        served = gr.HTML(elem_id="training-served")
    ended = [results, *pages, serving, called, policy, served]
    shown = Trainings(desk, chosen, gr.State({}), [state, stop, again], ended, [files])
    _watched(shown, stop, again)
    _used(shown, (export, format), (serve, [called, policy], served))
    return shown


def _watched(shown: Trainings, stop: gr.Button, again: gr.Button) -> None:
    """Looked at again and again; stopped and gone on with."""
    desk, given = shown.desk, [shown.chosen, shown.seen]

    def halt(id: str | None, seen: dict[str, Any], request: gr.Request) -> Updates:
        if id:
            desk.jobs.cancel(visitor(request).name, id)
        return shown.look(id, seen, request)

    def resume(id: str | None, seen: dict[str, Any], request: gr.Request) -> Updates:
        owner = visitor(request).name
        if id:
            job = desk.jobs.get(owner, id)
            order = Order.of(job.options)
            if trained(desk.jobs.folder_of(job) / order.folder):
                raise InputError(desk.words("training")("ended_already"))
            desk.jobs.again(owner, id, Training(order, resume=True))
        return shown.look(id, seen, request)

    gr.Timer(EVERY).tick(desk.told(shown.look), given, shown.outputs, show_progress="hidden")
    shown.chosen.input(desk.told(shown.look), given, shown.outputs, show_progress="hidden")
    stop.click(desk.told(halt), given, shown.outputs, show_progress="hidden")
    again.click(desk.told(resume), given, shown.outputs, show_progress="hidden")


def _used(
    shown: Trainings, exported: tuple[gr.Button, gr.Dropdown], served: tuple[gr.Button, list[Any], gr.HTML]
) -> None:
    """What is done with a model: exported, or put to work."""
    desk, words = shown.desk, shown.desk.words("training")
    (export, format), (serve, choices, said) = exported, served

    def pack(id: str | None, format: str, seen: dict[str, Any], request: gr.Request) -> Updates:
        job, model = shown.model(id, request)
        desk.jobs.start(
            job.owner, EXPORT, f"{model.name} · {format}", Packing(model, format),
            options={"job": job.id, "format": format},
        )  # fmt: skip
        return shown.look(id, seen, request)

    async def put_to_work(id: str | None, name: str, with_policy: bool, request: gr.Request) -> str:
        if not desk.may_exchange(visitor(request).holder):
            raise InputError(words("exchange_not_allowed"))
        job, model = shown.model(id, request)
        calibration, policy = (model / "training" / file for file in (CALIBRATION, POLICY))
        known = calibration.is_file()
        deciding = Policy.load(policy) if with_policy and policy.is_file() else None
        await desk.added.add_model(
            desk.service, name.strip(), model, calibration=calibration if known else None, policy=deciding,
            device=Order.of(job.options).device,
        )  # fmt: skip
        told = words("serving" if known else "serving_raw", name=name.strip())
        return note(f"{told} {words('deciding')}" if deciding else told, "good")

    export.click(desk.told(pack), [shown.chosen, format, shown.seen], shown.outputs, show_progress="hidden")
    serve.click(desk.told(put_to_work), [shown.chosen, *choices], said, show_progress="minimal", trigger_mode="once")


def packed(exports: Sequence[Job], desk: Desk) -> str:
    """Exports as a list of links."""
    words, states = desk.words("training"), desk.words("work")
    rows = []
    for job in exports:
        told = f'<span class="t-state t-{job.state}">{text(states(job.state))}</span>'
        if job.state == "done":
            link, size = desk.link(job.id, job.result["file"]), f"{job.result['bytes'] / 1e6:,.1f} MB"
            told = f'<a download href="{text(link)}">{text(job.result["file"])}</a> {size}{_parity(job, words)}'
        elif job.message:
            told += f" {text(desk.plain(job.message))}"
        format = job.options["format"]
        rows.append(f"<li>{text(words(f'format_{format}'))}: {told}</li>")
    return f'<p class="t-small">{text(words("exported"))}</p><ul>{"".join(rows)}</ul>' if rows else ""


def _parity(job: Job, words: Said) -> str:
    told = [
        words("parity", correlation=f"{row['rank_correlation']:.4f}", pairs=row["pairs"])
        for row in job.result["graphs"]
    ]
    return text(f"; {told[0]}") if told else ""


def _listed(job: Job | None, jobs: Sequence[Job]) -> Any:
    choices = [(f"{one.title} · {one.created[:16].replace('T', ' ')} · {one.id[:6]}", one.id) for one in jobs]
    return gr.update(choices=choices, value=job.id if job else None)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
