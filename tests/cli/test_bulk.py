"""``tamis bulk``: counts for machines, one line for people, exit codes."""

import json

import pytest


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(
        "问题,答案,编号\n如何退货,签收后七天内可以申请退货。,1\n如何退货,今天有雨。,2\n如何退货,,3\n", "utf-8"
    )
    return path


def test_counts_for_machines_and_parts_beside_them(run, source, tmp_path):
    ran = run("bulk", source, tmp_path / "out", "--json", "--joined", tmp_path / "all.jsonl")
    assert ran.code == 0, ran.err
    counts = json.loads(ran.out)
    assert {"rows", "pairs", "refused", "blocks", "resumed", "seconds", "pairs_per_second", "digest"} <= counts.keys()
    assert (counts["pairs"], counts["refused"], counts["blocks"]) == (2, 1, 1)
    assert counts["columns"] == {"query": "问题", "document": "答案"}
    good, bad = map(json.loads, (tmp_path / "all.jsonl").read_text("utf-8").splitlines())
    assert good["score"] > bad["score"]
    assert good["编号"] == "1"


def test_a_line_for_people_says_what_was_guessed_and_set_aside(run, source, tmp_path):
    ran = run("bulk", source, tmp_path / "out")
    assert ran.out == ""
    assert "2 pairs of 2 rows scored by tamis-mini" in ran.err
    assert "columns: query=问题, document=答案" in ran.err
    assert "1 rows set aside" in ran.err
    assert "1 of 1 blocks were there already" in run("bulk", source, tmp_path / "out").err


def test_mistakes_are_one_line(run, source, tmp_path):
    assert run("bulk", source, tmp_path / "out").code == 0
    ran = run("bulk", source, tmp_path / "out", "--model", "e5-small")
    assert ran.code == 1
    assert ran.err.startswith("error: ") and "fingerprint was" in ran.err and "--restart" in ran.err
    assert run("bulk", source, tmp_path / "out", "--model", "e5-small", "--restart").code == 0
    assert run("bulk", tmp_path / "none.csv", tmp_path / "o").code == 1
    assert run("bulk", source, tmp_path / "o", "--columns", "query").code == 2
    assert run("bulk", source).code == 2


def test_nothing_that_could_be_scored_is_a_failure(run, source, tmp_path):
    source.write_text("query,document\nq,\n", "utf-8")
    assert run("bulk", source, tmp_path / "out", "--json").code == 1
