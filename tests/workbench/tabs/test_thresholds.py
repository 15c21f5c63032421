"""The tab of thresholds, in a real browser: promises issued and refused, what would change, the policy put to use."""

from __future__ import annotations

import json

import pytest

from ...calibrate.worlds import clustered, independent
from ..desk import shot, show

SHOWN = "!!document.querySelector('#thresholds-shown iframe')"
TEXT = "document.querySelector('#thresholds-shown').innerText"
NONE = "No policy decides now"
DONE = "!!document.querySelector('#thresholds-state .t-good')"
STATE = "document.querySelector('#thresholds-state').innerText"


def table(path, world, *, queries=False):
    """A world as CSV."""
    head = ["query_id", "score", "label"] if queries else ["score", "label"]
    columns = [[f"q{at}" for at in world.groups.tolist()]] if queries else []
    columns += [world.scores.tolist(), [int(label) for label in world.labels.tolist()]]
    rows = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([",".join(head), *rows]), "utf-8")
    return path


def give(browser, path, held):
    """Upload a file and wait until the tab says what it holds."""
    if browser.run(
        "!!document.querySelector('#thresholds-file button[aria-label*=lear], #thresholds-file .icon-button')"
    ):
        browser.run("document.querySelector('#thresholds-file [aria-label*=lear]')?.click()")
    browser.upload("#thresholds-file input[type=file]", path)
    browser.until(f"document.querySelector('#thresholds-looked').innerText.includes({held!r})")


def pick(browser, element, value):
    """Choose from a dropdown by typing, as people do."""
    browser.write(f"#{element} input", value)
    option = f"[...document.querySelectorAll('[role=option]')].find(e => e.innerText.includes({value!r}))"
    browser.until(f"!!{option}")
    browser.run(f"{option}.dispatchEvent(new MouseEvent('mousedown', {{bubbles: true}}))")
    browser.until(f"document.querySelector('#{element} input').value.includes({value!r})")
    browser.run(f"document.querySelector('#{element} input').blur()")


def aim(browser, value):
    """Choose a scenario by the value of its radio button."""
    browser.click(f"#thresholds-scenario input[value='{value}']")


def precision(browser, least):
    """Ask for a precision of one's own."""
    aim(browser, "own")
    browser.until("document.querySelector('#thresholds-share')?.offsetParent != null")
    browser.write("#thresholds-share input", least)
    browser.key("Tab")


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_many_labels_carry_a_promise_and_the_policy_decides(page, browser, server, tmp_path, language):
    many = table(tmp_path / f"many-{language}.csv", independent(2000, 1))  # W1: enough for a promise
    page("thresholds", language)
    give(browser, many, "2,000")
    pick(browser, "thresholds-model", "tamis-mini")
    precision(browser, "0.9")
    browser.click("#thresholds-run")
    browser.until(f"{STATE}.includes('many-{language}') && {SHOWN} && {DONE}", 90)
    said = browser.run(TEXT)
    promised = {
        "en": "of what is shown, at least 90.0 % is relevant (confidence 95.0 %)",
        "zh": "至少 90.0 % 相关（置信度 95.0 %）",
    }
    assert promised[language] in said.replace("\u00a0", " ")
    assert {"en": "best F1", "zh": "F1 最优"}[language] in said and "policy.json" in said
    shot(browser, f"thresholds-{language}")
    if language == "zh":
        return
    browser.visit(f"{server}/workbench/{language}/")  # the result is there again
    show(browser, "thresholds")
    browser.until(SHOWN)
    browser.until("!document.querySelector('#thresholds-activate').disabled")
    browser.write("#thresholds-name input, #thresholds-name textarea", f"promised-{language}")
    browser.click("#thresholds-activate")
    browser.until(f"document.querySelector('#thresholds-said').innerText.includes('promised-{language}')")
    browser.until(f"document.querySelector('#thresholds-which input').value.includes('promised-{language}')")
    link = browser.run(
        "[...document.querySelectorAll('#thresholds-shown .t-file')].find(a => a.href.includes('policy')).href"
    )
    policy = json.loads(browser.run(f"fetch({link!r}).then(r => r.text())"))
    assert policy["target"] == {"target": "precision", "least": 0.9, "confidence": 0.95}
    shot(browser, f"thresholds-deciding-{language}")
    pick(browser, "thresholds-which", "none: show")
    browser.click("#thresholds-decide")  # other tests see everything
    browser.until(f"document.querySelector('#thresholds-said').innerText.includes({NONE!r})")


def test_what_would_change_is_told_against_the_policy_that_decides(page, browser, tmp_path):
    page("thresholds")
    give(browser, table(tmp_path / "lists.csv", clustered(300, 2), queries=True), "300 queries")
    pick(browser, "thresholds-model", "tamis-mini")
    aim(browser, "general-search")
    browser.click("#thresholds-run")
    browser.until(f"{STATE}.includes('lists.csv: done') && {SHOWN}", 90)
    said = browser.run(TEXT)
    assert "Against the policy promised-" in said or "No policy decided" in said
    assert "lists of" in said and "Difference (points)" in said
    shot(browser, "thresholds-change")


def test_few_labels_are_refused_with_what_would_help(page, browser, tmp_path):
    page("thresholds", "zh")
    give(browser, table(tmp_path / "few.csv", independent(100, 1)), "100")
    browser.click("#thresholds-run")
    browser.until(f"{STATE}.includes('few.csv') && {DONE} && {TEXT}.includes('没有给出阈值')", 60)
    said = browser.run(TEXT)
    assert "请在得分最高的" in said and "policy.json" not in said
    browser.until("document.querySelector('#thresholds-activate').disabled")
    shot(browser, "thresholds-refused")


@pytest.mark.slow
def test_grades_are_asked_about_and_a_test_set_is_scored(page, browser, tmp_path):
    places = [f"place{at}" for at in range(12)]
    rows = [
        {
            "query": f"who lives in {p}",
            "documents": [f"People live in {p}.", f"{p} is old.", "Rain."],
            "labels": [2, 1, 0],
        }
        for p in places
    ]
    path = tmp_path / "graded.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    page("thresholds")
    give(browser, path, "36 labelled documents of 12 queries")
    browser.until("document.querySelector('#thresholds-relevant input')?.value === '2'")
    aim(browser, "recommendation")
    browser.click("#thresholds-run")
    browser.until(f"{STATE}.includes('graded.jsonl: done') && {SHOWN}", 60)
    assert "promises nothing" in browser.run(TEXT)
    assert "People live in" in browser.run(TEXT) or "is old" in browser.run(TEXT) or "Rain" in browser.run(TEXT)


@pytest.mark.slow
def test_the_example_is_tried_without_a_file(page, browser):
    page("thresholds")
    aim(browser, "general-search")
    browser.click("#thresholds-example")
    browser.until(f"{STATE}.includes('example.csv: done') && {SHOWN}", 90)
    browser.until("!document.querySelector('#thresholds-activate').disabled")
    assert "5160 pairs of 430 queries" in browser.run(TEXT)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("broken.xlsx", b"\x00\x01\x02 no workbook", "broken.xlsx"),
        ("names.csv", b"name,age\nmia,3\n", "names.csv"),
        ("words.csv", b"score,label\n1,1\nhigh,0\n", "line 3"),
    ],
)
def test_wrong_files_are_one_clear_sentence(page, browser, tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    page("thresholds")
    browser.upload("#thresholds-file input[type=file]", tmp_path / name)
    browser.until(f"document.querySelector('.toast-wrap, [data-testid=toast-body]')?.innerText.includes({told!r})")
    assert "Traceback" not in browser.run("document.body.innerText")


def test_work_can_be_cancelled_and_nothing_given_is_told(page, browser, tmp_path):
    page("thresholds")
    browser.click("#thresholds-run")
    browser.until("document.body.innerText.includes('give a file with labels first')")
    give(browser, table(tmp_path / "large.csv", clustered(3000, 1), queries=True), "30,000")
    browser.click("#thresholds-run")
    browser.until("document.querySelector('#thresholds-cancel')?.offsetParent != null")
    browser.click("#thresholds-cancel")
    browser.until(f"{STATE}.includes('large.csv: cancelled')", 60)


@pytest.mark.slow
def test_a_phone_shows_all_of_it(page, browser, tmp_path):
    try:
        browser.window(390, 844, phone=True)
        page("thresholds", "zh")
        give(browser, table(tmp_path / "phone.csv", independent(300, 2)), "300")
        aim(browser, "recommendation")
        browser.click("#thresholds-run")
        browser.until(f"{STATE}.includes('phone.csv') && {DONE} && {SHOWN}", 60)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        shot(browser, "thresholds-phone")
    finally:
        browser.window(1280, 900)
