"""What the tab shows of a watch: its parts, drawn anew where something has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from tamis.observe.lifecycle.states import onward
from tamis.observe.report.verdict import short
from tamis.serve.observing import Observing
from tamis.serve.overview import Overview, Seen
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import text
from tamis.workbench.shown.done import done
from tamis.workbench.shown.stages import evidence, ordered, stages
from tamis.workbench.shown.standing import standing
from tamis.workbench.shown.traffic import models, traffic
from tamis.workbench.shown.trial import trial

Updates: TypeAlias = list[Any]
Drawn: TypeAlias = dict[str, str]  # digests of what a page shows, by part, and the policy that came to wait last
WAITING = ("candidate", "shadow", "canary")
LONGEST = 2_000  # characters of a reason
SHOWN = ("verdict", "stages", "trial", "traffic", "done", "models")  # parts that are shown as HTML, all the same to all


@dataclass(frozen=True, slots=True)
class Board:
    """The parts of the tab that follow the watch.

    Attributes:
        desk: the page's way to everything.
        overview: reads what is shown, once for all pages.
        parts: by name: those that show, and the inputs whose choices follow; each stands where it is rendered.
        drawn: what this page has drawn of each, so that only what has changed is sent.
    """

    desk: Desk
    overview: Overview
    parts: Mapping[str, Any]
    drawn: gr.State

    @classmethod
    def made(cls, desk: Desk, overview: Overview) -> Board:
        """The parts, to be rendered where the page has room for them."""
        words = desk.words("monitor")
        shown = {name: gr.HTML(elem_id=f"monitor-{name}", render=False, padding=False) for name in SHOWN}
        more = {
            "owners": gr.Column(visible=False, render=False),
            "movers": gr.Column(visible=False, render=False),
            "others": gr.HTML(elem_id="monitor-others", elem_classes="t-told", render=False, padding=False),
            "acknowledge": gr.Button(words("acknowledge"), elem_id="monitor-acknowledge", render=False, min_width=140),
            "rollback": gr.Button(words("rollback"), elem_id="monitor-rollback", render=False, min_width=140),
            "which": gr.Dropdown([], label=words("which"), elem_id="monitor-which", render=False),
            "evidence": gr.HTML(elem_id="monitor-evidence", render=False, padding=False),
            "replay": gr.Button(words("replay"), elem_id="monitor-replay", render=False),
            "stage": gr.Radio([], label=words("stage"), elem_id="monitor-stage", render=False),
            "share": gr.Slider(
                1, 50, step=1, label=words("share_of"), visible=False, elem_id="monitor-share", render=False
            ),
            "approve": gr.Button(words("approve"), elem_id="monitor-approve", render=False, variant="primary"),
            "reason": reasoned(words("retire_reason"), "monitor-retire-reason"),
            "retire": gr.Button(words("retire"), elem_id="monitor-retire", render=False),
        }
        return cls(desk, overview, {**shown, **more}, gr.State({}))

    @property
    def inputs(self) -> list[Any]:
        """What ``look`` and its neighbours take."""
        return [self.drawn, self.parts["which"]]

    @property
    def outputs(self) -> list[Any]:
        """What they fill."""
        return [*self.parts.values(), self.drawn]

    async def look(self, drawn: Drawn, which: str | None, request: gr.Request) -> Updates:
        """What has changed since it was drawn; asks no database where nothing can have."""
        seen = self.overview.latest
        if seen is None:
            seen = await self.overview.observing.run(self.overview.read)
        return self._changed(seen, drawn, which, request)

    async def opened(self, request: gr.Request) -> Updates:
        """Everything, for a page that has nothing."""
        return await self.look({}, None, request)

    async def fresh(self, drawn: Drawn, which: str | None, request: gr.Request) -> Updates:
        """The same, with the store read again."""
        seen = await self.overview.observing.run(self.overview.read, fresh=True)
        return self._changed(seen, drawn, which, request)

    def act(self, button: gr.Button, work: Callable[..., Any], inputs: list[Any], outputs: list[Any]) -> None:
        """Let a button do something; all parts are drawn anew once it is done."""
        done = button.click(self.desk.told(work), inputs, outputs, show_progress="minimal", trigger_mode="once")
        done.success(self.desk.told(self.fresh), self.inputs, self.outputs, show_progress="hidden")

    def _changed(self, seen: Seen, drawn: Drawn, which: str | None, request: gr.Request) -> Updates:
        newest = _newest(seen)
        if newest and newest != drawn.get("newest"):  # what comes to wait is what people want to see
            which = newest
        wanted = {
            **self._shown(seen),
            **self._acts(seen, owner=self.desk.may_exchange(visitor(request).holder)),
            **self._picked(seen, which),
        }
        signs = {name: sha256(repr(wanted[name]).encode()).hexdigest() for name in self.parts}
        changed = [gr.skip() if drawn.get(name) == signs[name] else wanted[name] for name in self.parts]
        return [*changed, {**signs, "newest": newest}]

    def _shown(self, seen: Seen) -> dict[str, str]:
        """What is the same for all who look."""
        desk = self.desk
        words = desk.words("monitor")
        parts = {"stages": stages(seen, desk), "trial": trial(seen, desk), "traffic": traffic(seen, desk),
                 "done": done(seen, desk), "models": models(desk.service, desk)}  # fmt: skip
        return {"verdict": standing(seen, desk), **{name: headed(words(name), part) for name, part in parts.items()}}

    def _acts(self, seen: Seen, *, owner: bool) -> dict[str, Any]:
        """What can be done with what decides."""
        now, looking = seen.status.standing, f'<p class="t-small">{self.desk.words("monitor")("looking")}</p>'
        return {
            "owners": gr.update(visible=owner),
            "movers": gr.update(visible=owner),
            "others": "" if owner else looking,
            "acknowledge": gr.update(interactive=now.alarm is not None),
            "rollback": gr.update(interactive=bool(now.before)),
        }

    def _picked(self, seen: Seen, which: str | None) -> dict[str, Any]:
        """The policies to pick from, the one that is picked, and what can be done with it."""
        words = self.desk.words("monitor")
        lines = {line.digest: line for line in ordered(seen) if line.digest}
        if which not in lines:
            which = next(iter(lines), None)
        named = [(f"{line.name or short(key)} · {words(f'state_{line.state}')}", key) for key, line in lines.items()]
        state = lines[which].state if which else None
        states = onward(state) if state else ()
        share = seen.status.standing.share if state == "canary" else self.overview.observing.watch.options.share
        moves, waits = [(words(f"to_{one}"), one) for one in states], state in WAITING
        return {
            "which": gr.update(choices=named, value=which),
            "evidence": evidence(seen, which, self.desk) if which else "",
            "replay": gr.update(visible=state not in (None, "active")),
            "stage": gr.update(choices=moves, value=states[0] if states else None, visible=bool(states)),
            "share": gr.update(value=round(100 * share), visible=states[:1] == ("canary",)),
            "approve": gr.update(visible=bool(states)),
            "reason": gr.update(visible=waits),
            "retire": gr.update(visible=waits),
        }


@dataclass(frozen=True, slots=True)
class Acts:
    """What owners do on the page.

    Attributes:
        desk: the page's way to everything.
        observing: what is watched.
    """

    desk: Desk
    observing: Observing


def _newest(seen: Seen) -> str:
    """The policy that came to wait last; empty for none."""
    waiting = [line.digest for line in seen.status.policies if line.state in WAITING]
    return max(waiting, key=lambda one: seen.since.get(one, 0.0), default="")


def headed(title: str, part: str) -> str:
    """A part with its heading."""
    return f'<h3 class="t-head">{text(title)}</h3>{part}'


def told(element: str) -> gr.HTML:
    """Where an act says what came of it; takes no room before."""
    return gr.HTML(elem_id=element, elem_classes="t-told", padding=False)


def reasoned(label: str, element: str) -> Any:
    """A box for a reason, to be rendered."""
    return gr.Textbox(label=label, max_lines=3, max_length=LONGEST, elem_id=element, render=False)


def actor(request: gr.Request) -> str:
    """Who acts, for the ledger: the key's holder."""
    return visitor(request).holder or "workbench"
