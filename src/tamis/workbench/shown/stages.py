"""Policies and the stages they are in, as HTML: all of them, what speaks for one, what it would have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.decide import Change
from tamis.observe.lifecycle.advice import Advice
from tamis.observe.lifecycle.bounds import Bounds
from tamis.observe.report.proposals import advice_line
from tamis.observe.report.verdict import short
from tamis.observe.status import PolicyLine
from tamis.serve.overview import Seen
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, note, table, text, wide
from tamis.workbench.shown.reported import called, estimated, level, minute, promise, reporting, sentence, word
from tamis.workbench.words import Said

ORDER = ("active", "canary", "shadow", "candidate", "retired")
KINDS = {"active": "done", "canary": "waits", "shadow": "waits", "candidate": "waits"}
RETIRED = 8  # of those that are listed, the newest
BOTH = ("precision", "recall")


def stages(seen: Seen, desk: Desk) -> str:
    """The policies, those that decide first."""
    words, reported = desk.words("monitor"), reporting(desk.language)
    listed = ordered(seen)
    if not listed:
        return note(words("no_policies"))
    rows = [
        (
            called(line.name or short(line.digest), reported),
            Markup(f'<span class="t-state t-{KINDS.get(line.state, "")}">{text(words(f"state_{line.state}"))}</span>'),
            level(line.threshold),
            aim(line.target, words),
            f"{100 * line.share:g} %" if line.share else "",
            minute(seen.since.get(line.digest)),
            Markup(f"<code>{text(short(line.digest))}</code>" if line.digest else ""),
        )
        for line in listed
    ]
    return wide(
        table([words(name) for name in ("name", "state", "threshold", "aim", "share", "since", "digest")], rows)
    )


def ordered(seen: Seen) -> list[PolicyLine]:
    """The policies' lines, those that decide first; of retired ones the newest."""
    lines = sorted(seen.status.policies, key=lambda line: (ORDER.index(line.state), -seen.since.get(line.digest, 0.0)))
    gone = [line for line in lines if line.state == "retired"]
    return [*lines[: len(lines) - len(gone)], *gone[:RETIRED]]


def aim(target: Mapping[str, Any], words: Said) -> str:
    """What a policy was tuned for, in a few words."""
    kind = str(target.get("target", "none")).replace(" ", "_")
    if kind == "joint":
        return words("aim_and").join(aim(target[part], words) for part in BOTH if part in target)
    share = next((target[name] for name in ("least", "most") if isinstance(target.get(name), int | float)), None)
    if kind in (*BOTH, "miss_rate") and share is not None:
        return words(f"aim_{kind}", share=f"{100 * share:g} %")
    return words(f"aim_{kind}") if kind in ("f-beta", "cost", "swept_cost", "percentile", "fixed", "none") else kind


def evidence(seen: Seen, digest: str, desk: Desk) -> str:
    """What speaks for a policy: where its threshold lies, what clicks told of it, what it promises."""
    words, reported = desk.words("monitor"), reporting(desk.language)
    line = next((one for one in seen.status.policies if one.digest == digest), None)
    if line is None:
        return ""
    told, active = line.evidence, seen.status.active
    now = told.get("now", active.threshold if active else None)
    rows: list[tuple[str, ...]] = [(reported("proposal.threshold"), level(now), level(line.threshold))]
    if told.get("precision"):
        figures = [estimated(told.get(name), reported) for name in ("precision", "proposed")]
        rows.append((reported("proposal.precision"), *figures))
    heads = ["", reported("proposal.now"), reported("proposal.new")]
    said = [] if line.state == "active" else [_rests(told, reported)]
    if told.get("reason") and "sessions" not in told:  # what clicks say has figures
        said.append(f"{reported('ledger.reason')}: {told['reason']}")
    own = seen.promises.get(digest)
    said.append(words("would_promise", promise=promise(own, reported)) if own else reported("promise.none"))
    title = reported("proposal.title", name=called(line.name, reported), state=word("state", line.state, reported))
    small = "".join(f'<p class="t-small">{text(one)}</p>' for one in said)
    held = "" if line.state == "active" else table(heads, rows)
    return f"<h4>{text(title)}</h4>{held}{small}"


def replayed(found: Change, desk: Desk) -> str:
    """What a policy would have changed on the latest decisions."""
    reported = reporting(desk.language)
    counts = {"both": found.both, "gone": found.only_old, "more": found.only_new, "queries": found.queries,
              "changed": found.changed, "emptied": found.emptied, "filled": found.filled}  # fmt: skip
    said = reported("replay.words", **{name: f"{count:,}" for name, count in counts.items()})
    return note(said, "warning" if found.emptied > found.filled else "plain")


def advised(found: Advice, bounds: Bounds, desk: Desk, *, made: str) -> str:
    """What clicks say of the threshold that decides; ``made`` is what the candidate is called, empty for none."""
    words, reported = desk.words("monitor"), reporting(desk.language)
    said = [reported("advice.now", what=sentence(advice_line(found, bounds), reported))]
    if found.precision is not None:
        figures = {name: f"{getattr(found, name):,}" for name in ("sessions", "shown", "clicks")}
        precision = estimated({name: getattr(found.precision, name) for name in ("value", "low", "high")}, reported)
        said.append(reported("advice.precision", precision=precision, **figures))
    said.append(words("proposed", name=made) if made else words("not_proposed"))
    return note(" ".join(said), "good" if made else "plain")


def _rests(told: Mapping[str, Any], reported: Said) -> str:
    counts = {name: told.get(name) for name in ("sessions", "shown", "clicks")}
    if not all(isinstance(count, int) for count in counts.values()):
        return reported("proposal.people")
    return reported("proposal.rests", **{name: f"{count:,}" for name, count in counts.items()})
