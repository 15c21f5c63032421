from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tamis.text import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("合同无效。双方返还；有过错的赔偿！谁？", ["合同无效。", "双方返还；", "有过错的赔偿！", "谁？"]),
        ("他说：“走吧。”我们走了。", ["他说：“走吧。”", "我们走了。"]),
        ("（见第一条。）下一句。", ["（见第一条。）", "下一句。"]),
        ("真的吗？！……好吧……", ["真的吗？！", "……", "好吧……"]),
        ("版本 3.5 发布。Python 3.11. 然后", ["版本 3.5 发布。", "Python 3.11.", "然后"]),
        ("It costs 3.5 dollars. Cheap!", ["It costs 3.5 dollars.", "Cheap!"]),
        (
            "Dr. Smith et al. found it (Fig. 3). See e.g. Jones.",
            ["Dr. Smith et al. found it (Fig. 3).", "See e.g. Jones."],
        ),
        ("J. R. Tolkien wrote. We read.", ["J. R. Tolkien wrote.", "We read."]),
        ('"Stop." He said "No!" Then left.', ['"Stop."', 'He said "No!"', "Then left."]),
        ("wait... what? yes", ["wait... what? yes"]),
        ("1. Scope is wide. 2. Terms follow.", ["1. Scope is wide.", "2. Terms follow."]),
        ("line one\nline two\n\n  line three", ["line one", "line two", "line three"]),
        ("see www.example.com. Now", ["see www.example.com.", "Now"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text() | st.text('aB1.!?。！？；…”")（) \n\t合Dr'))
@example("\x1f.\x1fA")
def test_no_character_but_white_space_is_lost(text: str) -> None:
    cuts = sentences(text)
    assert "".join("".join(cuts).split()) == "".join(text.split())
    assert all(cut == cut.strip() and cut for cut in cuts)


@pytest.mark.parametrize("text", ["." * 2_000_000, " " * 2_000_000, ".)" * 1_000_000 + "x", "…" * 2_000_000 + "a"])
def test_time_is_linear_in_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text.strip()
