"""Scenario presets: what a business wants of a threshold, as targets; never a number that would fit any scorer."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from tamis.decide.certificates.precision import PrecisionAtLeast
from tamis.decide.certificates.recall import MissRateAtMost
from tamis.decide.choices.targets import FBeta, Target
from tamis.decide.policies.cuts import Direction
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Preset:
    """A scenario: what its threshold is tuned for.

    Attributes:
        name: what it is called in commands and files.
        zh: its title in Chinese.
        en: its title in English.
        target: makes what a threshold must achieve on labelled pairs.
        direction: ``"accept-high"`` where a label of 1 and a high score mean fit to show; ``"reject-high"`` where they
            mean that the document must go.
        says: the target in a sentence.
        says_zh: the same in Chinese.
    """

    name: str
    zh: str
    en: str
    target: Callable[[], Target]
    direction: Direction
    says: str
    says_zh: str


_ROWS = (
    Preset(
        "precise-qa",
        "精准问答",
        "Precise answers",
        partial(PrecisionAtLeast, 0.95, confidence=0.95),
        "accept-high",
        "better none than wrong: at least 95 % of what is shown is relevant, at 95 % confidence",
        "宁缺毋滥：所示结果至少 95% 相关，置信度 95%",
    ),
    Preset(
        "general-search",
        "通用搜索",
        "General search",
        partial(MissRateAtMost, 0.1),
        "accept-high",
        "recall first: on average at most 10 % of the relevant documents are missed; people can look for themselves",
        "召回优先：平均最多漏掉 10% 的相关文档，由用户自行筛选",
    ),
    Preset(
        "recommendation",
        "文档推荐",
        "Recommendation",
        partial(FBeta, 0.5),
        "accept-high",
        "the best F-measure in which precision counts twice as much as recall; nothing is promised",
        "F0.5 最优：准确率的权重是召回率的两倍，不作保证",
    ),
    Preset(
        "content-filter",
        "内容过滤",
        "Content filter",
        partial(MissRateAtMost, 0.05),
        "reject-high",
        "on average at most 5 % of what must be filtered gets through; label 1 and a high score mean that it must",
        "平均最多放过 5% 应过滤的内容；标签 1 和高分都表示应当过滤",
    ),
)
PRESETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _ROWS})


def preset(name: str) -> Preset:
    """The preset of this name, or of this Chinese title.

    Raises:
        InputError: there is none; with the name that was perhaps meant.

    >>> preset("precise-qa").target()
    PrecisionAtLeast(least=0.95, confidence=0.95)
    >>> preset("内容过滤").direction
    'reject-high'
    """
    names = {**PRESETS, **{row.zh: row for row in _ROWS}}
    if name in names:
        return names[name]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(PRESETS)}"
    raise InputError(f"no scenario is named {name!r}: {hint}")
