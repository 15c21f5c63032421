"""The tab that rewrites, in a real browser."""

from __future__ import annotations

import json
import zipfile

import pytest

from ..desk import shot, show
from .test_compare import order

PLACES = ["Paris", "Rome", "Oslo", "Lima", "Cairo", "Delhi", "Tokyo", "Quito"]


@pytest.fixture
def talks(tmp_path):
    """A set of eight conversations with two documents a place, as an archive."""
    corpus, queries, qrels = [], [], ["query-id\tcorpus-id\tscore"]
    for at, place in enumerate(PLACES):
        corpus += [
            {"_id": f"p{at}", "text": f"{place} has a population of {at + 2} million people."},
            {"_id": f"r{at}", "text": f"The best restaurants of {place} serve fish and bread."},
        ]
        history = [f"Tell me about {place}."]
        queries.append({"_id": f"q{at}", "text": "what is the population of it?", "history": history})
        qrels.append(f"q{at}\tp{at}\t1")
    path = tmp_path / "talks.zip"
    with zipfile.ZipFile(path, "w") as out:
        for name, rows in (("corpus", corpus), ("queries", queries)):
            out.writestr(f"talks/{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        out.writestr("talks/qrels/test.tsv", "\n".join(qrels) + "\n")
    return path


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_of_a_conversation_stands_alone(page, language):
    browser = page("rewriting", language)
    said = {"en": ("Tell me about throat cancer.", "is it treatable?"), "zh": ("什么是喉癌？", "它能治好吗")}[language]
    texts = {
        "en": "Is it raining?\nThroat cancer is treatable when found early.",
        "zh": "外面下雨了吗。\n喉癌早期发现可以治好。",
    }[language]
    browser.write("#rewriting-history textarea", said[0])
    browser.write("#rewriting-query input, #rewriting-query textarea", said[1])
    browser.write("#rewriting-documents textarea", texts)
    browser.click("#rewriting-run")
    browser.until("!!document.querySelector('#rewriting-shown .t-columns')")
    variants = browser.run("document.querySelector('#rewriting-variants').innerText")
    assert {"en": "throat cancer", "zh": "喉癌"}[language] in variants.split("\n")[1].lower()
    assert order(browser, 2, "rewriting")[0] == texts.splitlines()[1]
    shot(browser, f"rewriting-{language}")


def test_the_gain_is_measured_and_found_again_after_a_reload(page, browser, server, talks):
    page("rewriting")
    browser.run("document.querySelector('#rewriting-gain > button, #rewriting-gain .label-wrap').click()")
    browser.upload("#gain-file input[type=file]", talks)
    browser.until("document.querySelector('#gain-file').innerText.includes('talks')")
    browser.click("#gain-run")
    browser.until("!!document.querySelector('#gain-shown iframe')", 60)
    browser.visit(f"{server}/workbench/en/")
    show(browser, "rewriting")
    browser.run("document.querySelector('#rewriting-gain > button, #rewriting-gain .label-wrap').click()")
    browser.until("!!document.querySelector('#gain-shown iframe')")
    browser.until("document.querySelector('#gain-state').innerText.includes('talks.zip: done')")
    shot(browser, "gain-en")


def test_a_wrong_archive_is_told(page, browser, tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"\x00\x01 no archive")
    page("rewriting")
    browser.run("document.querySelector('#rewriting-gain > button, #rewriting-gain .label-wrap').click()")
    browser.upload("#gain-file input[type=file]", tmp_path / "broken.zip")
    browser.until("document.querySelector('#gain-file').innerText.includes('broken')")
    browser.click("#gain-run")
    browser.until("document.querySelector('#gain-state').innerText.includes('expected a zip archive')")
