"""Instructions for rerankers that read one: ready-made ones by name, and whether a scorer reads any."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tamis.core import Scorer
from tamis.errors import InputError

MARK = "@"  # what a preset's name begins with where an instruction may stand as well


@dataclass(frozen=True, slots=True)
class InstructionPreset:
    """An instruction that says what counts as relevant in one kind of search.

    Attributes:
        key: what it is called in commands and files.
        en: its title in English.
        zh: its title in Chinese.
        instruction: the text that a model reads. English serves Chinese queries, too: Qwen3-Reranker was trained on
            instructions that were mostly English, and its authors advise to write them so.
        instruction_zh: the same in Chinese, for people to read, or for models that were trained on Chinese ones.
        when: when to use it.
        when_zh: the same in Chinese.
    """

    key: str
    en: str
    zh: str
    instruction: str
    instruction_zh: str
    when: str
    when_zh: str

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@cache
def _rows() -> dict[str, InstructionPreset]:
    text = files("tamis.score").joinpath("instructions.json").read_text(encoding="utf-8")
    return {row["key"]: InstructionPreset(**row) for row in json.loads(text)}


class _Table(Mapping[str, InstructionPreset]):
    """The rows of the file by key; it is read when first looked at."""

    def __getitem__(self, key: str) -> InstructionPreset:
        return _rows()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_rows())

    def __len__(self) -> int:
        return len(_rows())


PRESETS: Mapping[str, InstructionPreset] = _Table()


def instruction_of(text: str) -> str:
    """The instruction that a text means: ``@law`` is the preset of this name, anything else stands for itself.

    Raises:
        InputError: there is no such preset; with the name that was perhaps meant.

    >>> instruction_of("@claims")
    'Given a claim, retrieve documents that support or refute the claim'
    >>> instruction_of("Find the recipe")
    'Find the recipe'
    """
    if not text.startswith(MARK):
        return text
    key = text.removeprefix(MARK)
    if key in PRESETS:
        return PRESETS[key].instruction
    near = difflib.get_close_matches(key, PRESETS, 1)
    hint = f"did you mean {MARK}{near[0]}?" if near else f"known: {', '.join(MARK + known for known in PRESETS)}"
    raise InputError(f"no instruction is named {text!r:.60}: {hint}")


def reads_instructions(scorer: Scorer) -> bool:
    """Whether a query's instruction can change this scorer's scores at all.

    Such scorers say so by an attribute ``reads_instructions = True``: causal rerankers whose prompt has a place for
    one, servers that are told to pass it on, and scorers made of such. All others leave an instruction unread.

    >>> from tamis import load_scorer
    >>> reads_instructions(load_scorer("tamis-mini")), reads_instructions(load_scorer("yesno+http://127.0.0.1:1#m"))
    (False, True)
    """
    return bool(getattr(scorer, "reads_instructions", False))
