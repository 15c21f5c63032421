from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.text import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("夫妻一方经营个体工商户所欠债务，谁偿还？", "zh"),
        ("名为“个体工商户”实为“合伙”，内部发生纠纷时如何认定？见第5条。", "zh"),
        ("0-dimensional biomaterials show inductive properties.", "en"),
        ("Où est la bibliothèque", "en"),
        ("用 Python 写的 reranker 怎么部署", "mixed"),
        ("日本語のテキストを検索する", "other"),
        ("где находится библиотека", "other"),
        ("안녕하세요", "other"),
        ("12 + 30 = 42", "other"),
        ("", "other"),
    ],
)
def test_detect(text: str, language: str) -> None:
    assert detect(text) == language


@given(st.text(st.characters(codec=None)))
def test_detect_never_raises(text: str) -> None:
    assert detect(text) in ("zh", "en", "mixed", "other")
