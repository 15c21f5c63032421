"""Questions by rules, Chinese and English: what they find, what they leave alone, and their origin."""

from collections import Counter

import numpy as np
import pytest

from tamis import Document, Index
from tamis.errors import InputError
from tamis.train.sources.derive import Lengths, RoundTrip
from tamis.train.sources.questions import Keyphrases, Questions, asked, defined, surfaces_of


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("A tamis is a drum sieve.", ["what is a tamis"]),
        ("Rain fell. The drum sieves are the oldest of them.", ["what are the drum sieves"]),
        ("Nixtamal refers to maize cooked in lime.", ["what does Nixtamal mean"]),
        ("OBJECTIVES Low alcohol labels are a set of labels.", ["what are Low alcohol labels"]),
        ("要约是指希望与他人订立合同的意思表示。", ["什么是要约"]),
        ("不可抗力是指不能预见、不能避免且不能克服的客观情况。", ["什么是不可抗力"]),
        ("本法所称缺陷，是指产品存在不合理的危险。", ["什么是缺陷"]),
        ("所谓“善意取得”，指的是受让人不知情。量规是一种量具。", ["什么是善意取得", "什么是量规"]),
    ],
)
def test_definitions_answer_what_they_define(text, queries):
    assert [query for query, _ in defined(text)] == queries
    assert all(body == text for _, body in defined(text))


@pytest.mark.parametrize(
    "text",
    [
        "This is a drum sieve.",
        "It is the oldest one. There is a hole in the mesh.",
        "If the mesh is a fine one, press hard.",
        "The mesh of this sieve is a fine one.",
        "Sieving is tedious. Cooks are proud.",
        "这是一种筛子。它是指鼓形的筛子。前款所称情形是指下列之一。",
        "他们是好人。不他是指非此。",
    ],
)
def test_sentences_that_define_nothing(text):
    assert list(defined(text)) == []


def test_questions_of_a_text_leave_the_rest_as_their_answer():
    text = "Care. Why sieve twice? It takes out lumps.\n可以退货吗？七日内可以。"
    assert list(asked(text)) == [
        ("Why sieve twice?", "Care. It takes out lumps.\n可以退货吗？七日内可以。"),
        ("可以退货吗？", "Care. Why sieve twice? It takes out lumps. 七日内可以。"),
    ]


def test_key_words_are_the_rare_ones_in_the_order_of_the_text():
    corpus = [f"rain on the harbour {word} boats" for word in ("moor", "gale", "tide", "quay")] * 5
    text = "The tamis sieves purée while rain falls on boats, boats, boats; a drum tamis."
    (query, body), *more = Keyphrases.of([*corpus, text])(text)
    assert (query, body, more) == ("tamis sieves purée falls", text, [])


def test_key_words_are_those_that_bm25_finds_the_document_by():
    words = [front + back for front in ("mor", "tid", "gal", "net", "fun") for back in ("lin", "dop", "kur", "vaz")]
    random = np.random.default_rng(0)
    corpus = [" ".join(random.choice(words, 8, p=np.arange(1, 21) / 210)) for _ in range(60)]
    keys, index = Keyphrases.of(corpus), Index.build(corpus, encoder=None)
    for at, text in enumerate(corpus):
        score = {word: index.rank(word, [str(at)], mode="bm25")[0].score for word in set(text.split())}
        rare = {word: s for word, s in score.items() if sum(word in other for other in corpus) <= 12}
        found = next(iter(keys(text)), ("", ""))[0].split()
        assert set(found) <= set(rare) and len(found) == (min(4, len(rare)) if len(rare) > 1 else 0)
        left = [s for word, s in rare.items() if word not in found]
        assert not found or max(left, default=0.0) <= min(score[word] for word in found) + 1e-6


def test_words_are_written_as_in_the_text():
    assert surfaces_of("Sieves, 2024 of U.S. Don't 合同无效") == {
        "siev": "Sieves",
        "don't": "Don't",
        "合同": "合同",
        "无效": "无效",
    }


def test_at_most_so_many_a_document_questions_first():
    text = "Why sieve twice? A tamis is a drum sieve. Mesh is a net. It takes out the last lumps of cold purée."
    corpus = [Document("1", text), *(Document(str(at), f"rain {at} fell on the harbour") for at in range(2, 12))]
    found = [pair for pair in Questions(most=3).derive(corpus).pairs if pair.source == "1"]
    assert [pair.origin for pair in found] == ["question", "definition", "definition"]
    assert Questions(most=2).derive(corpus).removed["more than wanted"] >= 1
    short = Questions(lengths=Lengths(least_body=30)).derive(corpus[:1])
    assert short.pairs == [] and short.removed == {"document too short": 4}


def test_the_statutes_define_their_terms_and_the_round_trip_keeps_most(statutes):
    documents = list(statutes.documents.values())[1000:1500]
    found = Questions().derive(documents)
    origins = Counter(pair.origin for pair in found.pairs)
    assert origins["key words"] > 0.95 * len(documents) and origins["definition"] >= 3
    assert all(pair.query.startswith("什么是") for pair in found.pairs if pair.origin == "definition")
    kept = Counter(pair.origin for pair in RoundTrip(top=10).kept(found.pairs, documents))
    assert kept["key words"] > 0.95 * origins["key words"]
    assert Questions().derive(documents) == found


def test_questions_that_many_documents_ask_are_boilerplate():
    said = "What does this study add? Tide gauge {} was read every morning at the old quay."
    corpus = [Document(f"{at}", said.format(at)) for at in range(3)]
    assert "What does this study add?" not in {pair.query for pair in Questions().derive(corpus).pairs}
    assert Questions().derive(corpus).removed["query of many documents"] >= 3
    assert "What does this study add?" in {pair.query for pair in Questions(repeats=3).derive(corpus).pairs}


def test_nothing_and_wrong_options():
    assert Questions().derive([]).pairs == [] and Questions().derive([Document("1", "")]).pairs == []
    with pytest.raises(InputError, match="must be at least 1, got 0 and 2"):
        Questions(most=0)
