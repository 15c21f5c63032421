"""Instructions by name, and which scorers read one."""

from __future__ import annotations

import numpy as np
import pytest

from tamis import load_scorer
from tamis.cli.options import INSTRUCTIONS
from tamis.errors import InputError
from tamis.score import Cached, Cascade, Ensemble, Passages, RankFusion, reads_instructions
from tamis.score.instructions import PRESETS, instruction_of
from tamis.score.prompts import PROMPTS


class Fake:
    name = fingerprint = "fake"

    def __init__(self, reads):
        self.reads_instructions = reads

    def score(self, pairs):
        return np.zeros(len(pairs))

    def document_tokens(self, texts):
        return [1] * len(texts)


def test_the_command_line_names_the_rows_of_the_table_in_order():
    assert tuple(PRESETS) == INSTRUCTIONS


def test_what_a_model_reads_when_told_nothing_is_the_first_row():
    assert PRESETS["web"].instruction == PROMPTS["qwen3"].instruction


@pytest.mark.parametrize("key", PRESETS)
def test_every_row_is_whole_and_in_both_languages(key):
    row = PRESETS[key].as_json()
    assert all(value.strip() == value and value for value in row.values())
    for name in ("zh", "instruction_zh", "when_zh"):
        assert any("\u4e00" <= c <= "\u9fff" for c in row[name])
    for name in ("key", "en", "instruction", "when"):
        assert row[name].isascii()
    assert len({one.instruction for one in PRESETS.values()}) == len(PRESETS)


def test_names_stand_for_their_text_and_a_wrong_one_is_told_the_right_one():
    assert instruction_of("@faq") == PRESETS["faq"].instruction
    assert instruction_of("") == ""
    with pytest.raises(InputError, match="did you mean @medical"):
        instruction_of("@medicin")
    with pytest.raises(InputError, match="known: @web, @faq"):
        instruction_of("@zzzzzz")


URLS = {
    "tei+http://127.0.0.1:1": False,
    "tei+http://127.0.0.1:1?instruction=prefix": True,
    "vllm+http://127.0.0.1:1?instruction=field": True,
    "yesno+http://127.0.0.1:1#m": True,
    "decision+http://127.0.0.1:1#m": True,
    "tamis-mini": False,
    "e5-small": False,
}


@pytest.mark.parametrize(("spec", "reads"), URLS.items())
def test_a_scorer_says_whether_it_reads_an_instruction(spec, reads):
    assert reads_instructions(load_scorer(spec)) is reads


@pytest.mark.parametrize("reads", [True, False])
def test_scorers_made_of_scorers_read_what_a_member_reads(reads):
    inner, deaf = Fake(reads), Fake(False)
    made = (
        Cached(inner), Passages(inner), Ensemble([deaf, inner]), RankFusion([inner, deaf]),
        Cascade(deaf, inner), Cascade(inner, deaf),
    )  # fmt: skip
    assert [reads_instructions(one) for one in made] == [reads] * 6


def test_a_scorer_that_says_nothing_reads_none():
    class Silent:
        name = fingerprint = "silent"

    assert reads_instructions(Silent()) is False
