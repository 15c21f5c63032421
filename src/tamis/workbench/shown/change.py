"""What another policy would change, as HTML: documents by who shows them, lists, shares with intervals, examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.workbench.marks import Markup, bar, excerpt, note, table, text
from tamis.workbench.words import Said

LONGEST = 160  # characters of a document
MANY = 5  # examples of either side


def change(result: Mapping[str, Any], old: str, words: Said) -> str:
    """The change against the policy that decided when the study began.

    Args:
        result: the study, as ``Study.as_json`` gives it.
        old: that policy's name; empty where none decided.
        words: says the sentences of the tab.
    """
    found, incomparable = result["change"], result["incomparable"]
    head = words("against", policy=old) if old else words("against_none")
    if found is None:
        said = note(f"{words('incomparable')} {incomparable}", "warning") if incomparable else note(words("no_change"))
        return f"<p>{text(head)}</p>{said}" if incomparable else said
    return f"<p>{text(head)}</p>{_counts(found, words, result['grouped'])}{_shares(found, words)}{_flips(found, words)}"


def _counts(found: Mapping[str, Any], words: Said, lists: bool) -> str:
    """Documents by who shows them, and what becomes of lists; a file without queries has no lists."""
    rows = [
        (words(name), f"{found[name]:,}", Markup(bar(found[name] / found["pairs"], words(name))))
        for name in ("both", "only_old", "only_new", "neither")
    ]
    made = table([words("documents"), words("count"), ""], rows)
    if not lists:
        return made
    counts = {name: found[name] for name in ("changed", "queries", "emptied", "filled")}
    return made + note(words("lists_change", **counts), "warning" if found["emptied"] else "plain")


def _shares(found: Mapping[str, Any], words: Said) -> str:
    rows = [
        (words(name), _estimate(found[name]["old"]), _estimate(found[name]["new"]), _gained(found[name]["difference"]))
        for name in ("precision", "recall")
        if found[name] is not None
    ]
    return table([words("figure"), words("before"), words("then"), words("difference")], rows) if rows else ""


def _flips(found: Mapping[str, Any], words: Said) -> str:
    chosen = [
        flip for side in ("old", "new") for flip in [one for one in found["examples"] if one["shown"] == side][:MANY]
    ]
    if not chosen:
        return ""
    rows = [
        (
            flip["query"],
            Markup(excerpt(flip["text"] or f"#{flip['document']}", longest=LONGEST)),
            f"{flip['score']:.4g}",
            words("relevant" if flip["label"] else "irrelevant"),
            words(f"flip_{flip['shown']}"),
        )
        for flip in chosen
    ]
    heads = [words(name) for name in ("query", "document", "score", "label", "flips")]
    return table(heads, rows, label=words("examples"))


def _estimate(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "–"
    return f"{100 * found['value']:.1f} % ({100 * found['low']:.1f}–{100 * found['high']:.1f})"


def _gained(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "–"
    return f"{100 * found['value']:+.1f} ({100 * found['low']:+.1f} … {100 * found['high']:+.1f})"
