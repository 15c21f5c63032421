"""Descriptions of Debian packages: the synopsis, and the long description that explains it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from entries import Ask, Entry

_left_out = re.compile(
    r"^lib(?!re)|-(?:dev|dbg|dbgsym|doc|data|common|cil|perl|locale|headless|noninteractive|runtime)$|"
    r"^(?:fonts|task|hunspell|myspell|aspell|language|locales|node|golang|ruby|r-cran|r-bioc|elpa|lua|haskell|ocaml|"
    r"php|linux|kernel|gcc|gfortran|cl|puppet|coq|libghc)-|-l10n|-i18n|-help-|-plugins?-|-cross|-[a-z]+-cross"
)
_dull = re.compile(
    r"transitional|dummy|meta-?package|debug symbols|Haskell|language pack|translations? for|\(.*\)$", re.I
)


def stanzas(path: Path) -> Iterator[tuple[str, str, str]]:
    """Package, synopsis and long description of each stanza of a translation index; verbatim lines are left out."""
    for stanza in path.read_text("utf-8").split("\n\n"):
        if stanza.startswith("Package: "):
            first, _, synopsis, *lines = stanza.splitlines()
            prose = (line.strip() for line in lines if not line.startswith("  ") and line.strip() != ".")
            yield first.removeprefix("Package: "), synopsis.partition(": ")[2], "\n".join(prose)


def descriptions(path: Path) -> Iterator[Entry]:
    """The packages in the order of their names, without the families of one text; of two that begin alike the first."""
    seen: set[str] = set()
    for name, synopsis, body in sorted(stanzas(path)):
        start = body[:60]
        if _left_out.search(name) or _dull.search(synopsis) or start in seen or len(synopsis) < 5 or len(body) < 80:
            continue
        seen.add(start)
        yield Entry(synopsis, body)


def translated(chinese: Path, english: Path) -> Iterator[Entry]:
    """Each synopsis with the description in the other language."""
    known = {name: (synopsis, body) for name, synopsis, body in stanzas(english)}
    for name, synopsis, body in sorted(stanzas(chinese)):
        if name in known and not _left_out.search(name) and not _dull.search(known[name][0]):
            yield Entry("", body, (Ask(known[name][0], "translation"),))
            yield Entry("", known[name][1], (Ask(synopsis, "translation"),))
