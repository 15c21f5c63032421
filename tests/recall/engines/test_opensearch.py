"""OpenSearch and Elasticsearch: what is sent, key by key; keys of both kinds; refusals that are one clear error."""

from __future__ import annotations

import base64

import pytest

from tamis import Document, Query
from tamis.errors import IndexMismatchError, IndexStoreError, RemoteError
from tamis.filters import Filter
from tamis.recall.engines import create_collection, open_collection

from .conftest import HashingEncoder, make_documents
from .searching import Searching


@pytest.fixture(params=["opensearch", "elasticsearch"])
def served(request):
    made = Searching(request.param)
    yield made
    made.close()


@pytest.fixture
def url(served):
    return f"{served.dialect}+{served.url}/law"


def test_what_is_sent(served, url):
    held = create_collection(f"{url}?shards=2&replicas=0", encoder=HashingEncoder(4))
    held.add([Document("a", "drum drum", fields={"year": 1990, "lang": "en", "open": True, "no": None, "a.b": 1})])
    held.search([Query("drum", where=Filter.of({"lang": "en"}))], 5, mode="bm25")
    held.search(["drum"], 5, mode="dense")
    create, _, bulk, words, near = served.sent
    settings = {"similarity": {"tamis": {"type": "BM25", "k1": 0.9, "b": 0.4}}, "number_of_shards": 2}
    knn = {"knn": True} if served.dialect == "opensearch" else {}
    assert create[2]["settings"]["index"] == {**settings, "number_of_replicas": 0, **knn}
    assert create[:2] == ("PUT", "/law") and create[2]["mappings"]["_meta"]["tamis"]["encoder"]["dimension"] == 4
    assert bulk[:2] == ("POST", "/law/_bulk?refresh=true")
    source = bulk[2][1]
    assert source["words"] == "drum drum" and source["numbers"] == {"year": 1990, "a%2Eb": 1}
    assert source["texts"] == {"lang": "en"} and source["truths"] == {"open": True}
    assert source["named"] == ["year", "lang", "open", "a.b"]
    assert words[2] == [
        {},
        {
            "query": {
                "bool": {
                    "should": [{"term": {"words": {"value": "drum", "boost": 1}}}],
                    "minimum_should_match": 1,
                    "filter": [
                        {
                            "bool": {
                                "should": [{"term": {"texts.lang": {"value": "en"}}}],
                                "minimum_should_match": 1,
                            }
                        }
                    ],
                }
            },
            "size": 6,
            "sort": [{"_score": "desc"}, {"id": "asc"}],
            "track_scores": True,
            "_source": ["id", "told"],
            "track_total_hits": False,
        },
    ]
    asked = near[2][1]
    told = asked["query"]["knn"]["dense"] if served.dialect == "opensearch" else asked["knn"]
    assert told["k"] == 6 and told["filter"] == {"bool": {"filter": []}}


def test_keys_of_both_kinds(served, url, monkeypatch):
    monkeypatch.setenv("TAMIS_SEARCH_KEY", "admin:hunter2")
    served.key = "Basic " + base64.b64encode(b"admin:hunter2").decode()
    create_collection(url, encoder=None).add(["drum"])
    monkeypatch.setenv("OTHER", "abc")
    served.key = "ApiKey abc" if served.dialect == "elasticsearch" else "Bearer abc"
    assert len(open_collection(f"{url}?key_env=OTHER")) == 1
    monkeypatch.setenv("TAMIS_SEARCH_KEY", "wrong0123")
    with pytest.raises(RemoteError, match="check the key, which is read from TAMIS_SEARCH_KEY") as caught:
        open_collection(url)
    assert "wrong0123" not in str(caught.value) and caught.value.status == 401


def test_a_document_that_is_refused_is_named_by_the_servers_reason(served, url):
    held = create_collection(url, encoder=HashingEncoder(4))
    served.indexes["law"]["mappings"]["properties"]["dense"] = {"dims": 5, "dimension": 5}
    with pytest.raises(RemoteError, match=r"a document was refused: failed to parse field \['dense'\]"):
        held.add(["drum"])


def test_an_index_that_others_made_is_refused(served, url):
    served.indexes["law"] = {"name": "law", "mappings": {}, "documents": {}}
    with pytest.raises(IndexStoreError, match="tamis did not"):
        open_collection(url)


def test_a_newer_format_is_refused(served, url):
    create_collection(url, encoder=None)
    served.indexes["law"]["mappings"]["_meta"]["tamis"]["version"] = 99
    with pytest.raises(IndexMismatchError, match="newer tamis"):
        open_collection(url)


def test_a_failing_search_is_one_clear_error(served, url):
    held = create_collection(url, encoder=None)
    held.add(make_documents(3))
    del served.indexes["law"]
    with pytest.raises(RemoteError, match="no such index"):
        held.search(["drum"], 5)


def test_long_queries_stay_within_the_servers_clauses(served, url):
    held = create_collection(url, encoder=None)
    held.add(["word1 drum"])
    (found,) = held.search([" ".join(f"word{at}" for at in range(3000))], 5)
    assert len(found) == 1
