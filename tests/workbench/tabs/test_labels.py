"""The tab that labels, in real browsers: two people, a key a pair, a code to come in by, and files that others read."""

from __future__ import annotations

import contextlib
import json
import time

import httpx
import pytest

from tamis.data.agree import read_labels
from tamis.labelling.queue import shared
from tamis.labels import open_labelled

from ...browser import Browser, found
from ..desk import shot, show
from .test_sandbox import choose

PAIR = "document.querySelector('#labels-pair .t-pair')?.dataset.item"
TEXTS = {
    "en": ("Can I return product {at}?", "You may return product {at} within seven days; the buyer pays the postage."),
    "zh": ("第{at}号商品可以退货吗？", "第{at}号商品签收七天内可以无理由退货，退货运费由买家承担。"),
}


@pytest.fixture
def browsers(tmp_path, server):
    """Opens the tab for people who share nothing."""
    if not found():
        pytest.skip("no Chromium is installed: set TAMIS_BROWSER to one")
    with contextlib.ExitStack() as stack:

        def another(language: str = "en") -> Browser:
            opened = stack.enter_context(Browser(found(), tmp_path / f"profile-{time.monotonic_ns()}"))
            opened.window(1280, 900)
            come(opened, server, language)
            return opened

        yield another


def come(browser, server, language="en"):
    browser.visit(f"{server}/workbench/{language}/")
    show(browser, "labels")


def pairs(path, language="en", count=30, scored=True):  # a fifth of them is drawn
    query, document = TEXTS[language]
    rows = [{"id": f"p{at}", "query": query.format(at=at), "document": document.format(at=at)} for at in range(count)]
    scores = [{"score": 5 - at / 4} if scored else {} for at in range(count)]
    lines = (json.dumps({**row, **score}, ensure_ascii=False) + "\n" for row, score in zip(rows, scores, strict=True))
    path.write_text("".join(lines), "utf-8")
    return path


def write(browser, label, text):
    browser.write(f"#labels-{label} input, #labels-{label} textarea", str(text))


def unfold(browser, label):
    head = f"document.querySelector('#labels-{label} > button, #labels-{label} .label-wrap')"
    browser.until(f"!!{head}")
    if not browser.run(f"{head}.classList.contains('open')"):
        browser.run(f"{head}.click()")


def says(browser, label, part, seconds=30):
    browser.until(f"(document.querySelector('#labels-{label}')?.innerText || '').includes({part!r})", seconds)


def fill(browser, path, title, name, budget=6, overlap=0.5):
    """The form for a new project."""
    unfold(browser, "new")
    browser.upload("#labels-pairs input[type=file]", path)
    browser.until("!!document.querySelector('#labels-held .t-note')")
    for label, value in (("title", title), ("founder", name), ("budget", budget), ("precision", 0.6)):
        write(browser, label, value)
    browser.write("#labels-overlap input[type=number]", str(overlap))


def create(browser, path, title, name, **more):
    """Make a project, and wait for its first pair; returns its code."""
    fill(browser, path, title, name, **more)
    browser.click("#labels-create")
    browser.until(f"!!{PAIR}", 60)
    unfold(browser, "making")
    browser.until("!!document.querySelector('#labels-invited .t-code')")
    return browser.run("document.querySelector('#labels-invited .t-code').textContent")


def join(browser, code, name):
    unfold(browser, "join")
    write(browser, "code", code)
    write(browser, "name", name)
    browser.click("#labels-join-run")


def press(browser, key):
    code = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}"
    for kind in ("keyDown", "keyUp"):
        given = {"text": key} if kind == "keyDown" else {}
        browser.send("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=ord(key.upper()),
                     **given)  # fmt: skip


def label(browser, key):
    """Press a key, and wait for what comes then; returns the pair that was there, and the seconds."""
    item = browser.run(PAIR)
    browser.run(
        "new Promise(done => setTimeout(done, 260))"
    )  # a second key too soon after the first one counts as none
    began = time.monotonic()
    press(browser, key)
    browser.until(f"{PAIR} !== {item!r}")
    return item, time.monotonic() - began


def finish(browser, say):
    """Label until nothing is left; returns what was said of each pair."""
    done = {}
    while browser.run(PAIR):
        key = say(browser.run(PAIR))
        item, _ = label(browser, key)
        assert item not in done, "nobody gets a pair twice"
        done[item] = key
    return done


def blurred(browser):
    browser.run("document.activeElement?.blur()")


def test_two_people_label_one_project_and_a_third_sees_nothing(page, browsers, server, tmp_path):
    ann, bob, eve = page("labels"), browsers(), browsers()
    code = create(ann, pairs(tmp_path / "pairs.jsonl"), "Returns", "Ann")
    assert "score" not in ann.run("document.querySelector('#labels-pair').innerText").lower()
    join(bob, "AAAAA-AAAAA-AAAAA-AAAAA", "Bob")
    bob.until("document.body.innerText.includes('no project has this code')")
    join(bob, code.lower(), "ann")
    bob.until("document.body.innerText.includes('somebody else is called')")
    join(bob, code, "Bob")
    says(bob, "said", "You are in: Returns")
    bob.until(f"!!{PAIR}")
    blurred(ann)
    blurred(bob)
    first, seconds = label(ann, "2")
    assert seconds < 3  # 0.1 where nothing else runs
    says(ann, "line", "last: relevant")
    second, _ = label(ann, "1")
    label(ann, "u")
    assert ann.run(PAIR) == second
    said = {first: "2", second: "2"}
    label(ann, "2")
    skipped, _ = label(ann, "0")
    come(ann, server)  # goes on where one was
    ann.until(f"!!{PAIR}")
    assert ann.run(PAIR) not in (first, second, skipped)
    says(ann, "line", "2 by you")
    said |= finish(ann, lambda item: "2")
    theirs = finish(bob, lambda item: "1" if item == first else "2")
    assert skipped in theirs and skipped not in said
    both = {item for item in said if item in theirs}
    assert {item for item in (*said, *theirs) if shared(item, 0.5)} - both <= {skipped}
    unfold(ann, "standing")
    says(ann, "stands", "Cohen's kappa")
    says(ann, "stands", f"Agreement on {len(both)} pairs")
    disputed = 1 if first in both else 0
    says(ann, "stands", f"wait for a third: {disputed}")
    says(ann, "stands", "Promise: 60.0 %")
    unfold(ann, "making")
    shot(ann, "labels-en-standing")
    assert eve.run("document.querySelector('#labels-project')") is None or not eve.run(PAIR)
    says(eve, "said", "You are in no project yet")
    exported(ann, eve, server, said, theirs, tmp_path)
    choose(ann, "labels-member", "Bob")
    ann.click("#labels-dismiss")
    says(ann, "managed", "Bob is let in no more")
    assert ann.run("document.querySelector('#labels-invited .t-code').textContent") != code
    bob.until("!(document.querySelector('#labels-work')?.offsetParent)")  # without asking for it
    assert bob.complaints() == [] == eve.complaints()


def exported(ann, eve, server, said, theirs, tmp_path):
    """The files are read by others, and fetched by members only."""
    links = ann.run("[...document.querySelectorAll('#labels-stands a.t-file')].map(e => e.getAttribute('href'))")
    assert [link.rsplit("/", 1)[1] for link in links] == [
        "labels.jsonl", "labels.csv", "annotations.jsonl", "annotations.csv"]  # fmt: skip
    cookies = {one: cookies_of(one, server) for one in (ann, eve)}
    for link in links:
        assert httpx.get(f"{server}{link}").status_code == 404
        assert httpx.get(f"{server}{link}", cookies=cookies[eve]).status_code == 404
        answer = httpx.get(f"{server}{link}", cookies=cookies[ann])
        assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
        (tmp_path / link.rsplit("/", 1)[1]).write_bytes(answer.content)
    for name in ("labels.jsonl", "labels.csv"):
        assert len(open_labelled(tmp_path / name).data) == len({*said, *theirs})
    table = read_labels(tmp_path / "annotations.csv")
    assert set(table.annotators) == {"Ann", "Bob"} and int(table.counts.sum()) == len(said) + len(theirs)
    assert httpx.get(f"{server}{links[0].rsplit('/', 1)[0]}/shared.json", cookies=cookies[ann]).status_code == 404


def cookies_of(browser, server):
    found = browser.send("Network.getCookies", urls=[f"{server}/workbench/"])["cookies"]
    return {one["name"]: one["value"] for one in found}


@pytest.mark.slow
def test_chinese_pairs_with_three_grades_scored_by_the_server(page, server, tmp_path):
    browser = page("labels", "zh")
    fill(browser, pairs(tmp_path / "pairs.jsonl", "zh", scored=False), "退货问答", "小李", budget=6)
    says(browser, "held", "没有分数")
    write(browser, "grades", "不相关，部分相关，相关")
    write(browser, "guidelines", "文档直接回答了问题才算相关；\n只沾边的选“部分相关”。")
    browser.until("document.querySelector('#labels-least input')?.value === '部分相关'")
    press(browser, "1")  # typed into the box, and no label
    browser.click("#labels-create")
    browser.until(f"!!{PAIR}", 60)
    blurred(browser)
    assert "号商品可以退货吗" in browser.run("document.querySelector('.t-asked').innerText")
    assert browser.run("document.querySelector('#labels-grade-2').innerText") == "2 · 部分相关"
    says(browser, "line", "已标 0 / 6 对")
    label(browser, "3")
    label(browser, "s")
    label(browser, "2")
    shot(browser, "labels-zh")
    unfold(browser, "standing")
    says(browser, "stands", "还无法判断")
    managed(browser)


def managed(browser):
    """Instruct, draw another round, delete."""
    unfold(browser, "making")
    write(browser, "instruct", "新的准则")
    browser.click("#labels-save")
    says(browser, "managed", "标注规则已保存")
    write(browser, "count", 3)
    browser.click("#labels-replan")
    says(browser, "managed", "第 2 轮")
    browser.click("#labels-remove")
    browser.until("document.body.innerText.includes('请先勾选')")
    browser.click("#labels-sure input")
    browser.click("#labels-remove")
    says(browser, "said", "项目已删除")
    browser.until(f"!{PAIR} || document.querySelector('#labels-work').offsetParent === null")


@pytest.mark.slow
def test_a_phone_shows_all_of_it_and_has_buttons(page, browser, tmp_path):
    page("labels", "zh")
    path = pairs(tmp_path / "pairs.jsonl", "zh")
    long = json.loads(path.read_text("utf-8").splitlines()[0]) | {"id": "long", "document": "很长的文档。" * 300}
    path.write_text(path.read_text("utf-8") + json.dumps(long | {"score": 9.0}, ensure_ascii=False) + "\n", "utf-8")
    try:
        browser.window(390, 844, phone=True)
        create(browser, path, "手机", "小王", budget=5)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        unfold(browser, "new")
        shot(browser, "labels-phone")
        first = browser.run(PAIR)
        browser.click("#labels-grade-2")
        browser.until(f"{PAIR} !== {first!r}")
        browser.click("#labels-undo")
        browser.until(f"{PAIR} === {first!r}")
    finally:
        browser.window(1280, 900)


@pytest.mark.slow
def test_scoring_can_be_cancelled(page, tmp_path):
    browser = page("labels")
    fill(browser, pairs(tmp_path / "many.jsonl", count=2000, scored=False), "Too many", "Zoe")
    browser.click("#labels-create")
    browser.click("#labels-cancel")
    says(browser, "state", "cancelled")
    assert "Too many" not in browser.run("document.querySelector('#labels-project input')?.value || ''")


def test_what_cannot_be_a_project_is_told(page, tmp_path):
    browser = page("labels")
    unfold(browser, "new")
    browser.click("#labels-create")
    browser.until("document.body.innerText.includes('No file was given')")
    for name, content, told in (
        ("columns.csv", b"question,answer\na,b\n", "missing"),
        ("empty.jsonl", b"", "no pairs"),
        ("image.jsonl", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image.jsonl"),
    ):
        (tmp_path / name).write_bytes(content)
        browser.run("document.querySelector('#labels-pairs button[aria-label=Clear]')?.click()")
        browser.upload("#labels-pairs input[type=file]", tmp_path / name)
        browser.until(f"document.body.innerText.includes({told!r})")
        assert "Traceback" not in browser.run("document.body.innerText")
