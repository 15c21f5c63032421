"""Titles and headings as queries: what is cut, what is left out and why, and what the round trip makes of the demo."""

from collections import Counter

import pytest

from tamis.core import Document
from tamis.data import read_documents
from tamis.errors import InputError
from tamis.train.sources.derive import Derivation, Lengths, RoundTrip, distinct
from tamis.train.sources.headings import Headings, sections, without
from tamis.train.sources.rows import Derived

BODY = "Rinse the drum sieve with warm water at once, and dry it in a low oven before it rusts."


def derived(*documents, **options):
    return Headings(**options).derive(documents)


def queries(derivation):
    return [(pair.query, pair.origin) for pair in derivation.pairs]


def test_a_title_is_cut_from_the_beginning_of_its_text():
    title = "Cleaning a drum sieve"
    for text in (BODY, f"{title}\n\n{BODY}", f"# {title.upper()}\n{BODY}", f"{title}: {BODY}"):
        (pair,) = derived(Document("1", text, title=title)).pairs
        assert (pair.query, pair.document, pair.source, pair.origin) == (title, BODY, "1", "title")
    (kept,) = derived(Document("1", f"{title}: {BODY}", title=title), keep_title=True).pairs
    assert kept.document == f"{title}: {BODY}"


def test_sections_are_asked_for_by_the_path_of_their_headings():
    text = f"# Tamis\n{BODY}\n## Sieve care ##\n{BODY}\n### Empty\n## Drum\n{BODY}\n"
    expected = [("Tamis", "heading"), ("Tamis: Sieve care", "heading"), ("Tamis: Drum", "heading")]
    found = derived(Document("1", text), lengths=Lengths(least_query=1))
    assert queries(found) == [q for q in expected if q[0] != "Tamis"]  # no word of "Tamis" stands in its text
    assert found.removed == {"no word of the title in the text": 1}
    titled = derived(Document("1", f"## Sieve care\n{BODY}", title="Drum work"))
    assert queries(titled) == [("Drum work", "title"), ("Drum work: Sieve care", "heading")]


def test_a_text_without_title_and_heading_is_an_inverse_cloze_task():
    (pair,) = derived(Document("1", f"How is a sieve washed? {BODY}")).pairs
    assert (pair.query, pair.document, pair.origin) == ("How is a sieve washed?", BODY, "first sentence")
    (chinese,) = derived(
        Document("1", "劳动合同如何解除？用人单位提前三十日以书面形式通知劳动者本人，可以解除劳动合同。")
    ).pairs
    assert chinese.query == "劳动合同如何解除？" and "如何" not in chinese.document


def test_code_and_blank_headings_are_no_headings():
    text = "a\n```\n# comment\n~~~\n```\n#\n#no\n####### seven\n    # indented\n# Real\nb\n"
    assert [section.path for section in sections(text)] == [(), ("Real",)]
    assert sections("# A\n### C\nx\n## B\ny")[1:] == [(("A", "B"), "y")]
    assert sections("") == []


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        (
            [Document(str(at), f"FAQ sieve {BODY} {at}", title="Sieve FAQ") for at in range(3)],
            "query of many documents",
        ),
        ([Document("1", BODY, title="Drum")], "query too short"),
        ([Document("1", BODY, title="drum " * 41)], "query too long"),
        ([Document("1", "A drum sieve.", title="drum sieve")], "document too short"),
        ([Document("1", BODY, title="第四百六十五条")], "no word of the title in the text"),
    ],
)
def test_what_is_left_out_is_counted(documents, why):
    found = derived(*documents)
    assert found.pairs == [] and found.removed == {why: len(documents)}


def test_two_documents_may_share_a_title():
    assert len(derived(*(Document(str(at), BODY + str(at), title="Sieve care") for at in range(2))).pairs) == 2


def test_a_word_that_all_titles_share_tells_nothing():
    documents = [Document(str(at), f"{BODY} {at}", title=f"sieve {'abcdefghij'[at]}x{at}") for at in range(10)]
    assert derived(*documents).removed == {"no word of the title in the text": 10}


@pytest.fixture(scope="module")
def abstracts(demo):
    return list(read_documents(demo / "abstracts" / "corpus.jsonl.gz"))[:300]


def test_abstracts_give_a_pair_each_and_swapped_ones_do_not_come_back(abstracts):
    pairs = Headings().derive(abstracts).pairs
    assert len(pairs) >= 0.99 * len(abstracts)
    assert not any(pair.document.startswith(pair.query) for pair in pairs)
    others = zip(pairs, pairs[7:] + pairs[:7], strict=True)
    wrong = [Derived(one.query, other.document, other.source, "swapped") for one, other in others]
    kept = RoundTrip(top=10).kept([*pairs, *wrong], abstracts)
    origins = Counter(pair.origin for pair in kept)
    assert origins["title"] > 0.97 * len(pairs)  # of all 600, 595 of 599 come back
    assert origins["swapped"] < 0.15 * len(pairs)
    assert Counter(pair.origin for pair in RoundTrip(top=1).kept([*pairs, *wrong], abstracts))["swapped"] <= 2


def test_numbers_of_articles_do_not_pass_the_round_trip(statutes):
    documents = list(statutes.documents.values())[:800]
    found = Headings().derive(documents)
    kept = RoundTrip(top=10).kept(found.pairs, documents)
    assert len(kept) < 0.05 * len(documents)  # of all 2,521 articles, 36


def test_the_round_trip_reports_progress_and_takes_nothing():
    seen = []
    documents = [Document("1", BODY)]
    pairs = [Derived("drum sieve", BODY, "1", "x"), Derived("harbour rain", BODY, "1", "x")]
    kept = RoundTrip(1).kept(pairs, documents, lambda done, all: seen.append((done, all)))
    assert kept == pairs[:1] and seen == [(2, 2)]
    assert RoundTrip().kept([], documents) == []


def test_pairs_of_several_makers_stand_once():
    one = Derived("Why sieve?", BODY, "1", "question")
    again = Derived("why  sieve?", BODY, "1", "model")
    found = distinct([Derivation([one], {"query too long": 2}), Derivation([again], {"query too long": 1})])
    assert found.pairs == [one] and found.removed == {"query too long": 3, "said before": 1}


def test_nothing_and_wrong_options():
    assert derived().pairs == [] and derived(Document("1", "")).pairs == []
    assert without("", BODY) == BODY
    for wrong in (lambda: Headings(repeats=0), lambda: Lengths(5, 4), lambda: Lengths(least_body=0)):
        with pytest.raises(InputError, match="at least 1"):
            wrong()
