"""What a training came to as HTML: whether it gained, figures beside baselines, calibration and policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.train.after import Outcome
from tamis.train.after.figures import TITLES
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, bar, note, table, text
from tamis.workbench.words import Said

MAIN, *OTHERS = map(str, TITLES)
SURE = 0.05  # a p-value up to which a gain is called one
KNOWN = ("random", "bm25", "before", "after")


def outcome(found: Outcome, desk: Desk) -> str:
    """The figures, and what was refitted.

    Args:
        found: from ``training/result.json``.
        desk: the page's way to everything.
    """
    words = desk.words("outcome")
    parts = [_verdict(found, words)]
    if found.figures:
        parts.append(_table(found.figures, words))
    why = words("early" if found.stopped.startswith("no better") else "all_steps")
    said = [words("steps", steps=found.steps, seconds=f"{found.seconds:,.0f}", best=found.best_step, why=why)]
    if found.refit:
        said += _refitted(found.refit, words)
    parts += [f'<p class="t-small">{text(sentence)}</p>' for sentence in said]
    lines = [*(found.figures or {}).get("remarks", []), *(found.refit or {}).get("lines", [])]
    if lines:
        rows = "".join(f"<li>{text(line)}</li>" for line in lines)
        parts.append(f'<details class="t-small"><summary>{text(words("details"))}</summary><ul>{rows}</ul></details>')
    return "".join(parts)


def _verdict(found: Outcome, words: Said) -> str:
    """The gain over the start in a sentence."""
    systems = (found.figures or {}).get("systems", {})
    if found.figures is None or not (against := systems.get("before", {}).get("against")):
        return note(words("unmeasured"), "warning")
    # An interval beside zero and a test that agrees: of few queries, either alone says too much.
    clear = against["p"] <= SURE
    key, kind = "unsure", "warning"
    if clear and against["low"] > 0:
        key, kind = "gained", "good"
    if clear and against["high"] < 0:
        key, kind = "lost", "wrong"
    gain = {
        name: f"{against[value]:+.3f}" for name, value in (("gain", "difference"), ("low", "low"), ("high", "high"))
    }
    return note(words(key, **gain, queries=found.figures["queries"]), kind)


def _table(figures: Mapping[str, Any], words: Said) -> str:
    heads = [words("system"), *TITLES.values(), words("gain"), words("p")]
    systems = figures["systems"]
    first, last = (KNOWN[:2], KNOWN[2:])
    names = [*first, *(name for name in systems if name not in KNOWN), *last]
    return table(heads, [_row(name, systems[name], words) for name in names if name in systems])


def _row(name: str, system: Mapping[str, Any], words: Said) -> list[object]:
    main, against = system[MAIN], system.get("against")
    interval = f"{main['mean']:.3f} ({main['low']:.2f}–{main['high']:.2f})"
    gain = f"{against['difference']:+.3f} ({against['low']:+.2f} … {against['high']:+.2f})" if against else ""
    return [
        words(name) if name in KNOWN else name,
        Markup(f"{bar(main['mean'], interval)} {text(interval)}"),
        *(f"{system[measure]['mean']:.3f}" for measure in OTHERS),
        gain,
        f"{against['p']:.2g}" if against else "",
    ]


def _refitted(refit: Mapping[str, Any], words: Said) -> list[str]:
    """Calibration and policy in sentences."""
    said = [words("uncalibrated")]
    if refit["calibration"]:
        said = [words("calibrated", pairs=f"{refit['pairs']:,}", queries=f"{refit['queries']:,}")]
        if losses := refit["log_loss"]:
            said.append(words("calibrated_loss", held_out=losses["held_out"], base=losses["base_rate"]))
    if tuned := refit["policy"]:
        if tuned["threshold"] is None:
            said.append(words("policy_refused"))
        else:
            key = "policy_certified" if tuned["certified"] else "policy_plain"
            said.append(words(key, threshold=f"{tuned['threshold']:.6g}"))
    if refit["optimistic"] and (refit["calibration"] or refit["policy"]):
        said.append(words("optimistic"))
    return said
