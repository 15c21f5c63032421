"""Workbooks that are small on the disk and large in memory are refused before anything is read."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tamis.data import measured as measuring
from tamis.data import read_rows
from tamis.data.measured import measured
from tamis.errors import DataError

from .sheets import packed, workbook


def refusal(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        list(read_rows(io.BytesIO(content)))
    return str(caught.value)


def test_what_unpacks_to_more_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "UNPACKED", 16 << 20)
    content = packed("<row><c t='inlineStr'><is><t>" + "a" * (measuring.UNPACKED + 1) + "</t></is></c></row>")
    assert len(content) < 20_000
    assert "the workbook is too large: 16 MB unpacked, at most 16 " in refusal(content)


def test_stated_sizes_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "UNPACKED", 50_000)
    content = packed("<row><c t='inlineStr'><is><t>" + "a" * 60_000 + "</t></is></c></row>")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        true = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lied = content.replace(struct.pack("<L", true), struct.pack("<L", 200))
    assert lied != content
    assert "Excel workbook" in refusal(lied)


def test_two_cells_in_far_corners() -> None:
    content = packed('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    assert "its cells span a rectangle of 17,179,869,184" in refusal(content)
    beyond = '<row r="1048576"><c r="A1"><v>1</v></c></row><row><c><v>1</v></c></row>'
    assert "row 1048577 is filled" in refusal(packed(beyond))
    far = '<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="2"><c r="A2"><v>1</v></c><c r="XFD2" s="1"/></row>'
    (row,) = read_rows(io.BytesIO(packed(far)))  # a cell that is only formatted is none
    assert row.values == {"a": 1}


@pytest.mark.parametrize(
    "address", ["inlineStr1", "ABCD1", "A0", "A", "1", "", "A-1", "A1:B2", "A１", "A1048577", "XFE1"]
)
def test_addresses_that_are_none_are_damage(address: str) -> None:
    """A reader has made 273 GB of ``inlineStr1``, and ended the process."""
    assert "is no cell" in refusal(packed(f'<row r="1"><c r="A1"><v>1</v></c><c r="{address}"><v>1</v></c></row>'))


def test_one_long_string_that_many_cells_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "UNPACKED", 100_000)
    shown = "<c t='s'><v>0</v></c>"
    inside = packed("<row>" + shown * 9 + "</row>", "<si><t>" + "字" * 3000 + "</t></si>")
    assert "stands twice in the header" in refusal(inside)
    outside = packed("<row>" + shown * 12 + "</row>", "<si><t>" + "字" * 3000 + "</t></si>")
    assert "the workbook is too large" in refusal(outside)


def test_a_cell_without_an_address_stands_in_the_row_that_began_last() -> None:
    content = packed('<row r="1048576"><c r="A1"><v>1</v></c><c r="XFC1"><v>2</v></c><c><v>1</v></c></row>')
    assert "its cells span a rectangle of 17,179,869,184" in refusal(content)


def test_a_row_that_is_none_is_damage() -> None:
    assert "is no cell" in refusal(packed('<row r="9999999999"><c><v>1</v></c></row>'))


def test_cells_without_addresses_are_counted_where_they_stand() -> None:
    content = packed(("<row>" + "<c><v>1</v></c>" * 5 + "</row>") * 3 + '<row r="9"><c/><c r="h9"><v>1</v></c></row>')
    part = measuring.Part()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parser = measuring.expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = part.begin, part.end
        parser.Parse(archive.read("xl/worksheets/sheet1.xml"), True)
    assert (part.rows, part.columns) == ([0, 8], [0, 7])


def test_the_reader_gets_text_parts_only() -> None:
    content = packed("", more={"xl/media/image1.png": b"\x89PNG", "xl/vbaProject.bin": b"\x00"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive, measured(archive, "x") as safe:
        names = zipfile.ZipFile(safe).namelist()
    assert "xl/workbook.xml" in names and not any(name.endswith((".png", ".bin")) for name in names)


def test_a_part_with_a_password_and_entities_that_grow() -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "Excel workbook" in refusal(packed("", more={"xl/sharedStrings.xml": entities + "]><x>&i;</x>"}))
    content = bytearray(workbook([("a",), (1,)]))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(magic)
        while at >= 0:
            content[at + place] |= 1  # the flag of an encrypted entry
            at = content.find(magic, at + 4)
    assert "damaged or protected Excel workbook" in refusal(bytes(content))
