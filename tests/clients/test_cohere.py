"""Cohere's own SDK, versions 5 to 7: both of its APIs, its errors, its waiting."""

from __future__ import annotations

import asyncio
import time

import pytest

pytest.importorskip("cohere", reason="cohere is not installed: scripts/clients installs it and runs this")

import cohere
from cohere.core import ApiError

from .asked import DOCUMENTS, ENGLISH, LATE, MODEL, QUERY, right

ASKED = {"model": MODEL, "query": QUERY, "documents": DOCUMENTS}
ONCE = {"max_retries": 0}


@pytest.fixture
def v2(server):
    with cohere.ClientV2(api_key=server.key, base_url=server.url) as client:
        yield client


@pytest.fixture
def v1(server):
    with cohere.Client(api_key=server.key, base_url=server.url) as client:
        yield client


def pairs(found):
    return [(row.index, row.relevance_score) for row in found.results]


@pytest.mark.parametrize("query", [QUERY, ENGLISH])
@pytest.mark.parametrize("top", [None, 1, 3, 5])
def test_v2(v2, query, top):
    found = v2.rerank(model=MODEL, query=query, documents=DOCUMENTS, **({"top_n": top} if top else {}))
    right(pairs(found), top or 5, query)
    assert found.id and found.meta.api_version.version == "2" and found.meta.billed_units.search_units == 1


@pytest.mark.parametrize("client", ["AsyncClientV2", "AsyncClient"])
def test_asynchronous_and_several_at_once(server, client):
    async def ask():
        async with getattr(cohere, client)(api_key=server.key, base_url=server.url) as asking:
            return await asyncio.gather(
                *(asking.rerank(model=MODEL, query=q, documents=DOCUMENTS, top_n=3) for q in (QUERY, ENGLISH, QUERY))
            )

    for query, found in zip((QUERY, ENGLISH, QUERY), asyncio.run(ask()), strict=True):
        right(pairs(found), 3, query)


@pytest.mark.parametrize("documents", [DOCUMENTS, [{"text": text} for text in DOCUMENTS]], ids=["texts", "objects"])
def test_v1_gives_documents_back_where_asked(v1, documents):
    found = v1.rerank(model=MODEL, query=QUERY, documents=documents, top_n=3, return_documents=True)
    right(pairs(found), 3)
    assert [row.document.text for row in found.results] == [DOCUMENTS[row.index] for row in found.results]
    bare = v1.rerank(model=MODEL, query=QUERY, documents=documents)
    right(pairs(bare))
    assert not any(row.document for row in bare.results)


def test_the_vendor_s_own_name_of_a_model_means_the_default(v2):
    right(pairs(v2.rerank(**{**ASKED, "model": "rerank-v3.5"})))


def test_no_more_of_a_document_is_read_than_is_asked_for(v2):
    asked = {"model": MODEL, "query": QUERY, "documents": [LATE, DOCUMENTS[4]]}
    whole, start = v2.rerank(**asked), v2.rerank(**asked, max_tokens_per_doc=24)
    assert [row.index for row in whole.results] == [0, 1]
    assert [row.index for row in start.results] == [1, 0], "the answer stands behind the first tokens"
    right(pairs(v2.rerank(**ASKED, max_tokens_per_doc=4096)))


def test_relevant_spans(v2):
    if not hasattr(cohere, "RerankRelevantSpans"):
        pytest.skip("this version of cohere does not ask for spans")
    asked = cohere.RerankRelevantSpans(mode="enabled", max_spans=2)
    best = v2.rerank(**ASKED, relevant_spans=asked).results[0]
    text = DOCUMENTS[best.index]
    assert 1 <= len(best.relevant_spans) <= 2
    assert all(0 <= span.start < span.end <= len(text) for span in best.relevant_spans)
    scores = [span.score for span in best.relevant_spans]
    assert scores == sorted(scores, reverse=True)
    assert "退款" in text[best.relevant_spans[0].start : best.relevant_spans[0].end]


ERRORS = [
    ({"query": " "}, cohere.BadRequestError, 400, "blank"),
    ({"model": "tamis-maxi"}, cohere.NotFoundError, 404, "tamis-mini"),
    ({"documents": []}, cohere.UnprocessableEntityError, 422, "documents"),
    ({"top_n": -1}, cohere.UnprocessableEntityError, 422, "top_n"),
    ({"documents": ["长" * 6_000_000]}, ApiError, 413, "larger"),
]


@pytest.mark.parametrize(("wrong", "error", "status", "said"), ERRORS, ids=[f"{e[2]}-{e[3]}" for e in ERRORS])
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_errors_are_those_of_the_sdk(request, api, wrong, error, status, said):
    client = request.getfixturevalue(api)
    with pytest.raises(error) as caught:
        client.rerank(**{**ASKED, **wrong}, request_options=ONCE)
    assert caught.value.status_code == status and said in caught.value.body["message"]


@pytest.mark.parametrize("client", ["Client", "ClientV2"])
def test_wrong_keys_and_wrong_places(server, client):
    stranger = getattr(cohere, client)(api_key="another-key-that-nobody-has", base_url=server.url)
    with stranger, pytest.raises(cohere.UnauthorizedError) as caught:
        stranger.rerank(**ASKED)
    assert "key" in caught.value.body["message"]
    lost = getattr(cohere, client)(api_key=server.key, base_url=f"{server.url}/elsewhere")
    with lost, pytest.raises(cohere.NotFoundError):
        lost.rerank(**ASKED)


def test_who_asks_too_often_waits_as_long_as_is_said(limited):
    with cohere.ClientV2(api_key=limited.key, base_url=limited.url) as client:
        for _ in range(20):  # until the wait is longer than the SDK's own, after which it would be refused again
            refused = refusal(client)
            seconds = int({name.lower(): value for name, value in refused.headers.items()}["retry-after"])
            if seconds > 2:
                break
            time.sleep(0.5)
        assert 2 < seconds <= 4 and "come again" in refused.body["message"]
        began = time.monotonic()
        right(pairs(client.rerank(**ASKED, request_options={"max_retries": 1})))
        assert time.monotonic() - began >= seconds - 1


def refusal(client):
    """What a client is told that does not stop asking."""
    with pytest.raises(cohere.TooManyRequestsError) as caught:
        for _ in range(5):
            client.rerank(**ASKED, request_options=ONCE)
    return caught.value
