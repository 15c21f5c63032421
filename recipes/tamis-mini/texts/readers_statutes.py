"""Articles of Chinese statutes, with the questions a layman would ask of what they order, forbid and punish."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from entries import SEED, Ask, Entry, digest
from forms import derived

from tamis.text import sentences
from tamis.train.sources.questions import defined

KEYWORDS = 0.4  # articles with a question that have key words too

_article = re.compile(r"第[一二三四五六七八九十百千零〇\d]+条.*$")
_bare = "[^，。；：《》（）()]"
_START = "(?:^|[，。；：)）])"  # a subject begins with its clause; what begins inside of one is none
_dull = re.compile(
    "本[法条办例规章款]|前款|上述|下列|以下|依照|有关规定|施行|^[其该此这各以由]|按照|应当|之一|情节|逾期|拒不|^尚|^[造构]成|^[对在就向经]|第.{1,4}条|可以|不得|并"
)
_rules: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(f"{_START}(?P<x>{_bare}{{4,26}})的，[^。]*?(?:有期徒刑|拘役)"),
        ("{x}判几年", "{x}会坐牢吗", "{x}怎么量刑"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{4,26}})的，[^。]*?(?:罚款|警告|拘留|吊销|没收|处分|责令)"),
        ("{x}怎么处罚", "{x}要罚款吗", "{x}会受到什么处罚？", "{x}会有什么后果"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{2,14}}(?:期限|时效|有效期|期间))(?:为|是|自|不得|最长)"),
        ("{x}是多久", "{x}有多长？", "{x}怎么规定的"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{2,14}})不得(?P<y>{_bare}{{2,18}})[。；，]"),
        ("{x}可以{y}吗", "{x}能不能{y}", "{x}{y}合法吗"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{2,14}})有权(?P<y>(?![就对向在按依]){_bare}{{2,18}})[。；，]"),
        ("{x}有权{y}吗", "{x}可以{y}吗？"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{2,14}})可以(?P<y>(?![就对向在按依]){_bare}{{3,18}})[。；，]"),
        ("{x}可以{y}吗", "{x}能{y}吗？"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{2,14}})应当(?P<y>(?![就对向在按依]){_bare}{{4,18}})[。；，]"),
        ("{x}需要{y}吗", "{x}必须{y}吗？", "{x}是否要{y}"),
    ),
    (
        re.compile(f"{_START}(?P<x>{_bare}{{3,16}})由(?P<y>{_bare}{{3,16}})(?:承担|负担|赔偿)"),
        ("{x}由谁承担", "{x}谁负责"),
    ),
)


def statutes(path: Path, most: int = 6000) -> Iterator[Entry]:
    """So many articles, drawn by hash; closing articles and those that only refer to others are left out."""
    rows = map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines())
    telling = [row for row in rows if len(row["text"]) > 35]
    for row in sorted(telling, key=lambda row: digest(row["title"] + row["text"]))[:most]:
        yield Entry(row["title"], row["text"], shown=True)


def with_questions(entries: Sequence[Entry], language: str, name: str) -> list[Entry]:
    """The articles with lay questions where a rule fits, and the general forms for all."""
    made = []
    for entry in derived(entries, language, name):
        rng = random.Random(f"{SEED}:statutes:{entry.id}")
        asked = question(entry.text, rng)
        named = named_law(entry, rng)
        kept = [ask for ask in entry.asks if not asked or ask.kind != "keywords" or rng.random() < KEYWORDS]
        asks = [Ask(named.get(ask.text, ask.text), ask.kind) for ask in kept]
        made.append(replace(entry, asks=(*asks, *([Ask(asked, "question")] if asked else []))))
    return made


def question(text: str, rng: random.Random) -> str | None:
    """A lay question the article answers; None where no rule fits.

    >>> question("未经许可擅自设立商业银行的，处三年以下有期徒刑。", random.Random(2))
    '未经许可擅自设立商业银行判几年'
    """
    for sentence in sentences(text):
        if found := next(defined(sentence), None):
            return found[0]
        for rule, templates in _rules:
            match = rule.search(sentence)
            if match and not _dull.search("".join(match.groups())):
                return rng.choice(templates).format(**match.groupdict())
    return None


def named_law(entry: Entry, rng: random.Random) -> dict[str, str]:
    """Key words as they are asked for with the law's name or as a question, for half of them."""
    law = _article.sub("", entry.title).removeprefix("中华人民共和国")
    forms = ("{law} {words}", "{law} {words}", "{law}关于{listed}的规定", "{listed}有什么规定", "{words} 法律规定")
    return {
        ask.text: rng.choice(forms).format(law=law, words=ask.text, listed=ask.text.replace(" ", "、"))
        for ask in entry.asks
        if ask.kind == "keywords" and law and rng.random() < 0.5
    }
