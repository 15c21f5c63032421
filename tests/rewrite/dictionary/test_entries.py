"""Dictionary files: what is read, and what each mistake is told."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import DataError
from tamis.rewrite.dictionary.entries import COLUMNS, Entry, circle_in, read_entries


def read(text: str) -> tuple[Entry, ...]:
    return read_entries(io.StringIO(text))


def test_comments_blank_lines_and_a_header_are_skipped():
    text = "# ours\n\nkind\tfrom\tto\tcontext\nterm\t拉肚子\t腹泻\n  \nabbreviation\tPR\tpull request\tgit| code\t\n"
    assert [entry.as_row() for entry in read(text)] == [
        ["term", "拉肚子", "腹泻", ""],
        ["abbreviation", "PR", "pull request", "git|code"],
    ]
    assert read(text)[1].line == 6


def test_a_kind_may_be_written_in_capitals_and_protect_needs_no_target():
    assert [entry.kind for entry in read("Term\ta1\tb\nPROTECT\tc1\n")] == ["term", "protect"]


def test_a_file_that_excel_or_an_old_editor_wrote_is_read(tmp_path):
    for name, encoding in (("mark.tsv", "utf-8-sig"), ("old.tsv", "gb18030")):
        (tmp_path / name).write_bytes("term\t拉肚子\t腹泻\r\n".encode(encoding))
        assert read_entries(tmp_path / name)[0].target == "腹泻"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("term  拉肚子  腹泻\n", "line 1: expected cells with tabs between them, got one cell"),
        ("term\ta\tb\tc\td\n", "line 1: expected the cells kind, from, to and perhaps context, got 5 cells"),
        ("protect\ta\tb\n", "line 1: expected the cells kind and from, got 3 cells"),
        (
            "# x\nterms\ta\tb\n",
            "line 2, field 'kind': expected entity, abbreviation, term, synonym, protect, got 'terms'",
        ),
        ("abbrevation\ta\tb\n", "Did you mean 'abbreviation'?"),
        ("term\ta\n", "line 1, field 'to': expected a word or more, got an empty cell"),
        ("term\t\tb\n", "line 1, field 'from': expected a word or more"),
        ("term\ta\tb\tc||d\n", "line 1, field 'context': expected words with '|' between them, got 'c||d'"),
        ("term\tAPI\tapi\n", "line 1, field 'to': 'API' stands for itself"),
        ("term\ta\tb\nterm\ta\tc\n", "line 2, field 'from': 'a' is 'b' on line 1 already"),
        ("term\ta\tb\tx|y\nentity\tＡ\tc\ty\n", "line 2, field 'from': 'Ａ' is 'b' on line 1 already"),
        ("synonym\ta\tb\nsynonym\tb\ta\n", "line 2, field 'from': 'b' is 'b' on line 1 already"),
        ("protect\ta\nterm\ta\tb\n", "line 2, field 'from': 'a' is protected on line 1 already"),
        ("term\ta\tb\nterm\tb\ta\n", "line 2, field 'to': entries lead in a circle: "),
        (
            "term\tx\ta\nterm\ta\tb\nterm\tb\tc\nentity\tc\tA\n",
            "line 4, field 'to': entries lead in a circle: a -> b -> c -> a",
        ),
        ("kind\tfrom\tto\nkind\tfrom\tto\n", "line 2, field 'kind'"),
    ],
)
def test_each_mistake_names_its_place(text, says):
    with pytest.raises(DataError) as caught:
        read(text)
    assert says in str(caught.value)


def test_the_message_names_the_file(tmp_path):
    path = tmp_path / "terms.tsv"
    path.write_text("term\ta\n")
    with pytest.raises(DataError, match=r"terms\.tsv, line 1, field 'to'"):
        read_entries(path)


def test_one_word_may_stand_for_two_things_in_two_contexts_and_for_a_third_without():
    rows = ("pull request\tgit", "public relations\tpress", "Puerto Rico")
    assert len(read("".join(f"abbreviation\tPR\t{row}\n" for row in rows))) == 3


def test_entries_that_lead_on_are_no_circle():
    assert circle_in(read("term\ta\tb\nterm\tb\tc\nterm\td\tb\n")) == []


words = st.text(st.sampled_from("abcd"), min_size=1, max_size=2)


@given(st.lists(st.tuples(words, words).filter(lambda pair: pair[0] != pair[1]), max_size=12))
def test_a_circle_is_found_where_there_is_one(pairs):
    entries = [Entry("term", one, other) for one, other in pairs]
    reach = set(pairs)
    for _ in range(20):
        reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    circle = circle_in(entries)
    assert bool(circle) == any(a == b for a, b in reach)
    assert all(entry.goal == following.key for entry, following in zip(circle, circle[1:] + circle[:1], strict=True))


@given(st.text(alphabet=st.sampled_from("term\tprotect\n#ab|kindfrosyx 词\r\x00"), max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    try:
        entries = read(text)
    except DataError as error:
        assert "line" in str(error)
    else:
        assert read("\n".join(["\t".join(COLUMNS), *("\t".join(entry.as_row()) for entry in entries)])) == entries
