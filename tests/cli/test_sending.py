"""``tamis index --to`` and collections' URLs in ``search`` and ``ask``: a folder of Qdrant, a real PostgreSQL."""

import json

import pytest

CORPUS = [
    {"id": "probation", "title": "劳动合同法第十九条", "text": "试用期最长不得超过六个月。", "lang": "zh"},
    {"id": "returns", "title": "消费者权益保护法第二十五条", "text": "网购商品七日内可以无理由退货。", "lang": "zh"},
    {"id": "tamis", "text": "A tamis is a drum sieve that cooks press purées through.", "lang": "en"},
]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    return path


@pytest.fixture(params=["qdrant", "postgresql"])
def url(request, tmp_path):
    if request.param == "qdrant":
        pytest.importorskip("qdrant_client", reason="needs tamis[qdrant]")
        return f"qdrant://{tmp_path}/qdrant?collection=law"
    uri = request.getfixturevalue("postgresql")
    return f"{uri}{'&' if '?' in uri else '?'}table=cli{tmp_path.name[-8:]}"


def test_index_then_search_then_ask(run, corpus, url, tmp_path):
    made = run("index", "--docs", corpus, "--to", url, "--json")
    assert made.code == 0 and json.loads(made.out)["documents"] == 3, made.err
    assert "law" in json.loads(made.out)["index"] or "table" in json.loads(made.out)["index"]
    for query, best in (("试用期有多长", "probation"), ("what sieves purée?", "tamis")):
        ran = run("search", url, query, "--json")
        assert ran.code == 0, ran.err
        shown = json.loads(ran.out)
        assert shown["results"][0]["id"] == best
        assert set(shown["results"][0]["scores"]) >= {"bm25", "dense", "hybrid", "tamis-mini+bm25"}
    asked = run("ask", url, "试用期最长多久", "--json")
    assert asked.code == 0 and "六个月" in json.loads(asked.out)["text"], asked.out
    again = run("index", "--docs", corpus, "--to", url)
    assert again.code == 1 and "is there already" in again.err and "Traceback" not in again.err
    (tmp_path / "new.jsonl").write_text(json.dumps({"id": "rain", "text": "Rain fell."}) + "\n")
    added = run("index", "--docs", tmp_path / "new.jsonl", "--to", url, "--add", "--delete", "tamis", "--json")
    assert json.loads(added.out)["documents"] == 3, added.err
    assert run("index", "--to", url, "--delete", "nothing").err.startswith("error: document id 'nothing' is not in")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("index", "--docs", "CORPUS"), 2, "expected an index folder or --to URL"),
        (("index", "FOLDER", "--docs", "CORPUS", "--to", "qdrant://h/x"), 2, "expected an index folder or --to URL"),
        (("index", "--to", "qdrant://h/x"), 2, "expected --docs FILE"),
        (("index", "--docs", "CORPUS", "--to", "qdrrant://h/x"), 1, "names no engine"),
        (("index", "--docs", "CORPUS", "--to", "./folder"), 1, "names no engine"),
        (("search", "quadrant://h/x", "q"), 1, "names no engine"),
    ],
)
def test_mistakes_are_one_clear_line(run, corpus, tmp_path, arguments, code, message):
    places = {"CORPUS": corpus, "FOLDER": tmp_path / "folder"}
    ran = run(*(places.get(a, a) for a in arguments))
    assert ran.code == code and "Traceback" not in ran.err
    # The frame around a usage error breaks lines where it likes.
    assert message in " ".join(ran.err.replace("│", " ").split())
