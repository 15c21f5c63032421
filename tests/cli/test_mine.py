"""``tamis mine``: lists with negatives from a set's folder, a file or an index; and one clear line for each mistake."""

import json

import pytest

from tamis.data import read_training

TOPICS = ("drum sieve", "court contract", "harbour rain", "fever cough", "wing lift")


def texts(path):
    return {example.query: dict(zip(example.documents, example.labels, strict=True)) for example in read_training(path)}


@pytest.fixture
def examples(tmp_path):
    rows = [{"query": f"{topic}?", "document": f"{topic} number {at}", "label": 1} for at, topic in enumerate(TOPICS)]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def corpus(tmp_path):
    rows = [{"id": f"{at}", "text": f"{topic} other {at} text"} for at, topic in enumerate(TOPICS * 5)]
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_sets_folder(run, corpus, tmp_path):
    (tmp_path / "queries.jsonl").write_text('{"id": "q", "text": "drum sieve"}\n{"id": "p", "text": "rain"}\n')
    (tmp_path / "qrels.tsv").write_text("q\t0\t2\nq\t5\t1\nq\t1\t0\np\t2\t1\n")
    out = tmp_path / "mined.jsonl"
    ran = run("mine", tmp_path, "-o", out, "--negatives", 3, "--ranks", "1-20", "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert (shown["queries"], shown["mined"], shown["short"], shown["negatives"]) == (2, 2, 0, 6)
    assert shown["removed"] == {"known positive": 2}
    found = texts(out)["drum sieve"]
    judged = {"drum sieve other 0 text": 2, "drum sieve other 5 text": 1, "court contract other 1 text": 0}
    mined = {f"drum sieve other {at} text": 0 for at in (10, 15, 20)}
    assert found == judged | mined


def test_a_file_with_a_corpus_and_a_table_for_people(run, examples, corpus, tmp_path):
    ran = run("mine", examples, "-o", tmp_path / "m.jsonl", "--corpus", corpus, "--ranks", "1-20", "--negatives", 2)
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "10 negatives for 5 of 5 queries" in said and "queries short of negatives 0" in said
    assert "5 lists" in ran.err
    for query, labels in texts(tmp_path / "m.jsonl").items():
        assert sorted(labels.values()) == [0, 0, 1]
        assert all(query[:5] in text for text in labels)  # BM25 negatives share the query's words


def test_the_files_own_documents_at_random(run, examples, tmp_path):
    for seed in (0, 1):
        out = tmp_path / f"{seed}.jsonl"
        ran = run("mine", examples, "-o", out, "--by", "random", "--negatives", 2, "--seed", seed, "--json")
        assert json.loads(ran.out)["negatives"] == 10
    assert (tmp_path / "0.jsonl").read_text() != (tmp_path / "1.jsonl").read_text()


def test_an_index_that_is_there(run, examples, corpus, tmp_path):
    assert run("index", tmp_path / "index", "--docs", corpus, "--encoder", "none").code == 0
    for by in ("bm25", "random"):
        out = tmp_path / f"{by}.jsonl"
        ran = run("mine", examples, "-o", out, "--corpus", tmp_path / "index", "--by", by, "--ranks", "2-9", "--json")
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["negatives"] > 0
    ran = run("mine", examples, "-o", out, "--corpus", tmp_path / "index", "--by", "dense")
    assert ran.code == 1 and "was built with encoder=None" in ran.err


def test_a_scorer_leaves_a_teachers_scores(run, examples, corpus, tmp_path):
    out = tmp_path / "m.jsonl"
    asked = ("--corpus", corpus, "--ranks", "1-20", "--negatives", 2, "--max-length", 64)
    ran = run("mine", examples, "-o", out, *asked, "--relative-margin", 0.9, "--against", "best", "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert shown["scorer"] == "tamis-mini" and shown["positives"]["count"] == 5
    for example in read_training(out):
        assert len(example.scores) == len(example.documents)
        best = max(s for s, label in zip(example.scores, example.labels, strict=True) if label > 0)
        assert all(s < best for s, label in zip(example.scores, example.labels, strict=True) if label == 0)
    again = run("mine", out, "-o", tmp_path / "again.jsonl", "--ranks", "1-9")
    assert again.code == 1 and "has a teacher's scores, which mined documents would lack" in again.err
    table = run("mine", examples, "-o", out, *asked, "--scorer", "tamis-mini", "--max-score", 30).out
    assert "tamis-mini of positives: median" in table


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere", "-o", "OUT"), 1, "no such file"),
        (("FILE", "-o", "OUT.csv"), 1, "expected a name that ends in .jsonl"),
        (("FILE", "-o", "nofolder/m.jsonl"), 1, "does not exist"),
        (("FILE", "-o", "OUT"), 1, "no negative was found (0 documents tried for 5 queries): try other --ranks"),
        (("FILE", "-o", "OUT", "--ranks", "9-2"), 2, "expected two ranks from 1 on, such as 10-100"),
        (("FILE", "-o", "OUT", "--margin", 1, "--relative-margin", 0.9), 2, "give one"),
        (("FILE", "-o", "OUT", "--relative-margin", 95), 1, "the relative margin must lie in (0, 1]"),
        (("FILE", "-o", "OUT", "--min-score", 2, "--max-score", 1), 1, "must not be above the highest"),
        (("FILE", "-o", "OUT", "--scorer", "tamis-mnii"), 1, "no model 'tamis-mnii'"),
        (("FILE", "-o", "OUT", "--by", "dense", "--encoder", "e6-small"), 1, "e6-small"),
        (("FILE", "-o", "OUT", "--by", "magic"), 2, "--by"),
    ],
)
def test_mistakes_are_one_clear_line_and_leave_nothing(run, examples, tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    places = {"FILE": examples, "OUT": tmp_path / "out.jsonl", "OUT.csv": tmp_path / "out.csv"}
    ran = run("mine", *(places.get(argument, argument) for argument in arguments))
    assert ran.code == code and says in " ".join(ran.err.split()), ran.err
    assert "Traceback" not in ran.err and ran.out == ""
    assert {path.name for path in tmp_path.iterdir()} == {"pairs.jsonl"}
