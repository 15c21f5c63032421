"""Labelled scores from every form in which people keep them, and errors that say where."""

import json

import numpy as np
import pytest

import tamis
from tamis.errors import DataError, InputError
from tamis.labels import is_scored, open_labelled

ROWS = [
    {"query_id": "q1", "score": 2.5, "label": 1},
    {"query_id": "q1", "score": -1.0, "label": 0},
    {"query_id": "q2", "score": 0.5, "label": 1},
]
TEXTS = [
    {"_id": "cat", "text": "The cat eats fish."},
    {"_id": "mat", "text": "A cat sleeps on the mat."},
    {"_id": "dog", "text": "Dogs bark at night."},
    {"_id": "bank", "text": "Bank rates rise again."},
]
QUERIES = [
    {"_id": "q1", "text": "what does the cat eat"},
    {"_id": "q2", "text": "interest rates of banks"},
    {"_id": "q3", "text": "zzz"},
    {"_id": "unjudged", "text": "dogs"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\tcat\t2\nq1\tmat\t1\nq2\tbank\t2\nq3\tdog\t2\n"


@pytest.fixture(scope="module")
def mini():
    return tamis.load_scorer("tamis-blend")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "set"
    path.mkdir()
    (path / "corpus.jsonl").write_text("\n".join(map(json.dumps, TEXTS)))
    (path / "queries.jsonl").write_text("\n".join(map(json.dumps, QUERIES)))
    (path / "qrels.tsv").write_text(QRELS)
    return path


def written(tmp_path, rows, name="scores.jsonl"):
    path = tmp_path / name
    path.write_text(rows if isinstance(rows, str) else "\n".join(map(json.dumps, rows)), "utf-8")
    return path


def csv_of(rows):
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])


LISTS = [
    {"query_id": "q1", "scores": [2.5, -1.0], "labels": [1, 0]},
    {"query_id": "q2", "scores": [0.5], "labels": [1]},
]
BOOLEANS = [{**row, "label": bool(row["label"])} for row in ROWS]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scores.jsonl", ROWS),
        ("scores.jsonl", BOOLEANS),
        ("scores.jsonl", [{"qid": r["query_id"], "score": r["score"], "grade": r["label"]} for r in ROWS]),
        ("scores.jsonl", [{"query": r["query_id"], "score": str(r["score"]), "relevance": r["label"]} for r in ROWS]),
        ("scores.jsonl", LISTS),
        ("scores.jsonl", [{**row, "true_labels": row["labels"], "labels": None} for row in LISTS]),
        ("scores.json", json.dumps(ROWS, indent=2)),
        ("scores.json", json.dumps(LISTS)),
        ("scores.csv", csv_of(ROWS)),
        ("scores.tsv", csv_of(ROWS).replace(",", "\t")),
        ("scores.csv", 'query_id,scores,labels\nq1,"[2.5, -1.0]","[1, 0]"\nq2,[0.5],[1]\n'),
    ],
)
def test_every_form_of_scores_says_the_same(tmp_path, name, content):
    path = written(tmp_path, content, name)
    found = open_labelled(path)
    assert is_scored(path)
    assert found.data.scores.tolist() == [2.5, -1.0, 0.5] and found.data.labels.tolist() == [1, 0, 1]
    assert found.data.groups.tolist() == [0, 0, 1] and found.data.grouped
    assert found.query_ids == ["q1", "q2"] and found.grades.tolist() == [1, 0, 1]
    assert (found.segments, found.stage, found.fingerprint, found.rankings) == (None, "", "", None)


def test_numbers_are_names_of_queries_too_and_a_query_may_come_back(tmp_path):
    rows = [{**row, "query_id": at % 2} for at, row in enumerate(ROWS)]
    found = open_labelled(written(tmp_path, rows))
    assert found.query_ids == ["0", "1"] and found.data.groups.tolist() == [0, 1, 0]


def test_without_queries_pairs_stand_alone(tmp_path):
    bare = [{key: row[key] for key in ("score", "label")} for row in ROWS]
    for content, name in ((bare, "s.jsonl"), (csv_of(bare), "s.csv")):
        found = open_labelled(written(tmp_path, content, name))
        assert not found.data.grouped and found.query_ids == [] and found.data.queries == 3


def test_lists_without_a_name_are_a_query_each(tmp_path):
    found = open_labelled(written(tmp_path, [{"scores": [1, 2], "labels": [0, 1]}, {"scores": [3], "labels": [1]}]))
    assert found.data.groups.tolist() == [0, 0, 1] and found.query_ids == ["1", "2"]


def test_segments_and_weights_come_along(tmp_path):
    rows = [{**row, "segment": "zh", "weight": at + 1} for at, row in enumerate(ROWS)]
    for content, name in ((rows, "s.jsonl"), (csv_of(rows), "s.csv")):
        found = open_labelled(written(tmp_path, content, name))
        assert found.segments == ["zh"] * 3 and found.data.weights.tolist() == [1, 2, 3]
    partly = csv_of([{**row, "segment": "" if at else "zh"} for at, row in enumerate(ROWS)])
    assert open_labelled(written(tmp_path, partly, "s.csv")).segments == ["zh", "", ""]
    listed = [{**row, "segment": "zh" if at else "en", "weight": 2.5} for at, row in enumerate(LISTS)]
    found = open_labelled(written(tmp_path, listed))
    assert found.segments == ["en", "en", "zh"] and found.data.weights.tolist() == [2.5] * 3
    listed = [{**row, "weights": [at + 1 for at in range(len(row["scores"]))]} for row in LISTS]
    assert open_labelled(written(tmp_path, listed)).data.weights.tolist() == [1, 2, 1]


def test_grades_become_labels_and_are_kept(tmp_path):
    rows = [{**row, "label": grade} for row, grade in zip(ROWS, (3, 1, 2), strict=True)]
    found = open_labelled(written(tmp_path, rows), relevant_if=2)
    assert found.data.labels.tolist() == [1, 0, 1] and found.grades.tolist() == [3, 1, 2]
    with pytest.raises(InputError, match=r"grades \(1, 2, 3\).*--relevant-if 2"):
        open_labelled(written(tmp_path, rows))


def test_a_scorer_says_whose_the_scores_are(tmp_path, mini):
    found = open_labelled(written(tmp_path, ROWS), scorer=mini)
    assert (found.stage, found.fingerprint) == (mini.name, mini.fingerprint)
    assert found.data.scores.tolist() == [2.5, -1.0, 0.5], "they are taken as they are"


@pytest.mark.parametrize(
    ("rows", "line", "says"),
    [
        ([*ROWS, {"query_id": "q", "score": "high", "label": 1}], 4, "field 'score': expected a number, got 'high'"),
        ([*ROWS, {"query_id": "q", "score": None, "label": 1}], 4, "field 'score': expected a value, got null"),
        ([*ROWS, {"query_id": "q", "score": 1}], 4, "field 'label': missing; found: query_id, score"),
        ([*ROWS, {"query_id": "q", "label": 1}], 4, "field 'score': missing"),
        ([*ROWS, {"query_id": "q", "score": 1, "label": "yes"}], 4, "field 'label': expected a number, got 'yes'"),
        ([*ROWS, {"query_id": "q", "score": 1, "label": 1, "weight": "x"}], 4, "field 'weight': expected a number"),
        ([*ROWS, {"query_id": [], "score": 1, "label": 1}], 4, "field 'query_id': expected a string"),
        ([*LISTS, {"scores": [1, 2], "labels": [1]}], 3, "field 'labels': expected 2 labels, one a score, got 1"),
        ([*LISTS, {"scores": [1, "x"], "labels": [1, 0]}], 3, "expected a number, got 'x'"),
        ([*LISTS, {"scores": [1, None], "labels": [1, 0]}], 3, "expected a value, got null"),
        ([*LISTS, {"scores": 1, "labels": [1]}], 3, "field 'scores': expected a list, got 1"),
        ([*LISTS, {"scores": [1], "labels": [1], "weights": [1, 2]}], 3, "expected 1 weights, one a score, got 2"),
        ('{"score": 1, "label": 1}\n{"score": \n', 2, "malformed JSON"),
    ],
)
def test_what_cannot_be_used_is_named_with_file_line_and_field(tmp_path, rows, line, says):
    path = written(tmp_path, rows)
    with pytest.raises(DataError) as caught:
        open_labelled(path)
    assert caught.value.line == line and str(caught.value).startswith(f"{path}, line {line}")
    assert says in str(caught.value)


def test_a_pair_without_a_query_among_others_is_refused(tmp_path):
    with pytest.raises(DataError, match="pair 3 has no query, others have"):
        open_labelled(written(tmp_path, [*ROWS[:2], {"score": 1.0, "label": 0}]))


def test_a_weight_of_nought_is_refused(tmp_path):
    with pytest.raises(InputError, match="weights must be above 0"):
        open_labelled(written(tmp_path, [{**ROWS[0], "weight": 0}, *ROWS]))


@pytest.mark.parametrize("content", ["", "\n\n", "query_id,score,label\n", "[]"])
def test_a_file_without_a_row_is_refused(tmp_path, content):
    for read in (open_labelled, is_scored):
        with pytest.raises(DataError, match="no rows: expected one a scored pair"):
            read(written(tmp_path, content, "s.csv"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.jsonl"):
        open_labelled(tmp_path / "nowhere.jsonl")


EXAMPLES = [
    {"query": QUERIES[0]["text"], "documents": [TEXTS[0]["text"], TEXTS[2]["text"]], "labels": [1, 0]},
    {"query": QUERIES[1]["text"], "documents": [TEXTS[3]["text"]], "labels": [1]},
    {"query": QUERIES[0]["text"], "documents": [TEXTS[3]["text"]], "labels": [0]},
]


@pytest.mark.parametrize("name", ["test.jsonl", "test.json"])
def test_a_test_set_is_scored_here(tmp_path, mini, name):
    content = json.dumps(EXAMPLES, indent=1) if name.endswith(".json") else EXAMPLES
    path = written(tmp_path, content, name)
    told = []
    found = open_labelled(path, scorer=mini, progress=lambda *now: told.append(now))
    assert not is_scored(path)
    assert found.query_ids == [QUERIES[0]["text"], QUERIES[1]["text"]]
    assert found.data.groups.tolist() == [0, 0, 0, 1], "the documents of equal queries belong together"
    assert (found.stage, found.fingerprint) == (mini.name, mini.fingerprint)
    assert told[-1] == (4, 4)
    for number, ranking in enumerate(found.rankings):
        own = found.data.groups == number
        assert ranking.scores.tolist() == found.data.scores[own].tolist()
        for candidate, label in zip(ranking, found.data.labels[own], strict=True):
            (expected,) = mini.score([(ranking.query, candidate.doc)])
            assert candidate.score == pytest.approx(expected, abs=1e-5)
            assert label == any(
                candidate.doc.text == text and grade
                for row in EXAMPLES if row["query"] == ranking.query.text
                for text, grade in zip(row["documents"], row["labels"], strict=True)
            )  # fmt: skip


def test_other_forms_of_test_sets_are_read_too(tmp_path, mini):
    pairs = [{"query": "cat", "document": TEXTS[0]["text"], "label": 2}, {"query": "cat", "document": "x", "label": 1}]
    assert open_labelled(written(tmp_path, pairs), scorer=mini, relevant_if=2).data.labels.tolist() == [1, 0]
    triplets = [{"query": "cat", "positive_doc": TEXTS[0]["text"], "negative_doc": [TEXTS[2]["text"], "x y"]}]
    found = open_labelled(written(tmp_path, triplets), scorer=mini)
    assert sorted(found.grades) == [0, 0, 1] and found.data.scores[found.data.labels == 1] == found.data.scores.max()


def test_what_has_no_scores_needs_a_scorer(tmp_path, folder):
    for source in (folder, written(tmp_path, EXAMPLES)):
        with pytest.raises(InputError, match="holds no scores: say what shall score it"):
            open_labelled(source)


def test_an_evaluation_set_is_recalled_and_scored(folder, mini):
    found = open_labelled(folder, scorer=mini, relevant_if=2)
    assert found.query_ids == ["q1", "q2"], "zzz finds nothing, and what is not judged is left out"
    assert [ranking.query.id for ranking in found.rankings] == ["q1", "q2"]
    assert found.stage == "tamis-blend+bm25", "BM25 is weighed in, so these are other scores than those of texts alone"
    assert found.fingerprint == mini.fingerprint and not is_scored(folder)
    grades = {"cat": 2, "mat": 1, "bank": 2}
    listed = [candidate.doc.id for ranking in found.rankings for candidate in ranking]
    assert found.grades.tolist() == [grades.get(doc, 0) for doc in listed]
    assert found.data.labels.tolist() == [float(grades.get(doc, 0) >= 2) for doc in listed]
    assert open_labelled(folder, scorer=mini, relevant_if=2, k=1).data.groups.tolist() == [0, 1]


def test_the_candidates_of_an_evaluation_set_are_scored_as_texts(folder, mini):
    (folder / "candidates.tsv").write_text("query-id\tcorpus-id\nq1\tdog\nq1\tcat\nq2\tbank\n")
    found = open_labelled(folder, scorer=mini, relevant_if=2)
    assert found.query_ids == ["q1", "q2"], "q3 has no candidates, which is no reason to refuse the others"
    assert found.stage == "tamis-blend"
    assert sorted(candidate.doc.id for candidate in found.rankings[0]) == ["cat", "dog"]


def test_an_evaluation_set_that_finds_nothing_is_refused(folder, mini):
    (folder / "queries.jsonl").write_text(json.dumps(QUERIES[2]))
    with pytest.raises(InputError, match="no query has a candidate"):
        open_labelled(folder, scorer=mini, relevant_if=2)


def test_the_order_of_rows_is_that_of_the_file(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        {"query_id": f"q{rng.integers(9)}", "score": rng.normal(), "label": int(rng.integers(2))} for _ in range(99)
    ]
    found = open_labelled(written(tmp_path, rows))
    assert found.data.scores.tolist() == [row["score"] for row in rows]
    assert [found.query_ids[group] for group in found.data.groups] == [row["query_id"] for row in rows]


def test_a_file_may_say_whose_its_scores_are(tmp_path, mini):
    rows = [ROWS[0] | {"stage": "mini", "scorer": "mini:1"}, *ROWS[1:]]
    for path in (
        written(tmp_path, rows),
        written(tmp_path, [LISTS[0] | {"stage": "mini", "scorer": "mini:1"}], "l.jsonl"),
    ):
        found = open_labelled(path)
        assert (found.stage, found.fingerprint) == ("mini", "mini:1")
    with pytest.raises(InputError, match="says that its scores are those of mini:1, and tamis-blend is"):
        open_labelled(path, scorer=mini)
    own = written(tmp_path, [row | {"stage": mini.name, "scorer": mini.fingerprint} for row in ROWS])
    assert open_labelled(own, scorer=mini).fingerprint == mini.fingerprint
    two = written(tmp_path, [rows[0], ROWS[1] | {"stage": "other", "scorer": "other:1"}])
    with pytest.raises(DataError, match="scores of 2 scorers"):
        open_labelled(two)
