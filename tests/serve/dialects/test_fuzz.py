"""Whatever is sent, every dialect's parser gives a call or a refusal, and answers have the dialect's form."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

import pydantic
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.serve.dialects import Answered, Call, EmbeddingsRequest, Item, PairsRequest, RerankRequest
from tamis.serve.routes.feedback import FeedbackEvent, FeedbackRequest
from tamis.serve.routes.search import DecideRequest, SearchRequest

FIELDS = [
    *("query", "documents", "texts", "text", "model", "top_n", "top_k", "return_documents", "raw_scores"),
    *("truncation", "truncate", "return_text", "max_tokens_per_doc", "priority", "instruction", "text_1", "text_2"),
    *("data_1", "data_2", "queries", "items", "input", "encoding_format", "dimensions", "input_type", "k", "depth"),
    *("policy", "kind", "document", "events", "value", "at", "position", "relevant_spans", "rank_fields", "mode"),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["query", "click"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=8)
texts = st.text(max_size=12)
numbers = st.none() | st.integers(0, 5)
asked = st.fixed_dictionaries(
    {"query": texts, "documents": st.lists(texts | st.fixed_dictionaries({"text": texts}), min_size=1, max_size=5)},
    optional={
        "top_n": numbers, "top_k": numbers, "truncation": st.booleans(), "return_documents": st.none() | st.booleans(),
        "raw_scores": st.none() | st.booleans(), "model": st.none() | texts, "priority": numbers, "unknown": values,
    },
)  # fmt: skip
tei = st.fixed_dictionaries(
    {"query": texts, "texts": st.lists(texts, min_size=1, max_size=5)},
    optional={"return_text": st.booleans(), "raw_scores": st.booleans(), "truncate": st.booleans(), "top_n": numbers},
)
MODELS = [
    RerankRequest, PairsRequest, EmbeddingsRequest, SearchRequest, DecideRequest, FeedbackRequest, FeedbackEvent,
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=400)
@given(body=bodies | values)
def test_anything_is_read_or_refused(model, body):
    try:
        found = pydantic.TypeAdapter(model).validate_python(body)
    except pydantic.ValidationError as error:
        assert error.errors()[0]["msg"]
        return
    try:
        if model is RerankRequest:
            assert isinstance(found.root.call(), Call)
        elif model in (PairsRequest, DecideRequest):
            assert found.read()
        elif model is EmbeddingsRequest:
            assert found.texts()
    except InputError as error:
        assert str(error)


@settings(max_examples=400)
@given(body=asked | tei)
def test_what_a_client_sends_is_meant_and_answered(body):
    request = RerankRequest.model_validate_json(json.dumps(body)).root
    call = request.call()
    given_texts = [one if isinstance(one, str) else one["text"] for one in body.get("documents", body.get("texts"))]
    assert call.query == body["query"] and list(call.documents) == given_texts
    items = [Item(at, 1.0 / (1 + at)) for at in reversed(range(len(given_texts)))]
    answer = json.loads(json.dumps(request.answer(Answered("id", "m", items, 7))))
    if "texts" in body:
        assert [row["index"] for row in answer] == [item.index for item in items], "a bare list of all"
        assert all(("text" in row) == body.get("return_text", False) for row in answer)
        return
    rows = answer["data"] if "data" in answer else answer["results"]
    limit = (body.get("top_k") if "data" in answer else body.get("top_n") or body.get("top_k")) or len(items)
    assert [row["index"] for row in rows] == [item.index for item in items[:limit]]
    if "data" not in answer:
        assert answer["model"] == "m" and answer["usage"]["total_tokens"] == 7, "Haystack's client wants both"
    for row in rows:
        shown = row.get("document")
        text = shown["text"] if isinstance(shown, dict) else shown
        assert text == (given_texts[row["index"]] if body.get("return_documents") else None)
