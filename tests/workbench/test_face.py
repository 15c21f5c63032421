"""The workbench beside the API: where it stands, who comes in, what its pages say of themselves."""

import re
from pathlib import Path

import httpx
import pytest

from .desk import serving

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("desk"), TAMIS_API_KEYS=f"shop={KEY},lab={OTHER}") as (_, address):
        yield address


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server, timeout=60, follow_redirects=True) as opened:
        yield opened


def test_the_root_leads_to_the_page_in_the_readers_language(client):
    chinese = client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert chinese.url.path == "/workbench/zh/" and "tamis" in chinese.text
    assert client.get("/", headers={"accept-language": "de,en;q=0.5"}).url.path == "/workbench/en/"
    assert client.get("/").url.path == "/workbench/en/"


def test_the_api_stands_beside_it(client):
    found = client.post("/v2/rerank", json={"query": "a", "documents": ["b"]})
    assert found.status_code == 200
    assert "/workbench" not in client.get("/openapi.json").text


def test_what_browsers_ask_for_is_there(client):
    assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg")
    assert client.get("/manifest.json").json()["start_url"] == "/workbench/"


def test_pages_let_nothing_else_in(client):
    found = client.get("/workbench/en/")
    policy = found.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy
    assert found.headers["x-content-type-options"] == "nosniff"
    cookie = client.get("/workbench/zh/", headers={"cookie": ""}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/workbench" in cookie


@pytest.mark.parametrize(("language", "code"), [("en", "en-US"), ("zh", "zh-CN")])
def test_a_page_says_its_language_first_and_names_no_other_site(client, language, code):
    page = client.get(f"/workbench/{language}/").text
    assert page.index("Object.defineProperty(navigator,'language'") < page.index("gradio_config")
    assert f'lang="{code}"' in page and page.count(code) > 2
    assert "huggingface" not in page.partition("gradio_config")[0] and "githubusercontent" not in page


def test_no_file_of_the_machine_is_given_out(client, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    for path in ("/etc/passwd", tmp_path / "note.txt", Path(__file__), "pyproject.toml", "../../../etc/passwd"):
        found = client.get(f"/workbench/en/gradio_api/file={path}")
        assert found.status_code in (403, 404), path
    for place in ("monitoring", "gradio_api/monitoring/summary", "gradio_api/deep_link", "docs", "openapi.json"):
        assert client.get(f"/workbench/en/{place}").status_code >= 400, place


def test_a_page_of_another_site_may_not_ask(client):
    for origin in ("http://elsewhere.example", "null"):
        refused = client.post("/workbench/en/gradio_api/queue/join", json={}, headers={"origin": origin})
        assert refused.status_code == 403, origin


def test_another_host_may_not_be_called(client):
    assert client.get("/workbench/en/", headers={"host": "elsewhere.example"}).status_code == 421


def test_with_keys_the_page_asks_for_one(locked):
    with httpx.Client(base_url=locked, timeout=60) as client:
        page = {"accept": "text/html"}
        asked = client.get("/workbench/en/", headers=page)
        assert asked.status_code == 303 and asked.headers["location"] == "/workbench/login"
        assert client.get("/workbench/en/config").status_code == 401
        assert client.get("/workbench/files/x/y").status_code == 401
        assert client.post("/workbench/en/gradio_api/upload", files={"files": b"x"}).status_code == 401
        form = client.get("/workbench/login", headers={"accept-language": "zh"})
        assert "API 密钥" in form.text and "default-src 'self'" in form.headers["content-security-policy"]
        wrong = client.post("/workbench/login", data={"key": "0123456789abcdeX"})
        assert wrong.status_code == 401 and "No such key" in wrong.text and not client.cookies
        let_in = client.post("/workbench/login", data={"key": KEY})
        assert let_in.status_code == 303 and KEY not in let_in.headers["set-cookie"]
        assert client.get("/workbench/en/", headers=page).status_code == 200
        client.get("/workbench/logout")
        assert client.get("/workbench/en/", headers=page).status_code == 303


def test_with_keys_the_api_still_wants_them(locked):
    with httpx.Client(base_url=locked, timeout=60) as client:
        client.post("/workbench/login", data={"key": KEY})
        assert client.post("/v2/rerank", json={"query": "a", "documents": ["b"]}).status_code == 401


def test_a_long_form_is_not_read_to_its_end(locked):
    with httpx.Client(base_url=locked, timeout=60) as client:
        assert client.post("/workbench/login", data={"key": "k" * 2_000_000}).status_code == 401


def test_the_pages_of_both_languages_have_the_same_sentences():
    import json
    from importlib.resources import files

    for table in files("tamis.workbench").joinpath("web", "words").iterdir():
        for key, row in json.loads(table.read_text("utf-8")).items():
            assert set(row) == {"en", "zh"}, (table.name, key)
            slots = [set(re.findall(r"\{\w+%?\}", row[language])) for language in ("en", "zh")]
            assert slots[0] == slots[1], (table.name, key)
