"""A threshold's promise, or its refusal, in plain words of English or Chinese, from the figures of a study."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from tamis.calibrate.evidence.words import LANGUAGES, Language, filled

Said: TypeAlias = Callable[..., str]

FEW = 100  # queries below which a certificate says how few they are


def saying(language: Language) -> Said:
    """What says the sentences about a threshold in a language, their values filled in.

    >>> saying("zh")("nearest", least=0.8, threshold="2.4591")
    '这些标签能支撑的：分数从 2.4591 起为 80.0 %。'
    """
    return lambda key, **values: filled(_table()[key][language], values)


def told(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Promise, reason and assumptions by language, for pages whose reader chooses it."""
    if result["tuning"] is None:
        return {}
    refused = not result["tuning"]["issued"]
    return {
        language: {
            "promise": promise(result, words),
            "reason": reason(result, words) if refused else "",
            "assumptions": [] if refused else assumptions(result, words),
        }
        for language, words in ((one, saying(one)) for one in LANGUAGES)
    }


def shown_from(result: Mapping[str, Any], words: Said) -> str:
    """From which score on documents are shown, or left out."""
    threshold = result["tuning"]["threshold"]
    if threshold is None:
        return words("nothing")
    kind = "filters_from" if result["terms"]["direction"] == "reject-high" else "shows_from"
    return words(kind, threshold=f"{threshold:.5g}")


def promise(result: Mapping[str, Any], words: Said) -> str:
    """What is promised, by the target; empty for targets without a promise."""
    target = result["tuning"]["target"]
    kind = target["target"].replace(" ", "-")
    if kind == "miss-rate":
        turned = "_filter" if result["terms"]["direction"] == "reject-high" else ""
        sure = "" if target["confidence"] is None else words("sure", confidence=target["confidence"])
        return words(f"promise_miss-rate{turned}", most=target["most"]) + sure
    if kind in ("precision", "recall"):
        return words(f"promise_{kind}", least=target["least"]) + words("sure", confidence=target["confidence"])
    return ""


def reason(result: Mapping[str, Any], words: Said) -> str:
    """Why a promise was refused, and what would help, from the figures of the refusal."""
    tuning, terms = result["tuning"], result["terms"]
    needed, accepted, queries = tuning["labels_needed"], tuning["accepted"], result["queries"]
    together = result["grouped"] and queries < result["pairs"] and not terms["i_accept_iid"]
    if tuning["target"]["target"] != "miss rate" and together and queries < terms["minimum"]:
        least = terms["minimum"]
        return words("few_queries", queries=queries, minimum=least, more=least - queries)
    if tuning["target"]["target"] != "precision":
        kind = "few_answerable" if tuning["target"]["target"] == "miss rate" else "few_relevant"
        return words("lists_short" if accepted >= needed else kind, needed=needed, accepted=accepted)
    if not accepted:
        return words("out_of_reach", least=tuning["target"]["least"])
    more, share = max(needed - accepted, 1), accepted / result["pairs"]
    return words("few_pairs", needed=needed, accepted=accepted, more=more, share=share, random=math.ceil(more / share))


def nearest(tuning: Mapping[str, Any], words: Said) -> list[str]:
    """Lesser promises that the labels do support."""
    return [
        words("nearest", least=least, threshold=f"{threshold:.5g}") for least, threshold in tuning["nearest_achievable"]
    ]


def assumptions(result: Mapping[str, Any], words: Said) -> list[str]:
    """What must be true for the promise."""
    terms, kind = result["terms"], result["tuning"]["target"]["target"]
    together = result["grouped"] and result["queries"] < result["pairs"]
    conditions = {
        "alike": True,
        "lists": terms["max_k"] is not None,
        "ungrouped": not result["grouped"],
        "accepted_iid": together and terms["i_accept_iid"],
        "only_queries": together and not terms["i_accept_iid"] and result["queries"] < FEW,
        "falling": kind == "precision",
        "candidates": kind in ("recall", "miss rate"),
    }
    values = {"max_k": terms["max_k"], "queries": result["queries"]}
    return [words(f"if_{name}", **values) for name, true in conditions.items() if true]


@cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(files("tamis.thresholds").joinpath("words.json").read_text("utf-8"))
    return found
