"""OpenAI's client on ``/v1/embeddings``: floats and base64, unit vectors, nearest first."""

from __future__ import annotations

import asyncio
import math

import pytest

pytest.importorskip("openai", reason="openai is not installed: scripts/clients installs it and runs this")

import openai

from .asked import DOCUMENTS, ENGLISH, ORDER, QUERY

MODEL = "e5-small"


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0) as client:
        yield client


def vectors(client, texts, **more):
    found = client.embeddings.create(model=MODEL, input=texts, **more)
    assert [row.index for row in found.data] == list(range(len(found.data)))
    assert found.model and found.usage.total_tokens > 0
    return [row.embedding for row in found.data]


def test_both_forms_hold_the_same_numbers(client):
    told, packed = vectors(client, DOCUMENTS, encoding_format="float"), vectors(client, DOCUMENTS)
    raw = client.embeddings.create(model=MODEL, input=DOCUMENTS, encoding_format="base64").data
    assert all(isinstance(row.embedding, str) for row in raw), "asked for by name, it is left as it came"
    assert len(told) == len(packed) == len(DOCUMENTS)
    for left, right in zip(told, packed, strict=True):
        assert left == pytest.approx(right, abs=1e-6)
        assert math.hypot(*left) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("query", [QUERY, ENGLISH])
def test_the_answer_is_nearest(client, query):
    (asked,) = vectors(client, query, extra_body={"input_type": "query"})
    near = [sum(a * b for a, b in zip(asked, found, strict=True)) for found in vectors(client, DOCUMENTS)]
    order = sorted(range(len(near)), key=lambda place: -near[place])
    assert order[0] == ORDER[query][0] and order[-1] == ORDER[query][-1]


def test_a_vector_does_not_depend_on_the_others(client):
    (alone,) = vectors(client, DOCUMENTS[2])
    assert alone == pytest.approx(vectors(client, DOCUMENTS)[2], abs=1e-5)


def test_asynchronous(client, server):
    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.key) as asking:
            return await asking.embeddings.create(model=MODEL, input=DOCUMENTS)

    assert len(asyncio.run(ask()).data) == len(DOCUMENTS)


def test_errors_are_those_of_the_sdk(client, server):
    with pytest.raises((openai.BadRequestError, openai.UnprocessableEntityError), match="dimensions"):
        client.embeddings.create(model=MODEL, input="?", dimensions=7)
    with pytest.raises((openai.BadRequestError, openai.UnprocessableEntityError), match="input"):
        client.embeddings.create(model=MODEL, input=[])
    with pytest.raises(openai.AuthenticationError, match="key"):
        client.with_options(api_key="another-key-that-nobody-has").embeddings.create(model=MODEL, input="?")
