"""The tab that scores whole files, in a real browser."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pytest

from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.score import load_scorer

from ...data.sheets import workbook
from ..desk import serving, shot, show

LARGE = 5_000
TEXTS = [
    "商品签收七天内可以无理由退货，退货运费由买家承担。",
    "今天下雨，出门请带伞。",
    "质量问题退货，运费由商家承担。",
]
SHOWN = "!!document.querySelector('#batch-shown .t-scored')"


def table(rows):
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def give(browser, path):
    """Upload a file, and wait until it was looked at."""
    browser.upload("#batch-file input[type=file]", path)
    browser.until(f"document.querySelector('#batch-file').innerText.includes({path.stem!r})")
    browser.until("!!document.querySelector('#batch-looked .t-note')")


def visible(browser, name):
    return browser.run(f"![null, undefined].includes(document.querySelector('#batch-{name}')?.offsetParent)")


def chosen(browser, name):
    return browser.run(f"document.querySelector('#batch-column-{name} input').value")


def text(browser, name):
    return browser.run(f"document.querySelector('#batch-{name}').innerText")


def fetched(browser, server, file):
    """What a link of the result leads to."""
    link = browser.run(f"document.querySelector('#batch-shown a[href$=\"{file}\"]').getAttribute('href')")
    cookies = browser.send("Network.getCookies")["cookies"]
    found = httpx.get(server + link, cookies={one["name"]: one["value"] for one in cookies})
    assert found.status_code == 200 and "attachment" in found.headers["content-disposition"]
    return found.content


def begin(browser, name):
    """Start, and wait for the result of this file."""
    browser.click("#batch-run")
    browser.until(f"/{name}(: done|：完成)/.test(document.querySelector('#batch-state').innerText) && {SHOWN}")


@pytest.mark.slow
def test_five_thousand_rows_go_on_while_the_page_is_away(page, browser, server, tmp_path):
    rows = [(f"退货 {at % 100}", f"运费买家付 {at % 300}", "备注") for at in range(LARGE)]
    rows[3] = (rows[3][0], "=1+1", "@x")
    rows[7] = (rows[7][0], "", "")
    rows[9] = ("", "没有查询", "")
    path = tmp_path / "客服.csv"
    path.write_text(table([("问题", "答案", "说明"), *rows]), "utf-8")
    page("batch", "zh")
    give(browser, path)
    assert "5,000 行、3 列" in text(browser, "looked") and "运费买家付 2" in text(browser, "looked")
    assert (chosen(browser, "query"), chosen(browser, "document")) == ("问题", "答案")
    assert not visible(browser, "query")
    browser.click("#batch-run")
    browser.until("document.querySelector('#batch-state').innerText.includes('客服.csv：')")
    browser.visit(f"{server}/workbench/zh/")
    show(browser, "batch")
    browser.until(SHOWN, 120)  # a few seconds where nothing else runs
    said = text(browser, "shown")
    assert "已打分 4,998 行、4,998 对" in said and "另有 2 行未能打分" in said and "2 个单元格" in said
    assert "文档为空" in said and "查询为空" in said
    assert len(browser.run("[...document.querySelectorAll('#batch-shown table')[0].rows].map(r => 0)")) == 21
    whole = fetched(browser, server, "results.csv").decode("utf-8")
    assert whole.startswith("\ufeff")
    found = list(csv.DictReader(io.StringIO(whole.removeprefix("\ufeff"))))
    assert len(found) == 4_998 and found[3]["答案"] == "'=1+1" and found[3]["说明"] == "'@x"
    assert [json.loads(line)["line"] for line in fetched(browser, server, "errors.jsonl").splitlines()] == [9, 11]
    shot(browser, "batch-zh")


@pytest.mark.slow
def test_a_workbook_is_scored_and_a_list_known(page, browser, server, tmp_path):
    rows = [("query", "passages", "title"), ("return postage", json.dumps(["It rains.", "The buyer pays it."]), 7)]
    (tmp_path / "sheet.xlsx").write_bytes(workbook(rows))
    page("batch")
    give(browser, tmp_path / "sheet.xlsx")
    assert chosen(browser, "document") == "passages" and chosen(browser, "title") == "title"
    browser.click("#batch-form label:nth-of-type(2) input")
    begin(browser, "sheet.xlsx")
    assert "Rows scored: 1, pairs: 2" in text(browser, "shown")
    (row,) = map(json.loads, fetched(browser, server, "results.jsonl").splitlines())
    assert row["ranking"] == [1, 0] and row["title"] == 7


@pytest.mark.slow
def test_documents_alone_are_asked_a_query(page, browser, server, tmp_path):
    (tmp_path / "docs.txt").write_text("It rains.\n\nThe buyer pays the return postage.\n=SUM(A1)\n", "utf-8")
    page("batch")
    give(browser, tmp_path / "docs.txt")
    assert "one a line: 3" in text(browser, "looked") and not visible(browser, "column-query")
    browser.click("#batch-run")
    browser.until("document.body.innerText.includes('There is no query')")
    browser.write("#batch-query textarea, #batch-query input", "who pays the return postage")
    begin(browser, "docs.txt")
    found = list(csv.DictReader(io.StringIO(fetched(browser, server, "results.csv").decode("utf-8-sig"))))
    assert found[1]["rank"] == "1" and found[2]["document"] == "'=SUM(A1)"
    shot(browser, "batch-en")


@pytest.mark.slow
def test_a_table_of_documents_is_asked_a_query(page, browser, tmp_path):
    (tmp_path / "goods.tsv").write_text("name\tabout\nsieve\tlets the fine through\ndrum\tis loud\n", "utf-8")
    page("batch")
    give(browser, tmp_path / "goods.tsv")
    assert "No column is named like one of documents" in text(browser, "looked") and visible(browser, "query")
    browser.write("#batch-query textarea, #batch-query input", "loud")
    browser.click("#batch-run")
    browser.until("document.body.innerText.includes('No column of documents was chosen')")
    browser.click("#batch-column-document input")
    browser.until("document.querySelectorAll('#batch-column-document [role=option]').length === 3")
    browser.click("#batch-column-document [role=option]:nth-of-type(3)")
    browser.until("document.querySelector('#batch-column-document input').value === 'about'")
    begin(browser, "goods.tsv")
    assert "Rows scored: 2, pairs: 2" in text(browser, "shown")


def test_a_large_one_is_found_again_and_cancelled(page, browser, server, tmp_path):
    rows = [(f"查询 {at % 50}", f"{TEXTS[at % 3] * 6}{at}") for at in range(6_000)]
    (tmp_path / "large.csv").write_text(table([("query", "document"), *rows]), "utf-8")
    page("batch")
    give(browser, tmp_path / "large.csv")
    browser.click("#batch-run")
    browser.until("/[1-9]\\d* of 6000/.test(document.querySelector('#batch-state').innerText)")
    shot(browser, "batch-running")
    browser.visit(f"{server}/workbench/en/")
    show(browser, "batch")
    browser.until("/large.csv: running. [1-9]\\d* of 6000/.test(document.querySelector('#batch-state').innerText)")
    browser.click("#batch-cancel")
    browser.until("document.querySelector('#batch-state').innerText.includes('large.csv: cancelled')")
    assert text(browser, "shown").strip() == "" and not visible(browser, "cancel")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "this is a PNG picture"),
        ("empty.csv", b"", "no rows"),
        ("broken.xlsx", b"PK\x03\x04 no workbook", "damaged zip or Excel file"),
        ("lines.jsonl", b'{"query":\n', "malformed JSON"),
    ],
)
def test_a_wrong_file_is_told(page, browser, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    page("batch")
    give(browser, tmp_path / name)
    assert said in text(browser, "looked") and str(tmp_path) not in text(browser, "looked")
    assert "/uploads/" not in text(browser, "looked") and not visible(browser, "column-query")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The address of a server that takes small files only, and decides by a policy."""
    home = tmp_path_factory.mktemp("small")
    scorer = load_scorer("tamis-mini")
    Policy(Thresholds(0.0), scorer=scorer.fingerprint, stage=scorer.name).save(home / "plain.json")
    bounds = {"TAMIS_WORKBENCH__UPLOAD": "100000", "TAMIS_WORKBENCH__ROWS": "60"}
    with serving(home / "desk", "--policy", str(home / "plain.json"), **bounds) as (_, address):
        yield address


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "is too large: 0.2 MB. This server takes files of 0.1 MB"),
        ("zh", "太大：0.2 MB。本服务器最多接收 0.1 MB"),
    ],
)
def test_too_large_a_file_is_refused_where_it_is_dropped(browser, small, tmp_path, language, said):
    (tmp_path / "large.csv").write_text("query,document\n" + "a,b\n" * 50_000)
    browser.visit(f"{small}/workbench/{language}/")
    show(browser, "batch")
    browser.upload("#batch-file input[type=file]", tmp_path / "large.csv")
    browser.until(f"document.querySelector('#batch-file .t-large')?.innerText.includes({said!r})")
    shot(browser, f"batch-large-{language}")
    browser.run(
        "const given = new DataTransfer(), drop = {bubbles: true, cancelable: true, dataTransfer: given};"
        "given.items.add(new File(['a'.repeat(300000)], 'dropped.csv'));"
        "document.querySelector('#batch-file button').dispatchEvent(new DragEvent('drop', drop)); 1"
    )
    browser.until("document.querySelector('#batch-file .t-large').innerText.includes('dropped.csv')")
    assert browser.run("document.querySelectorAll('#batch-file .t-large').length") == 1
    assert not any("gradio_api/upload" in url for url in browser.requests())
    assert browser.complaints() == []


@pytest.mark.slow
def test_too_many_rows_are_refused_and_a_policy_decides(browser, small, tmp_path):
    rows = [("return postage", f"The buyer pays the return postage. {at}") for at in range(61)]
    for name, many in (("many", 61), ("fine", 60)):
        (tmp_path / f"{name}.csv").write_text(table([("query", "document"), *rows[:many]]))
    browser.visit(f"{small}/workbench/en/")
    show(browser, "batch")
    give(browser, tmp_path / "many.csv")
    assert "expected at most 60 rows, got 61" in text(browser, "looked")
    browser.click("#batch-run")
    browser.until("document.querySelector('.toast-body, [data-testid=toast-body]')?.innerText.includes('got 61')")
    browser.visit(f"{small}/workbench/en/")
    show(browser, "batch")
    give(browser, tmp_path / "fine.csv")
    begin(browser, "fine.csv")
    assert "Accepted by the policy given: 60 (100.0 %)" in text(browser, "shown")
    heads = browser.run(
        "[...document.querySelectorAll('#batch-shown table')[0].querySelectorAll('th')].map(e => e.innerText)"
    )
    assert heads == ["rank", "score", "probability", "accepted", "reason", "query", "document"]


@pytest.mark.slow
def test_a_phone_shows_all_of_it(page, browser, tmp_path):
    (tmp_path / "a.csv").write_text(table([("query", "document"), ("退货", TEXTS[0] * 3), ("退货", "")]), "utf-8")
    try:
        browser.window(390, 844, phone=True)
        page("batch", "zh")
        give(browser, tmp_path / "a.csv")
        begin(browser, "a.csv")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        shot(browser, "batch-phone")
    finally:
        browser.window(1280, 900)
