"""From URLs to engines: one table, errors that name what is known, keys and passwords in none of them."""

from __future__ import annotations

import pytest

from tamis.errors import InputError, RemoteError, TamisError
from tamis.recall import Index, IndexRetriever
from tamis.recall.engines import create_collection, is_url, open_collection, open_retriever
from tamis.recall.engines.address import address, key
from tamis.recall.engines.open import SCHEMES


def test_a_folder_is_an_index(tmp_path):
    Index.build(["a drum sieve"], tmp_path / "index", encoder=None)
    found = open_retriever(tmp_path / "index", mode="bm25")
    assert isinstance(found, IndexRetriever) and found.mode == "bm25"
    assert not is_url(tmp_path) and not is_url("C:\\index") and is_url("nosuch://host")


def test_an_unknown_scheme_names_those_that_are_known():
    with pytest.raises(InputError, match="'qdrnt' names no engine") as caught:
        open_collection("qdrnt://user:secret@host/law")
    assert all(scheme in str(caught.value) for scheme in SCHEMES) and "did you mean qdrant:?" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("qdrant://me:hunter2@host:6333/law", "must not hold a name or password"),
        ("opensearch+https://me:hunter2@host/law", "must not hold a name or password"),
        ("qdrant://host:notaport/law", "cannot be read"),
        ("qdrant://host/law?colection=x", "did you mean 'collection'"),
        ("qdrant://host/law?api_key=hunter2", "a key never belongs into a URL"),
        ("qdrant://host/law?timeout=long", "'timeout' must be a whole number, got 'long'"),
        ("qdrant://host/law?timeout=1&timeout=2", "stands twice"),
        ("qdrant://host/a%3Cb", "has no collection 'a<b'"),
        ("qdrant://host/law?key_env=NO_SUCH_VARIABLE", "'NO_SUCH_VARIABLE', which the URL names for its key, is not"),
        ("opensearch+http://host", "can have no index ''"),
        ("opensearch+http://host/Law", "in lower case"),
        ("elasticsearch+http://host/_all", "can have no index '_all'"),
        ("postgresql://host/db?tabel=law", "cannot be read"),
        ("postgresql://me:hunter2@host/db?table=", "can have no table ''"),
        (f"postgresql://host/db?table={'x' * 60}", "can have no table"),
    ],
)
def test_urls_that_cannot_be_used(url, says):
    with pytest.raises(InputError, match=says) as caught:
        create_collection(url, encoder=None)
    assert "hunter2" not in str(caught.value)


def test_a_key_is_not_sent_unencrypted(monkeypatch):
    monkeypatch.setenv("QDRANT_API_KEY", "hunter2")
    for near in ("qdrant://127.evil.org/law", "qdrant://localhost.evil.org/law"):
        with pytest.raises(InputError, match="unencrypted"):
            open_collection(near)
    with pytest.raises(InputError, match="would go to host unencrypted") as caught:
        open_collection("qdrant://host/law")
    assert "hunter2" not in str(caught.value)
    assert key("QDRANT_API_KEY", "QDRANT_API_KEY", address("qdrant://127.0.0.1/law"), encrypted=False) == "hunter2"
    assert key("", "QDRANT_API_KEY", address("qdrant://host/law"), encrypted=False) == ""


@pytest.mark.parametrize(
    "url",
    [
        "qdrant://127.0.0.1:9/law?timeout=2",
        "postgresql://me:hunter2@127.0.0.1:9/db?table=law",
        "postgresql://127.0.0.1:9/db?password=hunter2",
    ],
)
def test_a_server_that_is_not_there_is_one_clear_error(url):
    pytest.importorskip("psycopg")
    with pytest.raises(RemoteError, match="check the URL and that the server runs") as caught:
        open_collection(url)
    assert isinstance(caught.value, TamisError)
    assert "hunter2" not in str(caught.value) and "hunter2" not in repr(caught.value.__context__)
    assert "127.0.0.1" in str(caught.value)


def test_an_address_shows_no_password():
    assert "hunter2" not in repr(address("postgresql://me:hunter2@host/db", password=True))
