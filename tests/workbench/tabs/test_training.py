"""The tab that trains, in a real browser: data to model to server, stopped and gone on with, refused in words."""

from __future__ import annotations

import json

import httpx
import pytest

for package in ("torch", "transformers", "safetensors"):
    pytest.importorskip(package)

from ...train.rules import learnable, written  # noqa: E402
from ...train.runs import small_bert  # noqa: E402
from ..desk import shot, show  # noqa: E402
from .test_sandbox import choose  # noqa: E402

LONG = 180  # seconds that a training may take where much else runs


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The folder of a reranker of two small layers."""
    return small_bert(tmp_path_factory.mktemp("base") / "small-bert")


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    return written(learnable(60, 2), tmp_path_factory.mktemp("data") / "labels.jsonl")


def text(browser, label):
    return browser.run(f"document.querySelector('#training-{label}')?.innerText || ''")


def until(browser, label, part, seconds=LONG):
    browser.until(f"(document.querySelector('#training-{label}')?.innerText || '').includes({part!r})", seconds)


def write(browser, label, value):
    browser.write(f"#training-{label} input, #training-{label} textarea", str(value))


def send(browser, *paths, to="data"):
    browser.upload(f"#training-{to} input[type=file]", *paths)
    browser.until("!!document.querySelector('#training-report .t-note')", 60)


def ordered(browser, base, name, steps, language="en"):
    """Fill in what a quick training takes, and begin it."""
    choose(browser, "training-base", {"en": "a folder on the server", "zh": "服务器上的文件夹"}[language])
    browser.until("!!document.querySelector('#training-folder textarea, #training-folder input')")
    for label, value in (("folder", base), ("name", name), ("steps", steps), ("rate", "0.004")):
        write(browser, label, value)
    browser.run("document.activeElement.blur()")
    browser.click("#training-begin")
    until(browser, "said", name)


@pytest.mark.slow
def test_from_labels_to_a_model_that_the_server_asks(page, server, base, labels):
    browser = page("training")
    send(browser, labels)
    until(browser, "report", "60 queries")
    ordered(browser, base, "faq-en", 24)
    until(browser, "state", "step")
    browser.until("!!document.querySelector('#training-state polyline')", LONG)
    shot(browser, "training-en-running")
    until(browser, "state", "done")
    until(browser, "figures", "after training")
    assert "nDCG@10" in text(browser, "figures") and "random order" in text(browser, "figures")
    assert "Calibration: fitted anew" in text(browser, "figures")
    browser.click("#training-errors-fold button")
    browser.until("!!document.querySelector('#training-errors iframe')")
    browser.click("#training-card-fold button")
    until(browser, "card", "faq-en")
    shot(browser, "training-en")
    browser.click("#training-export")
    browser.until("!!document.querySelector('#training-files a[download]')", LONG)
    link = browser.run("document.querySelector('#training-files a').href")
    cookies = browser.send("Network.getCookies", urls=[link])["cookies"]
    packed = httpx.get(link, cookies={one["name"]: one["value"] for one in cookies})
    assert packed.content[:2] == b"PK" and b"faq-en/training/calibration.json" in packed.content
    assert httpx.get(link).status_code == 404  # of somebody else
    browser.click("#training-serve")
    until(browser, "served", "faq-en is served")
    answer = httpx.post(
        f"{server}/v2/rerank", json={"model": "faq-en", "query": "sieve", "documents": ["drum", "rain"]}, timeout=60
    )
    assert answer.status_code == 200 and len(answer.json()["results"]) == 2
    shot(browser, "training-en-served")
    browser.click("#training-serve")
    browser.until("document.body.innerText.includes('was added before')")
    browser.visit(f"{server}/workbench/en/")
    show(browser, "training")
    until(browser, "figures", "after training")  # the page finds its job again
    show(browser, "compare")
    choose(browser, "compare-models", "faq-en")


@pytest.mark.slow
def test_stopped_and_gone_on_with_in_chinese(page, base, labels):
    browser = page("training", "zh")
    send(browser, labels)
    until(browser, "report", "60 个查询")
    choices = "[...document.querySelectorAll('#training-tuning input')]"
    browser.run(f"{choices}.find(e => e.value === 'head')?.click()")
    ordered(browser, base, "faq-zh", 300, "zh")
    browser.until("!!document.querySelector('#training-state polyline')", LONG)
    browser.click("#training-stop")
    until(browser, "state", "已取消")
    assert "检查点已保留，可以继续" in text(browser, "state")
    browser.until("!document.querySelector('#training-again').disabled")
    shot(browser, "training-zh-stopped")
    browser.click("#training-again")
    until(browser, "state", "完成")
    until(browser, "figures", "训练后")
    shot(browser, "training-zh")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"query,document,label\nq,a,1\nq,a,0\nq,b,0\n", "contradictory labels for one query: 1"),
        ("a.csv", b"name,colour\nq,a\n", "colour"),
        ("a.jsonl", b"", "There are no rows"),
        ("a.csv", bytes(range(256)) * 40, "a.csv"),
    ],
)
def test_data_that_cannot_be_trained_on(name, content, said, page, tmp_path):
    browser = page("training")
    (tmp_path / name).write_bytes(content)
    browser.upload("#training-data input[type=file]", tmp_path / name)
    browser.until(f"document.body.innerText.includes({said!r})", 60)
    assert str(tmp_path.name) not in browser.run("document.body.innerText")
    assert "uploads/" not in browser.run("document.body.innerText")
    browser.click("#training-begin")
    browser.until("!!document.querySelector('.toast-body.error, [data-testid=toast-body]')")
    assert "Training of" not in text(browser, "said")


@pytest.mark.slow
def test_contradictions_that_are_settled_stop_nothing(page, tmp_path):
    rows = [{"query": f"q{at}", "document": f"d{at % 3}", "label": at % 2} for at in range(8)]
    rows.append({**rows[0], "label": 1})
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    browser = page("training")
    send(browser, tmp_path / "a.jsonl")
    until(browser, "report", "Training would stop")
    browser.run("[...document.querySelectorAll('#training-conflicts input')].find(e => e.value === 'mean').click()")
    until(browser, "report", "Can be used")
    assert "error" not in text(browser, "report")
    shot(browser, "training-report")


def test_queries_on_both_sides_are_told(page, labels):
    browser = page("training")
    send(browser, labels)
    browser.upload("#training-dev input[type=file]", labels)
    until(browser, "report", "Queries on both sides: 60")


def test_nothing_sent_and_names_that_cannot_be(page, labels):
    browser = page("training")
    browser.click("#training-begin")
    browser.until("document.body.innerText.includes('Upload training data first')")
    send(browser, labels)
    write(browser, "name", "../up")
    browser.run("document.activeElement.blur()")
    browser.click("#training-begin")
    browser.until("document.body.innerText.includes('cannot name a model')")


@pytest.mark.slow
def test_a_phone_shows_all_of_it(page, browser, labels):
    try:
        browser.window(390, 844, phone=True)
        page("training", "zh")
        send(browser, labels)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        shot(browser, "training-phone")
    finally:
        browser.window(1280, 900)
