"""The newest job of a kind, watched from a tab: how far it is, its end, what came of it; also after a reload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tamis.jobs import Job
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import bar, note, text

EVERY = 1.0  # seconds between two looks, while something runs
KINDS = {"done": "good", "failed": "wrong", "interrupted": "wrong", "cancelled": "warning"}


@dataclass(frozen=True, slots=True)
class Watching:
    """What a tab shows of its newest job.

    Attributes:
        desk: the page's way to everything.
        kind: the jobs' kind.
        shown: what a job that is done is shown as, as HTML.
        outputs: what an event that begins a job fills with what ``look`` returns.
    """

    desk: Desk
    kind: str
    shown: Callable[[Job], str]
    outputs: list[Any]

    @classmethod
    def placed(cls, desk: Desk, kind: str, tab: str, shown: Callable[[Job], str]) -> Watching:
        """The state, the button that cancels and the result, placed where the page is being made."""
        words = desk.words("work")
        state = gr.HTML(elem_id=f"{tab}-state")
        cancel = gr.Button(words("cancel"), visible=False, elem_id=f"{tab}-cancel")
        result = gr.HTML(elem_id=f"{tab}-shown")
        seen, clock = gr.State(""), gr.Timer(EVERY, active=False)
        found = cls(desk, kind, shown, [state, cancel, result, seen, clock])
        clock.tick(desk.told(found.looked), seen, found.outputs, show_progress="hidden")
        cancel.click(desk.told(found.stopped), None, found.outputs, show_progress="hidden")
        desk.opened(found.look, found.outputs)
        return found

    def newest(self, owner: str) -> Job | None:
        """The newest job of the kind."""
        return next(iter(self.desk.jobs.of(owner, self.kind)), None)

    def look(self, request: gr.Request) -> list[Any]:
        """Everything as it stands now."""
        return self.looked("", request)

    def looked(self, seen: str, request: gr.Request) -> list[Any]:
        """What has changed since ``seen``: a result is drawn once, not with every look."""
        job = self.newest(visitor(request).name)
        if job is None:
            return ["", gr.update(visible=False), "", "", gr.Timer(active=False)]
        sign = f"{job.id}:{job.state}"
        result = gr.skip() if sign == seen else self.shown(job) if job.state == "done" else ""
        busy = gr.Timer(active=True) if job.under_way else gr.Timer(active=False)
        return [self._state(job), gr.update(visible=job.under_way), result, sign, busy]

    def stopped(self, request: gr.Request) -> list[Any]:
        """Have the newest job stop."""
        owner = visitor(request).name
        if job := self.newest(owner):
            self.desk.jobs.cancel(owner, job.id)
        return self.look(request)

    def _state(self, job: Job) -> str:
        words = self.desk.words("work")
        said = words("stands", title=job.title, state=words(job.state))
        if job.under_way and job.total:
            said += " " + words("done_of", done=job.done, total=job.total)
        whole = f"{said} {self.desk.plain(job.message)}" if job.message else said
        if job.under_way:
            return f'<div class="t-note" role="status">{text(whole)} {bar(job.share)}</div>'
        return note(whole, KINDS[job.state])
