"""The curves: what the log says, whatever a sudden end has left of it; a page that looks again while training runs."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from tamis.errors import DataError, InputError
from tamis.train.after.curves import POINTS, curves_page, read_log, write_curves
from tamis.train.after.words import PAGES

from ...pages import Elements, data_of


def row(step, **values):
    return json.dumps({"step": step, "epoch": step / 100, "loss": 1 / step, "rate": 1e-5 * step, "seconds": 0.5 * step,
                       "pairs": 8 * step, "tokens": 99, "pairs_per_second": 16.0} | values) + "\n"  # fmt: skip


def dev(step, **measures):
    return json.dumps({"step": step, "dev": measures}) + "\n"


@pytest.fixture
def log(tmp_path):
    def log(text):
        (tmp_path / "log.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return log


def test_rows_and_measurements_are_read(log):
    measured = [dev(step, **{"ndcg@10": value}) for step, value in ((1, 0.4), (2, 0.6), (3, 0.6))]
    found = read_log(log(row(1) + measured[0] + row(2) + measured[1] + measured[2]) / "log.jsonl")
    assert found.steps[2]["loss"] == 0.5 and found.broken == 0
    assert found.best == ("ndcg@10", 0.6, 2)


def test_a_torn_line_loses_that_line_only(log):
    whole = (row(1) + row(2)).encode()
    for cut in range(len(row(1)), len(whole)):
        found = read_log(log(whole[:cut]) / "log.jsonl")
        assert set(found.steps) in ({1}, {1, 2}) and found.broken == 0
    # Resumed behind the torn line: that line is lost, and said to be.
    found = read_log(log(whole[:-9] + row(3).encode() + row(4).encode()) / "log.jsonl")
    assert set(found.steps) == {1, 4} and found.broken == 1


def test_steps_done_again_after_a_resume_count_once(log):
    found = read_log(log(row(1) + row(2, loss=9.0) + row(3, loss=9.0) + row(2) + row(3)) / "log.jsonl")
    assert list(found.steps) == [1, 2, 3] and found.steps[3]["loss"] == pytest.approx(1 / 3)


def test_what_is_no_row_is_left_out_and_counted(log):
    text = '[1]\n"x"\n{"loss": 1}\n{"step": "2"}\n{"step": true}\n\xff\n\n' + row(1, loss=float("nan"))
    found = read_log(log(text.encode("latin-1")) / "log.jsonl")
    assert found.broken == 6 and "loss" not in found.steps[1] and found.steps[1]["rate"] == 1e-5


def test_no_log_yet_is_an_empty_page(tmp_path):
    made = data_of(write_curves(tmp_path, done=False).read_text("utf-8"))
    assert made["rows"] == 0 and made["best"] is None


def test_long_logs_are_thinned_to_means(log):
    home = log("".join(row(step, loss=float(step % 7)) for step in range(1, 10_001)))
    began = time.process_time()
    write_curves(home, done=False)
    assert time.process_time() - began < 1.0
    made = data_of((home / "curves.html").read_text("utf-8"))
    steps, losses = made["curves"]["loss"]
    assert len(steps) <= POINTS and steps[-1] == 10_000
    assert np.mean(losses) == pytest.approx(3.0, abs=0.02) and steps == sorted(steps)
    assert len((home / "curves.html").read_bytes()) < 200_000


def test_a_missing_folder_or_unreadable_log_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        write_curves(tmp_path / "nowhere", done=True)
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        write_curves(tmp_path, done=True)


def test_page_is_one_file_that_asks_for_nothing(log):
    made = curves_page(read_log(log(row(1)) / "log.jsonl"), done=True)
    elements = Elements(made)
    assert not [tag for tag, a in elements.tags if "src" in a or "href" in a or tag in ("link", "iframe", "img")]
    assert "unsafe" not in next(
        a["content"] for _, a in elements.tags if "content" in a and "default-src" in a["content"]
    )
    assert "Copyright (c) 2022 Leon Sorokin" in made


def test_the_page_loads_itself_again_while_training_runs_and_then_stands_still(log, browser):
    home = log("".join(row(step) for step in range(1, 40)) + dev(20, **{"ndcg@10": 0.4, "rr@10": 0.3}))
    path = write_curves(home, done=False)
    quick = path.read_text("utf-8").replace('"seconds":15', '"seconds":0.2')  # the wait; no part of a script
    path.write_text(quick, "utf-8")
    browser.open(path)
    assert browser.run("document.querySelectorAll('.plot canvas').length") == 4
    assert browser.run("document.body.innerText.match(/undefined|NaN|\\{\\w+%?\\}/)") is None
    browser.run("document.querySelector('[data-language=zh]').click()")
    log("".join(row(step) for step in range(1, 60)) + dev(20, **{"ndcg@10": 0.4}) + dev(40, **{"ndcg@10": 0.71}))
    write_curves(home, done=True)
    done = json.dumps(PAGES.table()["curves.done"]["zh"])
    browser.until(f"document.readyState === 'complete' && document.getElementById('state').innerText === {done}")
    assert "0.710" in browser.text("tiles") and browser.run("document.documentElement.lang") == "zh-CN"
    loads = len(browser.requests())
    time.sleep(0.5)
    assert len(browser.requests()) == loads and browser.complaints() == []


@pytest.mark.parametrize("text", ["", dev(1, **{"ndcg@10": 0.5}), row(1), row(1, loss=float("inf"), rate=float("nan"))])
def test_odd_logs_still_make_a_page(log, browser, text):
    browser.open(write_curves(log(text), done=True))
    assert browser.complaints() == []
    assert browser.run("document.body.innerText.match(/undefined|NaN|Infinity|\\{\\w+%?\\}/)") is None
