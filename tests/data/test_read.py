from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from tamis.core import Document, Query
from tamis.data import read_documents, read_queries
from tamis.errors import DataError


def documents(content: str, name: str = "") -> list[Document]:
    stream = io.BytesIO(content.encode())
    if name:
        stream.name = name  # type: ignore[attr-defined]
    return list(read_documents(stream))


def test_jsonl() -> None:
    found = documents('{"_id": 7, "title": "T", "text": "x", "year": 2024, "metadata": {"a": [1]}, "new": true}')
    assert found == [Document("7", "x", "T", {"year": 2024, "metadata": '{"a": [1]}', "new": True})]


def test_tables() -> None:
    assert documents("id,title,text,year\nd1,T,x,2024\n") == [Document("d1", "x", "T", {"year": "2024"})]
    assert documents("text\tid\nx, y\td1\n") == [Document("d1", "x, y")]


def test_lines_are_named_by_their_position() -> None:
    assert documents("one\n\n  two, three \r\n") == [Document("0", "one"), Document("2", "two, three")]


def test_plain_text_is_not_taken_for_a_table_or_json() -> None:
    assert [d.text for d in documents("Hello, text and more\nworld\n")] == ["Hello, text and more", "world"]
    assert [d.text for d in documents("[1] Smith, On Sieves\n")] == ["[1] Smith, On Sieves"]
    assert [d.text for d in documents("id,text\n{braces}\n", "notes.txt")] == ["id,text", "{braces}"]


def test_positions_name_rows_without_ids_and_titles_stand_for_texts() -> None:
    assert documents('{"text": "a"}\n{"title": "only a title"}') == [
        Document("0", "a"),
        Document("1", "", "only a title"),
    ]


def test_the_content_and_not_the_ending_tells_the_form(tmp_path: Path) -> None:
    path = tmp_path / "really.csv"
    path.write_bytes(gzip.compress(b'{"id": "d", "text": "x"}\n'))
    assert list(read_documents(path)) == [Document("d", "x")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '{"id": "a", "text": "x"}\n\n{"id": "a", "text": "y"}',
            "line 3, field 'id': document id 'a' stands twice, on lines 1 and 3",
        ),
        ("id,text\n1,x\n1,y\n", "line 3, field 'id': document id '1' stands twice, on lines 2 and 3"),
        ('{"id": "a", "txt": "x"}', "field 'text': missing; found: id, txt. Did you mean 'txt'"),
        ('{"id": "a", "text": 5}', "field 'text': expected a string, got 5"),
        ('{"id": "a", "text": NaN}', "field 'text': expected a value, got null"),
        ('{"id": " ", "text": "x"}', "field 'id': expected an id, got a blank string"),
        ('{"id": true, "text": "x"}', "field 'id': expected a string, got True"),
    ],
)
def test_bad_documents(content: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        documents(content)
    assert message in str(caught.value)


def test_a_table_without_text_says_what_it_has() -> None:
    with pytest.raises(DataError, match="found: id, content"):
        documents("id,content\n1,x\n", "docs.csv")


def test_surrogates_nuls_and_ten_megabytes_survive() -> None:
    assert documents('{"id": "a", "text": "x\\u0000y\\ud800z"}')[0].text == "xy\ufffdz"
    assert documents("a\x00b\n")[0].text == "ab"
    text = "长文 long " * 800_000
    assert documents(json.dumps({"id": "a", "text": text}, ensure_ascii=False))[0].text == text
    assert documents(f'id,text\na,"{text}"\n')[0].text == text


def test_documents_are_streamed() -> None:
    found = read_documents(io.BytesIO(b'{"text": "a"}\n{"text": "b"}\n{broken'))
    assert [next(found).text, next(found).text] == ["a", "b"]
    with pytest.raises(DataError, match="line 3"):
        next(found)


def queries(content: str) -> list[Query]:
    return read_queries(io.BytesIO(content.encode()))


@pytest.mark.parametrize(
    "content",
    [
        '{"id": "q1", "text": "a, b"}\n{"_id": "q2", "query": "c"}',
        'query_id,text\nq1,"a, b"\nq2,c\n',
        "qid\tquestion\nq1\ta, b\nq2\tc\n",
        "q1\ta, b\nq2\tc\n",
    ],
)
def test_query_forms(content: str) -> None:
    assert queries(content) == [Query("a, b", "q1"), Query("c", "q2")]


def test_queries_one_a_line_and_all_that_a_query_has() -> None:
    assert queries("why?\nhow, then?\n") == [Query("why?", "0"), Query("how, then?", "1")]
    row = {"id": 1, "text": "it?", "instruction": "i", "source": "s", "history": ["a", "b"]}
    assert queries(json.dumps(row)) == [Query("it?", "1", "i", "s", ("a", "b"))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "q", "text": " "}', "the query is blank"),
        ('{"id": "q", "text": "a"}\n{"id": "q", "text": "b"}', "stands twice, on lines 1 and 2"),
        ("q1\ta\nq2 b\n", "got no tab"),
        ('{"id": "q", "text": "a", "history": "b"}', "expected a list"),
        ('{"id": "q", "txet": "a"}', "Did you mean 'txet'"),
    ],
)
def test_bad_queries(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        queries(content)
