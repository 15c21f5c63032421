"""Workbooks for tests, written as Excel writes them: a zip file of XML parts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape

from tamis.data.workbooks import letters

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
    '<xf numFmtId="21"/><xf numFmtId="46"/></cellXfs></styleSheet>'
)
FIRST = datetime(1899, 12, 30)


def workbook(rows: Sequence[Sequence[Any]], *, top: int = 1, left: int = 0) -> bytes:
    """A workbook of one sheet whose first cell stands in row ``top`` and column ``left``; None is a blank cell."""
    strings = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))
    at = {text: number for number, text in enumerate(strings)}
    sheet = "".join(
        f'<row r="{line}">' + "".join(_cell(f"{letters(c)}{line}", v, at) for c, v in enumerate(row, left)) + "</row>"
        for line, row in enumerate(rows, top)
    )
    shared = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings)
    return packed(sheet, shared)


def packed(sheet: str, shared: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A workbook of the XML inside ``sheetData`` and ``sst``, and other parts, which replace those of that name."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _links(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": _links(("rId1", "worksheet", "worksheets/sheet1.xml")),
        "xl/workbook.xml": listed(("Sheet1", "rId1", "visible")),
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def listed(*sheets: tuple[str, str, str]) -> str:
    """The part that lists sheets: name, relation, state."""
    inner = "".join(
        f'<sheet name="{name}" sheetId="{number}" state="{state}" r:id="{link}"/>'
        for number, (name, link, state) in enumerate(sheets, 1)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{inner}</sheets></workbook>'


def linked(*targets: str) -> str:
    """The part that says where sheets ``rId1``, ``rId2``, ... stand."""
    return _links(*((f"rId{at}", target.partition("s/")[0], target) for at, target in enumerate(targets, 1)))


def _links(*rows: tuple[str, str, str]) -> str:
    inner = "".join(f'<Relationship Id="{id}" Type="{LINKS}/{kind}" Target="{to}"/>' for id, kind, to in rows)
    return f'<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'


def _cell(place: str, value: Any, strings: Mapping[str, int]) -> str:
    if value is None:
        return f'<c r="{place}"/>'
    if isinstance(value, str):
        return f'<c r="{place}" t="s"><v>{strings[value]}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    style, number = _number(value)
    return f'<c r="{place}" s="{style}"><v>{number!r}</v></c>'


def _number(value: Any) -> tuple[int, float]:
    """The style and the number that stand for a value."""
    if isinstance(value, datetime):
        return 2, (value - FIRST) / timedelta(days=1)
    if isinstance(value, date):
        return 1, (value - FIRST.date()).days
    if isinstance(value, time):
        return 3, (value.hour * 60 + value.minute) / 1440
    return (4, value / timedelta(days=1)) if isinstance(value, timedelta) else (0, value)
