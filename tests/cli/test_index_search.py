"""``tamis index`` and ``tamis search``: build, extend, delete, find; errors that say what to do."""

import json

import pytest

from tamis import load_encoder

CORPUS = [
    {"id": "probation", "title": "劳动合同法第十九条", "text": "试用期最长不得超过六个月。"},
    {"id": "returns", "title": "消费者权益保护法第二十五条", "text": "网购商品七日内可以无理由退货。"},
    {"id": "tamis", "text": "A tamis is a drum sieve that cooks press purées through."},
]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    return path


@pytest.fixture
def index(run, corpus, tmp_path):
    assert run("index", tmp_path / "index", "--docs", corpus).code == 0
    return tmp_path / "index"


def test_build_then_search_in_two_languages(run, index):
    for query, best in (("试用期有多长", "probation"), ("what sieves purée?", "tamis"), ("能不能退货", "returns")):
        ran = run("search", index, query, "--json")
        assert ran.code == 0, ran.err
        shown = json.loads(ran.out)
        assert shown["results"][0]["id"] == best
        assert set(shown["results"][0]["scores"]) >= {"bm25", "dense", "hybrid", "tamis-mini+bm25"}


@pytest.mark.parametrize("recall", ["bm25", "dense", "hybrid"])
def test_recall_alone(run, index, recall):
    shown = json.loads(run("search", index, "试用期", "--recall", recall, "--model", "none", "--json").out)
    assert shown["results"][0]["id"] == "probation"
    assert "tamis-mini" not in shown["results"][0]["scores"]


def test_k_and_table(run, index):
    assert len(json.loads(run("search", index, "退货", "-k", 1, "--json").out)["results"]) == 1
    assert "退货" in run("search", index, "退货").out


def test_add_and_delete(run, index, tmp_path):
    (tmp_path / "new.txt").write_text("Rain fell on the harbour.\n")
    ran = run("index", index, "--docs", tmp_path / "new.txt", "--add", "--json")
    assert json.loads(ran.out)["documents"] == 4
    assert json.loads(run("search", index, "rain in the harbour", "--json").out)["results"][0]["id"] == "0"
    assert json.loads(run("index", index, "--delete", "0", "--delete", "tamis", "--json").out)["documents"] == 2
    ids = {r["id"] for r in json.loads(run("search", index, "rain sieve", "--json").out)["results"]}
    assert ids == {"probation", "returns"}


def test_words_only(run, corpus, tmp_path):
    assert run("index", tmp_path / "words", "--docs", corpus, "--encoder", "none").code == 0
    shown = json.loads(run("search", tmp_path / "words", "试用期", "--model", "none", "--json").out)
    assert shown["results"][0]["id"] == "probation"
    assert run("search", tmp_path / "words", "试用期", "--recall", "dense").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("index", "INDEX"), 2, "expected --docs FILE"),
        (("index", "INDEX", "--docs", "CORPUS", "--add"), 1, "probation"),
        (("index", "INDEX", "--delete", "nothing"), 1, "'nothing' is not in the index"),
        (("search", "EMPTY", "q"), 1, "is not an index folder"),
        (("search", "INDEX", " "), 1, "the query is empty"),
        (("search", "INDEX", "q", "--recall", "bm52"), 2, "bm52"),
    ],
)
def test_mistakes_are_one_clear_line(run, index, corpus, tmp_path, arguments, code, message):
    (tmp_path / "empty").mkdir()
    places = {"INDEX": index, "CORPUS": corpus, "EMPTY": tmp_path / "empty"}
    ran = run(*(places.get(a, a) for a in arguments))
    assert ran.code == code
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_an_index_is_not_built_over_by_accident(run, index, corpus):
    ran = run("index", index, "--docs", corpus)
    assert ran.code == 1
    assert len(json.loads(run("search", index, "试用期", "--json").out)["results"]) > 0


def test_a_flipped_byte_is_one_clear_error(run, index):
    path = max(index.glob("*vectors*.npy"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    ran = run("search", index, "试用期")
    assert ran.code == 1
    assert path.name in ran.err


def test_an_encoder_from_a_folder_is_found_from_anywhere(run, corpus, tmp_path, tiny_model, monkeypatch):
    """It is named relative to where the index is built; the index is searched elsewhere."""
    folder = tiny_model("bi_bert")
    monkeypatch.chdir(folder.parent)
    ran = run("index", tmp_path / "index", "--docs", corpus, "--encoder", folder.name, "--json")
    assert (ran.code, json.loads(ran.out)["documents"]) == (0, 3), ran.err
    monkeypatch.chdir(tmp_path)
    ran = run("search", "index", CORPUS[2]["text"], "--recall", "dense", "--model", "none", "--json")
    assert ran.code == 0, ran.err
    (tmp_path / "new.txt").write_text("Rain fell on the harbour.\n")
    assert json.loads(run("index", "index", "--docs", "new.txt", "--add", "--json").out)["documents"] == 4
    ran = run("search", "index", "Rain fell on the harbour.", "--recall", "dense", "--model", "none", "--json")
    results = json.loads(ran.out)["results"]
    encoder = load_encoder(folder)
    query = encoder.encode(["Rain fell on the harbour."], "query")
    texts = {row["id"]: f"{row.get('title', '')}\n{row['text']}".strip() for row in CORPUS}
    expected = {name: float(query[0] @ encoder.encode([text], "document")[0]) for name, text in texts.items()}
    expected[(set(row["id"] for row in results) - set(texts)).pop()] = float(
        query[0] @ encoder.encode(["Rain fell on the harbour."], "document")[0]
    )
    assert {row["id"]: row["scores"]["dense"] for row in results} == pytest.approx(expected, abs=2e-3)


def test_a_build_that_was_interrupted_goes_on(run, tmp_path, monkeypatch):
    rows = [{"id": f"d{at}", "text": f"drum {at}", "even": at % 2 == 0, "year": 1990 + at} for at in range(50)]
    docs = tmp_path / "docs.jsonl"
    docs.write_text("\n".join([*map(json.dumps, rows), '{"id": "broken"']))
    monkeypatch.setattr("tamis.recall.write.RUN", 20)
    monkeypatch.setattr("tamis.recall.write.BLOCK", 10)
    told = run("index", tmp_path / "i", "--docs", docs, "--encoder", "none")
    assert told.code == 1 and "docs.jsonl, line 51" in told.err and "--resume goes on" in told.err
    docs.write_text("\n".join(map(json.dumps, rows)))
    told = run("index", tmp_path / "i", "--docs", docs, "--encoder", "none", "--resume", "--json")
    assert json.loads(told.out)["documents"] == 50
    found = run(
        "search", tmp_path / "i", "drum", "--model", "none", "--json", "--where", "even=true", "--where", "year<1996"
    )
    assert sorted(row["id"] for row in json.loads(found.out)["results"]) == ["d0", "d2", "d4"]


def test_segments_are_merged_when_told(run, tmp_path):
    from tamis.recall import Index, write

    index = Index.build(["drum"], tmp_path / "i", encoder=None)
    before, write.AT_ONCE = write.AT_ONCE, 0
    try:
        for at in range(8):
            index.add([f"drum {at}"])
    finally:
        write.AT_ONCE = before
    assert len(list((tmp_path / "i").glob("*_documents.jsonl"))) == 9
    assert json.loads(run("index", tmp_path / "i", "--merge", "--json").out)["documents"] == 9
    assert len(list((tmp_path / "i").glob("*documents.jsonl"))) == 1
