"""``tamis report``: the table, the JSON, the page, and what is refused."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest


@pytest.fixture
def scores(tmp_path):
    """Eighty queries of eight pairs; relevant pairs score about 3 higher."""
    rng = np.random.default_rng(0)
    path = tmp_path / "scores.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for query in range(80):
            for _ in range(8):
                grade = int(rng.choice(3, p=[0.6, 0.2, 0.2]))
                row = {"query_id": f"q{query}", "score": float(rng.normal(1.5 * grade)), "label": grade}
                file.write(json.dumps(row) + "\n")
    return path


def test_table_names_the_figures_in_either_language(run, scores):
    done = run("report", scores, "--relevant-if", 2)
    assert done.code == 0
    assert "640 labelled pairs, 80 queries" in done.out and "AUC" in done.out and "Grey zone" in done.out
    assert "grade 2" in done.out
    chinese = run("report", scores, "--relevant-if", 2, "--lang", "zh")
    assert "640 个带标签的" in chinese.out and "灰色地带" in chinese.out and "等级 2" in chinese.out


def test_json_is_the_whole_report(run, scores):
    done = run("report", scores, "--relevant-if", 2, "--json")
    found = json.loads(done.out)
    assert found["pairs"] == 640 and found["queries"] == 80
    assert 0.8 < found["separation"]["auc_low"] < found["separation"]["auc"] < 1
    assert found["reliability"]["error"] < 0.1 and set(found["by_part"]) == {"0", "1", "2"}
    assert found["reading"]["remarks"][0]["query"].startswith("q")
    assert found["notes"] == []


def test_page_is_written_and_holds_no_query_text(run, tmp_path):
    rng = np.random.default_rng(1)
    path, page = tmp_path / "scores.csv", tmp_path / "report.html"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "score", "label"])
        for query in range(30):
            for label in (0, 0, 1, 0, 1):
                writer.writerow([f"我的订单{query}在哪里 secret", rng.normal(2.0 * label), label])
    done = run("report", path, "--html", page, "--lang", "zh", "--title", "客服")
    assert done.code == 0 and done.out == "" and f"report: {page}" in done.err
    made = page.read_text(encoding="utf-8")
    assert "<title>客服</title>" in made and '"query":"#' in made
    assert "secret" not in made and "我的订单" not in made
    named = json.loads(run("report", path, "--json").out)
    assert "secret" in named["reading"]["remarks"][0]["query"]


def test_remarks_go_to_stderr(run, tmp_path):
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps({"score": s / 10, "label": s % 2}) + "\n" for s in range(11)), encoding="utf-8")
    done = run("report", path)
    assert "note: It is not known which pairs belong to one query" in done.err
    assert "提示：不知道哪些对属于同一查询" in run("report", path, "--lang", "zh").err


def test_reference_changes_what_is_usual(run, scores, tmp_path):
    other = tmp_path / "other.jsonl"
    rows = [json.loads(line) for line in scores.read_text(encoding="utf-8").splitlines()]
    other.write_text("".join(json.dumps(row | {"score": row["score"] + 9}) + "\n" for row in rows), encoding="utf-8")
    found = json.loads(run("report", scores, "--relevant-if", 2, "--reference", other, "--json").out)["reading"]
    assert found["own"] is False and found["counts"]["document_quality"] == 80
    assert found["expected"]["document_quality"] == 8


def test_a_tuned_result_is_shown_beside_the_curves(run, scores, tmp_path):
    tuned, page = tmp_path / "tuned.json", tmp_path / "report.html"
    tuned.write_text(run("tune", scores, "--f-beta", 1, "--relevant-if", 2, "--json").out, encoding="utf-8")
    assert run("report", scores, "--relevant-if", 2, "--html", page, "--tuned", tuned).code == 0
    threshold = json.loads(tuned.read_text(encoding="utf-8"))["threshold"]
    assert f'"threshold":{threshold}' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["missing.jsonl"], 1, "missing.jsonl"),
        (["SCORES"], 1, "labels are grades (0, 1, 2), expected 0 and 1"),
        (["SCORES", "--relevant-if", "2", "--tuned", "SCORES", "--html", "HTML"], 1, "cannot be read as JSON"),
        (["SCORES", "--lang", "fr"], 2, "'fr' is not one of 'en', 'zh'"),
        (["SCORES", "--relevant-if", "2", "--html", "FOLDER/no/report.html"], 1, "report.html"),
    ],
)
def test_bad_input_is_one_line(run, scores, tmp_path, arguments, code, says):
    places = {"SCORES": scores, "HTML": tmp_path / "r.html"}
    done = run("report", *(places.get(a, str(a).replace("FOLDER", str(tmp_path))) for a in arguments))
    assert done.code == code and says in done.err and "Traceback" not in done.err
