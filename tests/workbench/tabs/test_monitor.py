"""The tab that watches, in a real browser."""

from __future__ import annotations

import httpx
import pytest

from ..desk import shot


@pytest.mark.parametrize("language", ["en", "zh"])
def test_decisions_show_as_numbers_and_no_text(page, server, language):
    with httpx.Client(base_url=server, timeout=30) as client:
        for at in range(12):
            texts = [f"secret: the drum sieve number {n} sieves flour" for n in range(at % 4 + 2)]
            client.post("/v1/decide", json={"query": "secret of the sieve", "documents": texts}).raise_for_status()
    browser = page("monitor", language)
    browser.click("#monitor-refresh")
    browser.until("document.querySelectorAll('#monitor-shown .t-histogram').length > 0")
    told = browser.run("document.querySelector('#monitor-shown').innerText")
    assert "tamis-mini" in told and "secret" not in told
    assert {"en": "Expected precision", "zh": "预期准确率"}[language] in told
    shot(browser, f"monitor-{language}")


def test_nothing_that_is_chosen_lets_nothing_decide(page, server):
    with httpx.Client(base_url=server, timeout=30) as client:
        before = client.get("/v1/policies").json()["active"]
        browser = page("monitor")
        browser.click("#monitor-activate")
        browser.until("document.querySelector('#monitor-shown').innerText.length > 100")
        assert client.get("/v1/policies").json()["active"] == before
    assert "from now on" not in browser.run("document.querySelector('#monitor-said').innerText")
