"""The tab that compares, in a real browser."""

from __future__ import annotations

import time

import pytest

from ..desk import shot, show

SHOWN = "!!document.querySelector('#compare-shown .t-columns')"

DROP = {"en": "Drop File Here", "zh": "将文件拖放到此处"}  # Gradio's own words


def order(browser, column=1, tab="compare"):
    """The documents of a column, first to last."""
    section = f"document.querySelectorAll('#{tab}-shown section')[{column}]"
    return browser.run(f"[...{section}.querySelectorAll('.t-doc > p:first-of-type')].map(e => e.innerText)")


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_documents_move_beside_their_first_order(page, language):
    browser = page("compare", language)
    query = {"en": "return postage", "zh": "退货运费谁出"}[language]
    documents = {
        "en": "It rains.\nThe buyer pays the return postage.\nGenuine goods.",
        "zh": "今天下雨。\n退货运费由买家承担。\n正品保证。",
    }[language]
    browser.write("#compare-query textarea, #compare-query input", query)
    browser.write("#compare-documents textarea", documents)
    browser.click("#compare-run")
    browser.until(SHOWN)
    lines = documents.splitlines()
    assert order(browser, 0) == lines
    assert order(browser)[0] == lines[1]
    assert "▲1" in browser.run("document.querySelectorAll('#compare-shown section')[1].innerText")
    shot(browser, f"compare-{language}")
    assert browser.run("navigator.language") == {"en": "en-US", "zh": "zh-CN"}[language]
    browser.click("#compare-source label:nth-of-type(2)")
    browser.until(f"document.querySelector('#compare-file')?.innerText.includes({DROP[language]!r})")
    switch = browser.run("document.querySelector('.t-other').getAttribute('href')")
    assert switch == f"/workbench/{'zh' if language == 'en' else 'en'}/"


def test_text_of_users_stays_text(page):
    browser = page("compare")
    browser.write("#compare-query textarea, #compare-query input", "<img src=x onerror=alert(1)>")
    browser.write("#compare-documents textarea", "<script>document.title='broken'</script>\n<b>bold</b>")
    browser.click("#compare-run")
    browser.until(SHOWN)
    assert browser.run("document.title") == "tamis"
    assert browser.run("document.querySelectorAll('#compare-shown b, #compare-shown img').length") == 4  # the places
    assert "<b>bold</b>" in browser.run("document.querySelector('#compare-shown').innerText")


def test_nothing_asked_is_told(page):
    browser = page("compare")
    browser.write("#compare-query textarea, #compare-query input", " ")
    browser.click("#compare-run")
    browser.until("document.body.innerText.includes('the query is blank')")


def test_a_phone_shows_all_of_it(page, browser):
    try:
        browser.window(390, 844, phone=True)
        page("compare", "zh")
        browser.click("#compare-run")
        browser.until(SHOWN)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        shot(browser, "compare-phone")
    finally:
        browser.window(1280, 900)


def test_the_page_stands_at_once_and_a_comparison_is_quick(page, browser, server):
    page("compare")
    browser.click("#compare-run")
    browser.until(SHOWN)  # warm
    browser.visit(f"{server}/workbench/en/")
    browser.until("performance.getEntriesByName('first-contentful-paint').length > 0")
    painted = browser.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 4_000  # half a second where nothing else runs: benchmarks/workbench.py
    browser.until("!!document.querySelector('#compare-run')")
    show(browser, "compare")
    documents = "\n".join(
        f"Rule {at}: goods of kind {at} may be returned within {at} days of purchase." for at in range(20)
    )
    browser.write("#compare-documents textarea", documents)
    began = time.monotonic()
    browser.click("#compare-run")
    browser.until(SHOWN)
    assert time.monotonic() - began < 6
    assert len(order(browser)) == 20
