"""A policy on the rows of a file: it sees a query's rows together, and their other columns."""

from __future__ import annotations

import csv
from pathlib import Path

from tamis.data import read_rows
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.rules.fields import DenyField
from tamis.scoring import score_file

from .scorers import Shared


def test_a_policy_decides_whatever_the_columns_are_called(tmp_path: Path) -> None:
    rows = [
        ("问", "答", "编号", "语言"),
        *(("ab", "ab", "x", "en"), ("ab", "cd", "y", "en"), ("ab", "ab", "z", "fr"), ("cd", "cd", "x", "en")),
    ]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    policy = Policy(Thresholds(1.0), scorer="shared-1", stage="shared", after=(DenyField("语言", ("fr",)),))
    names = {"query": "问", "document": "答", "id": "编号"}
    counts = score_file(
        tmp_path / "a.csv", tmp_path / "o.csv", Shared(), columns=names, policy=policy, spreadsheet=True
    )
    assert counts == {"rows": 4, "pairs": 4, "accepted": 2, "guarded": 0}
    found = [row.values for row in read_rows(tmp_path / "o.csv")]
    assert [row["accepted"] for row in found] == ["true", "false", "false", "true"]
    assert "threshold" in found[1]["reason"] and "语言" in found[2]["reason"]
