"""Thresholds: labelled scores seen from all sides, a threshold with its promise, and the policy that keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tamis.decide import Policy
from tamis.errors import InputError, NotFoundError
from tamis.jobs import Job
from tamis.serve.policies import NONE
from tamis.serve.served import BESIDE, InQueue
from tamis.thresholds import EXAMPLE, Contents, contents, threshold_work
from tamis.thresholds.study import POLICY
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.study import study
from tamis.workbench.tabs.thresholds.aiming import Aiming
from tamis.workbench.uploads import kept_as
from tamis.workbench.watching import Watching

KIND = "report"


def fill(desk: Desk) -> None:
    """The tab's inputs, and what happens."""
    words = desk.words("thresholds")
    gr.Markdown(words("lead"))
    with gr.Row():
        with gr.Column(scale=1):
            upload = gr.File(label=words("file"), file_count="single", elem_id="thresholds-file")
            looked = gr.HTML(elem_id="thresholds-looked")
            relevant = gr.Number(None, label=words("relevant_if"), visible=False, elem_id="thresholds-relevant")
            names: list[Any] = [(words("nobody"), ""), *desk.service.models.served]
            model = gr.Dropdown(
                names, value="", label=words("model"), info=words("model_info"), elem_id="thresholds-model"
            )
            tried = gr.Button(words("example"), elem_id="thresholds-example")
            gr.HTML(f'<p class="t-small">{words("example_words")}</p>')
        with gr.Column(scale=1):
            aiming = Aiming.placed(desk)
            run = gr.Button(words("run"), variant="primary", elem_id="thresholds-run")
    watching = Watching.placed(desk, KIND, "thresholds", lambda job: study(job, desk))

    def look(file: str | None) -> list[Any]:
        if not file:
            return ["", gr.update(visible=False, value=None), gr.skip()]
        found = contents(file, most=desk.rows)
        needs = desk.service.models.default if not found.scored else gr.skip()
        return [_held(found, desk), gr.update(visible=found.graded, value=found.proposed), needs]

    async def start(
        path: Path, grade: float | None, chosen: str, given: dict[Any, Any], request: gr.Request
    ) -> list[Any]:
        active = desk.service.policies.active
        found = await asyncio.to_thread(contents, path, most=desk.rows)
        if not found.scored and not chosen:
            raise InputError(words("no_scores"))
        scorer = InQueue(desk.service.models.named(chosen), BESIDE, patient=True) if chosen else None
        old = desk.service.policies.known.get(active)
        wanted = aiming.wanted(given, old)
        source = kept_as("labels", path)
        known: dict[str, Any] = {"old": old, "relevant_if": grade if found.graded else None}
        work = threshold_work(source, wanted, scorer, language=desk.language, title=path.name, **known)
        options = {"file": path.name, "model": chosen, "target": wanted.target.as_json(), "old": active}
        await desk.begin(request, KIND, path.name, work, options=options, files={source: path})
        return watching.look(request)

    async def begin(given: dict[Any, Any], request: gr.Request) -> list[Any]:
        if not given[upload]:
            raise InputError(words("no_file"))
        return await start(Path(given[upload]), given[relevant], given[model], given, request)

    async def example(given: dict[Any, Any], request: gr.Request) -> list[Any]:
        return await start(EXAMPLE, None, "", given, request)

    upload.change(desk.told(look), upload, [looked, relevant, model], show_progress="minimal")
    inputs = {upload, relevant, model, *aiming.fields.values()}
    run.click(desk.told(begin), inputs, watching.outputs, show_progress="hidden")
    tried.click(desk.told(example), inputs, watching.outputs, show_progress="hidden")
    _deciding(desk, watching)


def _deciding(desk: Desk, watching: Watching) -> None:
    """The policy of the newest study put into the server, and which policy decides there."""
    words = desk.words("thresholds")
    with gr.Accordion(words("deciding"), open=True, elem_id="thresholds-deciding"):
        gr.Markdown(words("deciding_lead"))
        with gr.Row():
            name = gr.Textbox(label=words("policy_name"), max_lines=1, elem_id="thresholds-name", scale=2)
            activate = gr.Button(words("activate"), elem_id="thresholds-activate", interactive=False)
        with gr.Row():
            chosen = gr.Dropdown([], label=words("which"), elem_id="thresholds-which", scale=2)
            decide = gr.Button(words("decide"), elem_id="thresholds-decide")
        said = gr.HTML(elem_id="thresholds-said")

    def offer(request: gr.Request) -> list[Any]:
        job = watching.newest(visitor(request).name)
        ready = job is not None and POLICY in job.result.get("files", ())
        title = "" if job is None else f"{Path(job.title).stem}-{datetime.now(UTC):%m%d}"
        return [gr.update(value=named(title)) if ready else "", gr.update(interactive=ready)]

    def known() -> Any:
        policies = desk.service.policies
        return gr.update(choices=[(words("none"), NONE), *policies.known], value=policies.active or NONE)

    async def keep(name: str, request: gr.Request) -> list[Any]:
        job = _allowed(desk, request, watching)
        policy = await asyncio.to_thread(Policy.load, desk.jobs.folder_of(job) / POLICY)
        fitting(policy, desk)
        await desk.added.add_policy(desk.service, name.strip(), policy)
        return [note(words("activated", policy=name.strip()), "good"), known()]

    async def switch(name: str, request: gr.Request) -> list[Any]:
        may_exchange(desk, request)
        await desk.added.activate(desk.service, name)
        return [note(words("decides" if name != NONE else "decides_none", policy=name), "good"), known()]

    desk.opened(known, chosen)
    watching.outputs[2].change(desk.told(offer), None, [name, activate], show_progress="hidden")
    activate.click(desk.told(keep), name, [said, chosen], show_progress="minimal")
    decide.click(desk.told(switch), chosen, [said, chosen], show_progress="minimal")


def fitting(policy: Policy, desk: Desk) -> None:
    """Refuse a policy whose scores no model of the server gives.

    Raises:
        InputError: nobody has said whose scores it was tuned on, or they are those of a model that is not served.
    """
    words, served = desk.words("thresholds"), desk.service.models.served
    if not policy.scorer:
        raise InputError(words("whose"))
    if not any(one.fits(policy) for one in served.values()):
        have = ", ".join(f"{name} ({one.scorer.fingerprint})" for name, one in served.items())
        raise InputError(words("not_served", scorer=policy.scorer, have=have))


def may_exchange(desk: Desk, request: gr.Request) -> None:
    if not desk.may_exchange(visitor(request).holder):
        raise InputError(desk.words("thresholds")("may_not"))


def _allowed(desk: Desk, request: gr.Request, watching: Watching) -> Job:
    """The visitor's newest study, where they may put its policy into the server."""
    may_exchange(desk, request)
    job = watching.newest(visitor(request).name)
    if job is None or POLICY not in job.result.get("files", ()):
        raise NotFoundError(desk.words("thresholds")("no_policy"))
    return job


def _held(found: Contents, desk: Desk) -> str:
    """What a file holds, in a sentence or two."""
    words = desk.words("thresholds")
    values: Mapping[str, Any] = {"pairs": f"{found.pairs:,}", "queries": f"{found.queries:,}"}
    kind = "held_texts" if not found.scored else "held_scores" if found.queries else "held_alone"
    said = words(kind, **values)
    if found.graded:
        grades = ", ".join(f"{grade:g}" for grade in found.grades)
        said += " " + words("held_grades", grades=grades)
    if found.scorer:
        said += " " + words("held_scorer", scorer=found.scorer)
    if found.segments:
        said += " " + words("held_segments", segments=", ".join(found.segments))
    return note(said, "plain" if found.queries else "warning")


def named(title: str) -> str:
    """A policy's name from a file's: letters, digits and what else may stand in one."""
    return "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in title)[:60]
