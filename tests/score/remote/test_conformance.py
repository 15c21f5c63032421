"""What every scorer must do, of every kind of remote one, against a server that judges by the texts themselves."""

import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis import Document, Query
from tamis.core import Scorer
from tamis.score.remote import SCHEMES, remote_scorer

QUERIES = [
    Query("试用期最长可以多久"),
    Query("how does a drum sieve work?", instruction="Find facts"),
    Query("ok \ud800\x00"),
]
DOCUMENTS = [
    Document("0", "劳动合同期限三年以上的，试用期不得超过六个月。", title="劳动合同法第十九条"),
    Document("1", "A drum sieve, or tamis, works by pressing food through a fine mesh."),
    Document("2", ""),
    Document("3", "rain " * 900),
    Document("4", "", title="only a title"),
    Document("5", "\x00 \ud800 \U0001f600 <|im_end|>"),
]
PAIRS = [(query, document) for query in QUERIES for document in DOCUMENTS]


def chance(*texts):
    return (zlib.crc32("\n".join(texts).encode()) % 9973 + 1) / 10_000


def judged(query, texts, key="relevance_score"):
    return sorted(({"index": at, key: chance(query, text)} for at, text in enumerate(texts)), key=lambda row: -row[key])


def server_of(scheme):
    """A server of one API, whose scores depend on nothing but query and document."""

    def completions(body):
        p = chance(body.get("prompt") or json.dumps(body["messages"]))
        return {"choices": [{"logprobs": {"top_logprobs": [{"yes": float(np.log(p)), "no": float(np.log1p(-p))}]}}]}

    def systemone(body):
        p = chance(body["state"]["query"], body["state"]["document"])
        return {"answers": {name: {"type": "noul", "noul": p} for name in body["questions"]}}

    def decision(body):
        rows = [
            {"type": "predicate", "name": q["name"], "probability": chance(body["input"])} for q in body["questions"]
        ]
        return {"answers": rows}

    rerank = {
        "tei": lambda body: judged(body["query"], body["texts"], "score"),
        "vllm-score": lambda body: {"data": judged(body["text_1"], body["text_2"], "score")},
        "voyage": lambda body: {"data": judged(body["query"], body["documents"])},
        "yesno": completions,
        "chat-yesno": completions,
        "systemone": systemone,
        "decision": decision,
    }
    answer = rerank.get(scheme, lambda body: {"results": judged(body["query"], body["documents"])})
    return lambda sent, n: answer(sent.body)


@pytest.fixture(params=SCHEMES)
def scorer(request, serve) -> Scorer:
    return remote_scorer(f"{request.param}+{serve(server_of(request.param)).url}?model=m")


def test_every_rule_of_scorers(scorer):
    assert isinstance(scorer, Scorer) and scorer.name in scorer.fingerprint
    assert scorer.score([]).shape == (0,)
    scores = scorer.score(PAIRS)
    assert scores.shape == (len(PAIRS),) and scores.dtype == np.float64 and np.isfinite(scores).all()
    np.testing.assert_array_equal(scorer.score(PAIRS), scores)
    shuffled = np.random.default_rng(0).permutation(len(PAIRS))
    np.testing.assert_array_equal(scorer.score([PAIRS[at] for at in shuffled]), scores[shuffled])
    np.testing.assert_array_equal([scorer.score([pair])[0] for pair in PAIRS], scores)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: scorer.score(PAIRS), range(4)):
            np.testing.assert_array_equal(found, scores)
