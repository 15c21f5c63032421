"""URLs as specs: what each part means, what is refused, and that keys go only where they may."""

import pytest

from tamis import Document, Query
from tamis.core import Scorer
from tamis.errors import InputError, ModelError
from tamis.score.remote import SCHEMES, remote_scorer

PAIR = (Query("q"), Document("a", "d"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_makes_a_scorer_without_asking_anyone(scheme):
    scorer = remote_scorer(f"{scheme}+http://127.0.0.1:9?model=m")
    assert isinstance(scorer, Scorer)
    assert scorer.name == f"{scheme}:m"
    assert scorer.fingerprint.startswith(f"{scheme}:m@http://127.0.0.1:9/")
    assert scorer.score([]).shape == (0,)


def test_the_schemes_are_those_of_the_documentation():
    rerank = {"cohere", "cohere-v1", "jina", "voyage", "tei", "vllm", "vllm-score", "xinference", "infinity"}
    assert set(SCHEMES) == rerank | {"yesno", "chat-yesno", "decision", "systemone"}


def test_options_reach_their_places():
    scorer = remote_scorer(
        "jina+https://api.jina.ai/v1?model=jina-reranker-v3&scores=raw&listwise=1&batch=50&timeout=2.5&retries=0"
        "&connections=2&instruction=prefix"
    )
    assert (scorer.model, scorer.raw, scorer.depends_on_companions) == ("jina-reranker-v3", True, True)
    assert (scorer.options.batch, scorer.options.instruction) == (50, "prefix")
    assert (scorer.client.options.timeout, scorer.client.options.retries, scorer.client.options.connections) == (
        2.5,
        0,
        2,
    )
    assert scorer.fingerprint.startswith("jina:jina-reranker-v3@https://api.jina.ai/v1/rerank(")


def test_a_path_takes_the_place_of_the_api_s_own(serve):
    server = serve(lambda sent, n: {"answers": {"d0": {"type": "noul", "noul": 0.5}}})
    remote_scorer(f"systemone+{server.url}?model=pplx-decider&path=/v1/decisions").score([PAIR])
    assert server.sent[0].path == "/v1/decisions"


@pytest.mark.parametrize(
    ("tail", "model"),
    [
        ("?model=Qwen/Qwen3-Reranker-0.6B", "Qwen/Qwen3-Reranker-0.6B"),
        ("#rerank-v3.5", "rerank-v3.5"),
        ("?batch=2#a%20b", "a b"),
        ("?model=a+b", "a+b"),
        ("?model=m#m", "m"),
    ],
)
def test_a_model_is_named_in_the_query_or_behind_the_hash(tail, model):
    assert remote_scorer(f"vllm+http://127.0.0.1:8000{tail}").model == model


@pytest.mark.parametrize(
    "url", ["https://api.cohere.com", "http://127.0.0.1:8080", "ftp://x", "cohere://api.cohere.com"]
)
def test_a_url_that_does_not_say_its_api_is_an_error_that_lists_them(url):
    with pytest.raises(ModelError, match="does not say which API the server speaks") as caught:
        remote_scorer(url)
    assert all(scheme in str(caught.value) for scheme in SCHEMES)


def test_a_misspelt_scheme_gets_a_suggestion():
    with pytest.raises(ModelError, match=r"Did you mean cohere\+https://\?"):
        remote_scorer("coher+https://api.cohere.com")


@pytest.mark.parametrize(
    ("tail", "text"),
    [
        ("?modle=x", "unknown option 'modle': did you mean 'model'?"),
        ("?question=choice", "unknown option 'question': .*known are model, path"),
        ("?batch=many", "option 'batch' must be a whole number, got 'many'"),
        ("?timeout=soon", "option 'timeout' must be a number, got 'soon'"),
        ("?listwise=perhaps", "option 'listwise' must be 1 or 0, got 'perhaps'"),
        ("?scores=logit", "scores must be one of auto, raw, sigmoid, got 'logit'"),
        ("?connections=0", "connections must be at least 1"),
        ("?batch=1&batch=2", "option 'batch' stands twice"),
        ("?model=a#b", "the model is named twice"),
        ("?key_env=NO_SUCH_KEY", "the environment variable 'NO_SUCH_KEY', which the URL names for its key, is not set"),
    ],
)
def test_options_that_cannot_be_are_refused(tail, text):
    with pytest.raises(InputError, match=text):
        remote_scorer(f"tei+http://127.0.0.1:8080{tail}")


@pytest.mark.parametrize(
    "url", ["tei+http://", "tei+http:///rerank", "tei+http://h:port", "tei+http://[::1", "tei+http://h:99999"]
)
def test_urls_that_name_no_server_are_refused(url):
    with pytest.raises(InputError):
        remote_scorer(url)


def test_passwords_in_urls_are_refused_without_showing_them():
    with pytest.raises(InputError, match="must not hold a name or password: set the variable TAMIS_API_KEY") as caught:
        remote_scorer("cohere+https://user:hunter2@api.cohere.com?model=m")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["key", "api_key", "apikey"])
def test_keys_in_urls_are_refused_without_showing_them(name):
    with pytest.raises(InputError, match=rf"unknown option '{name}'.*a key never belongs into a URL") as caught:
        remote_scorer(f"cohere+https://api.cohere.com?model=m&{name}=hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_key_comes_from_the_environment(serve, monkeypatch):
    server = serve(lambda sent, n: [{"index": 0, "score": 0.5}])
    monkeypatch.setenv("TAMIS_API_KEY", "usual-key")
    monkeypatch.setenv("OTHER_KEY", "other-key")
    for tail in ("", "?key_env=OTHER_KEY", "?key_env="):
        remote_scorer(f"tei+{server.url}{tail}").score([PAIR])
    assert [sent.headers.get("authorization") for sent in server.sent] == ["Bearer usual-key", "Bearer other-key", None]


def test_a_key_does_not_leave_this_machine_unencrypted(monkeypatch):
    monkeypatch.setenv("TAMIS_API_KEY", "usual-key")
    with pytest.raises(
        InputError, match=r"the key of TAMIS_API_KEY would go to 10\.0\.0\.5 unencrypted: use https"
    ) as caught:
        remote_scorer("tei+http://10.0.0.5:8080")
    assert "usual-key" not in str(caught.value)
    for url in ("tei+http://10.0.0.5:8080?insecure=1", "tei+http://10.0.0.5:8080?key_env=", "tei+https://10.0.0.5"):
        remote_scorer(url)
    for local in ("127.0.0.1", "localhost", "[::1]"):
        remote_scorer(f"tei+http://{local}:8080")


def test_the_key_is_in_no_name_fingerprint_or_representation(monkeypatch):
    monkeypatch.setenv("TAMIS_API_KEY", "usual-key")
    scorer = remote_scorer("cohere+https://api.cohere.com?model=m")
    assert not [
        text for text in (scorer.name, scorer.fingerprint, repr(scorer), repr(scorer.client)) if "usual-key" in text
    ]
