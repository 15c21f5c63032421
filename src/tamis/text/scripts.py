"""The scripts that decide how text is cut: Han, others written without spaces, and marks that belong to words."""

from __future__ import annotations

import re

HAN = "々〇㐀-䶿一-鿿豈-\U0000faff\U00020000-\U0003ffff"
KANA = "ぁ-ゖゝ-ゟァ-ヺー-ヿㇰ-ㇿ"
# Written without spaces, or (Hangul) with particles glued to words: runs are cut into character bigrams.
UNSPACED = KANA + "가-힣\u0e00-\u0e4e\u0e80-\u0ece\u1000-\u1049\u1780-\u17d3"
# Combining marks are not \w in Python's re, although they stand inside words (Hebrew, Arabic, Indic, Tibetan blocks).
MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u0900-\u0963\u0966-\u0dff\u0f71-\u0f84"
)

han = re.compile(f"[{HAN}]")
han_run = re.compile(f"[{HAN}]+")
unspaced_run = re.compile(f"[{UNSPACED}]+")
