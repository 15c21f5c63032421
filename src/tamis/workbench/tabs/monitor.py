"""Monitor: what the server has decided lately, what its policies promise, and what users said."""

from __future__ import annotations

import datetime
from typing import Any

from tamis.errors import InputError
from tamis.observe.store import Which
from tamis.serve.policies import NONE
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import Markup, note, table, text
from tamis.workbench.shown.histogram import histogram

DIGEST = 19  # characters of a digest that are shown
EVERY = 10.0  # seconds between two looks


def fill(desk: Desk) -> None:
    """The tab's tables, and the policy that decides."""
    words = desk.words("monitor")
    gr.Markdown(words("lead"))
    refresh = gr.Button(words("refresh"), elem_id="monitor-refresh")
    shown = gr.HTML(elem_id="monitor-shown")
    feedback = gr.HTML(elem_id="monitor-feedback")
    with gr.Row():
        chosen = gr.Dropdown([], value=None, label=words("policy"), elem_id="monitor-policy")
        activate = gr.Button(words("activate"), elem_id="monitor-activate")
    said = gr.HTML(elem_id="monitor-said")
    clock = gr.Timer(EVERY)

    def look() -> list[Any]:
        nothing: list[Any] = [(words("nothing"), NONE)]
        choices = gr.update(choices=[*nothing, *desk.service.policies.known])
        return [_page(desk), _feedback(desk), choices]  # feedback is counted: not with every tick

    async def let(name: str | None, request: gr.Request) -> list[Any]:
        if not desk.may_exchange(visitor(request).holder):
            raise InputError(words("forbidden"))
        if name is None:
            return [*look(), ""]
        await desk.added.activate(desk.service, name)
        told = words("nothing") if name == NONE else name
        return [*look(), note(words("activated", policy=told), "good")]

    looked = [shown, feedback, chosen]
    desk.opened(look, looked)
    refresh.click(desk.told(look), None, looked, show_progress="hidden")
    clock.tick(desk.told(lambda: _page(desk)), None, shown, show_progress="hidden")
    activate.click(desk.told(let), chosen, [*looked, said], show_progress="hidden")


def _page(desk: Desk) -> str:
    return "".join(part(desk) for part in (_models, _decisions, _policies))


def _models(desk: Desk) -> str:
    words = desk.words("monitor")
    rows = [
        (
            name,
            words(row["scores"]),
            f"{row['waiting_tokens']:,} / {row['running_tokens']:,}",
            _short(row["fingerprint"]),
        )
        for name, row in desk.service.described().items()
    ]
    heads = [words(head) for head in ("model", "scores", "queue", "fingerprint")]
    return f"<h3>{text(words('models'))}</h3>{table(heads, rows)}"


def _decisions(desk: Desk) -> str:
    """Decisions by model and policy, and the spread of the best scores."""
    words, observing = desk.words("monitor"), desk.service.observing
    found = observing.watch.store.counts() if observing else []
    head = f"<h3>{text(words('decisions'))}</h3>"
    if not found:
        return head + note(words("no_decisions"))
    names = {policy.digest: name for name, policy in desk.service.policies.known.items()}
    rows, plots = [], []
    for row in found:
        policy = names.get(row.policy, row.policy[:DIGEST]) if row.policy else words("everything")
        policy += f" ({row.arm})" if row.arm else ""
        rows.append(
            (
                row.model,
                policy,
                f"{row.decisions:,}",
                f"{row.accepted:,} / {row.candidates:,}",
                f"{100 * row.empty / row.decisions:.1f} %",
                "" if row.expected is None else f"{100 * row.expected:.1f} %",
            )
        )
        assert observing is not None
        counts, edges = observing.watch.store.histogram(which=Which(policy=row.policy, arm=row.arm))
        plots.append(histogram(edges.tolist(), counts.tolist(), words("best", model=row.model, policy=policy)))
    heads = [words(name) for name in ("model", "policy", "count", "shown", "empty", "expected")]
    plotted = f'<div class="t-columns">{"".join(plots)}</div>'
    return f'{head}{table(heads, rows)}<p class="t-small">{text(words("expected_note"))}</p>{plotted}'


def _policies(desk: Desk) -> str:
    words, found = desk.words("monitor"), desk.service.policies.described()
    head = f"<h3>{text(words('policies'))}</h3>"
    if not found:
        return head + note(words("no_policies"))
    rows = [(row["name"], _state(row, desk), _promise(row, desk), row["created"], _end(row, desk)) for row in found]
    return head + table([words(name) for name in ("name", "state", "promise", "created", "expires")], rows)


def _state(row: dict[str, Any], desk: Desk) -> Markup:
    words = desk.words("monitor")
    state, kind = ("expired", "failed") if row["expired"] else ("active", "done") if row["active"] else ("idle", "")
    return Markup(f'<span class="t-state t-{kind}">{text(words(state))}</span>')


def _promise(row: dict[str, Any], desk: Desk) -> str:
    certificate = row["certificate"] or {}
    return str(certificate.get("promise") or desk.words("monitor")("none"))


def _end(row: dict[str, Any], desk: Desk) -> str:
    if not row["expires"]:
        return desk.words("monitor")("unlimited")
    days = (datetime.date.fromisoformat(row["expires"]) - datetime.datetime.now(datetime.UTC).date()).days
    return f"{row['expires']} ({days:+d} d)"


def _feedback(desk: Desk) -> str:
    words, observing = desk.words("monitor"), desk.service.observing
    head = f"<h3>{text(words('feedback'))}</h3>"
    if observing is None:
        return head + note(words("no_feedback"))
    found = observing.watch.store.events_by_kind()
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(found.items())) or "-"
    return head + note(words("events", count=sum(found.values()), kinds=kinds))


def _short(fingerprint: str) -> str:
    return fingerprint if len(fingerprint) <= 60 else f"{fingerprint[:57]}…"
