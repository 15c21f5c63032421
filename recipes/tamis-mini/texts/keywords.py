"""Key words of a sentence: those few of the texts have, in the order of the sentence."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from tamis.text.stopwords import ENGLISH

COMMON = 0.1  # a word that more than this share of the texts have tells little
SHORTEST = {"en": 3, "zh": 2}

_english = re.compile(r"[A-Za-z][A-Za-z0-9'’+-]*[A-Za-z0-9+]")
_chinese = re.compile(r"[\u4e00-\u9fff]{2,}|[A-Za-z][A-Za-z0-9.+-]+")
_article = re.compile("第[一二三四五六七八九十百千零]+[条款项]?$")
# Words between the content words, which nobody types into a search box.
_WEAK = """
    可以 进行 应当 使用 以及 或者 如果 这个 一个 我们 他们 它们 因为 所以 但是 并且 这些 那些 没有 不能 需要 通过 其中
    由于 根据 按照 规定 有关 其他 下列 之一 情形 本法 条例 本条 前款 的话 时候 大家 就是 不是 还是 这样 那么 然后 什么
    自己 已经 可能 非常 比较 之后 之前 同时 例如 比如 此外 对于 关于 以下 以上 不得 予以 违反 不会 是否 任何 一些 一种
    一样 所有 包含 其它 必须 您可 改正 责令 并处 各级 单位 部门 应该 暂且 每次 别人 包括 相应 个人
    also may many much must need use used uses using like well one two first last new get make made makes several
    various available based however within without upon whether since still even often usually another contains
    provides includes called either every shall whose given see example would could might though thus including package
"""
WEAK = ENGLISH | frozenset(_WEAK.split())


def words(text: str, language: str) -> list[str]:
    """The words of a text that may be key words, in its order.

    >>> words("The sieve is made of a round frame.", "en"), words("保险人应当承担责任", "zh")
    (['sieve', 'round', 'frame'], ['保险人', '承担责任'])
    """
    runs = (_chinese if language == "zh" else _english).findall(text)
    cut = [word for run in runs for word in _jieba().cut(run, False)] if language == "zh" else runs
    found = [w for w in cut if len(w) >= SHORTEST[language] and w.lower() not in WEAK and not _article.match(w)]
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class KeyWords:
    """In how many of the texts a word stands.

    Attributes:
        texts: how many there are.
        held: how many of them have a word.
    """

    language: str
    texts: int
    held: Counter[str]

    @classmethod
    def of(cls, texts: Iterable[str], language: str) -> KeyWords:
        """Counted over texts."""
        kept = list(texts)
        return cls(language, len(kept), Counter(word.lower() for text in kept for word in words(text, language)))

    def __call__(self, sentence: str, rng: random.Random) -> str | None:
        """Two to five words, the rarer the likelier; None where fewer than two tell anything.

        >>> KeyWords.of(["A drum sieve for flour."], "en")("A drum sieve for flour.", random.Random(1))
        'drum sieve flour'
        """
        most = max(2.0, COMMON * self.texts)
        found = [word for word in words(sentence, self.language) if self.held[word.lower()] <= most]
        if len(found) < 2:
            return None
        wanted = min(len(found), rng.choice((2, 3, 3, 4, 5)))
        ranked = sorted(found, key=lambda word: -self._weight(word) * rng.random())
        chosen = set(ranked[:wanted])
        apart = "" if self.language == "zh" and rng.random() < 0.25 else " "
        return apart.join(word for word in found if word in chosen)

    def _weight(self, word: str) -> float:
        # A word of one text is as often a slip or a number of a model as it is telling: it counts as one of three.
        return math.log(1 + self.texts / max(3, self.held[word.lower()]))


@cache
def _jieba() -> Any:
    import rjieba  # the dictionary takes a second to load

    return rjieba
