"""What the library says of files, in the page's language: its English sentences are the patterns of a table."""

from __future__ import annotations

import json
import re
from functools import cache

from tamis.workbench.words import Language, said, web

TABLE = "library"
WHERE = re.compile(
    r"(?P<path>[^\n:]*?)(?:(?:^|, )line (?P<line>\d+))?(?:(?:^|, )field '(?P<field>.*?)')?: (?P<what>.+)", re.S
)


def translated(message: str, language: Language) -> str:
    """A message in a language; as it stands where the table does not have it.

    >>> translated("a.csv, line 3, field 'q': the query is blank", "zh")
    'a.csv，第 3 行，列“q”：查询为空'
    >>> translated("the model is tired", "zh")
    'the model is tired'
    """
    if language == "en":
        return message
    if known := _known(message, language):
        return known
    where = WHERE.fullmatch(message)
    if not where or not (what := _known(where["what"], language)):
        return message
    parts = [
        where["path"],
        said(f"{TABLE}.line", language, {"line": where["line"]}) if where["line"] else "",
        said(f"{TABLE}.field", language, {"field": where["field"]}) if where["field"] else "",
    ]
    place = said(f"{TABLE}.and", language).join(filter(None, parts))
    return said(f"{TABLE}.at", language, {"place": place, "what": what}) if place else what


def _known(message: str, language: Language) -> str:
    """The sentence of the table that a message is; empty for none."""
    for key, pattern in _patterns():
        if found := pattern.fullmatch(message):
            values = {name: translated(value, language) for name, value in found.groupdict().items()}
            return said(f"{TABLE}.{key}", language, values)
    return ""


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """What each English sentence of the table looks like once its slots are filled; those for places are none."""
    rows: dict[str, dict[str, str]] = json.loads(web(f"words/{TABLE}.json"))
    made = []
    for key, row in rows.items():
        if key not in ("line", "field", "and", "at"):
            parts = re.split(r"\{(\w+)\}", row["en"])
            texts = [f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)]
            made.append((key, re.compile("".join(texts), re.S)))
    return made
