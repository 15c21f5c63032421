"""``tamis watch``: every verb over a real store, and one line for a mistake."""

from __future__ import annotations

import gzip
import json
import math
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from unittest import mock

import numpy as np
import pytest

from tamis.cli.watching import when
from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.observe import Decided, Event, Placed, Watch, WatchOptions

from ..observe.world import clock

LOOSE = Policy(Thresholds(0.5), scorer="w:1", stage="w", target=PrecisionAtLeast(0.9).as_json(), name="loose")
STRICT = replace(LOOSE, thresholds=Thresholds(2.0), name="strict")


def visits(count, start=0):
    """Sessions in which what scores high is clicked far more often."""
    rng = np.random.default_rng([count, start])
    for at in range(start, start + count):
        scores = np.sort(rng.normal(1.0, 2.0, 6))[::-1]
        items = [
            Placed(f"d{n}", float(z), float(1 / (1 + np.exp(-z))), n + 1 if z >= 0.5 else 0, text=f"text {n}")
            for n, z in enumerate(scores)
        ]
        clicked = [n for n, z in enumerate(scores) if z >= 0.5 and rng.random() < (0.8 if z > 2.5 else 0.15) / (n + 1)]
        events = [Event("click", f"{at}:{n}", request=f"r{at}", document=f"d{n}", position=n + 1) for n in clicked]
        yield (
            Decided(
                f"r{at}",
                time.time() + (1 + at) / 1000,
                "w",
                "w:1",
                LOOSE.digest,
                query=f"query {at}",
                items=tuple(items),
            ),
            events,
        )


@pytest.fixture
def store(tmp_path):
    """A store with 1,600 sessions under a loose policy."""
    path = tmp_path / "kept.db"
    with clock(time.time() - 3600), Watch.open(path, WatchOptions(texts=True)) as watch:
        watch.lifecycle.begin(LOOSE, "loose")
        decided, events = zip(*visits(1600), strict=True)
        watch.store.add(decided, [one for some in events for one in some])
    return path


@pytest.fixture
def strict(run, store, tmp_path):
    """A candidate that somebody brought."""
    STRICT.save(tmp_path / "strict.json")
    assert run("watch", "propose", store, "--policy", tmp_path / "strict.json", "--by", "ann").code == 0
    return "strict"


def test_status_tells_what_decides_and_what_users_did(run, store):
    told = json.loads(run("watch", "status", store, "--json").out)
    assert (told["decisions"], told["active"]["name"], told["events"]["click"] > 100) == (1600, "loose", True)
    ran = run("watch", "status", store)
    assert "loose" in ran.out and "too few decisions" in ran.err and "satisfaction" in ran.err


def test_a_look_tells_what_it_found(run, store):
    told = json.loads(run("watch", "look", store, "--json").out)
    assert told["decisions"] == 600 and not told["alarm"]
    assert json.loads(run("watch", "look", store, "--json").out) is None
    assert "too few decisions since the last look" in run("watch", "look", store).err


def test_a_proposal_from_clicks_is_tried_and_rolled_back(run, store):
    dry = json.loads(run("watch", "propose", store, "--dry-run", "--json").out)
    assert dry["threshold"] > 0.5 and dry["policy"] is None
    made = run("watch", "propose", store, "--by", "ann", "--name", "better")
    assert "candidate:" in made.err and "precision" in made.err
    assert json.loads(run("watch", "replay", store, "better", "--json").out)["only_old"] > 0
    assert "queries that become empty" in run("watch", "replay", store, "better").out
    for stage in ("shadow", "canary", "active"):
        assert json.loads(run("watch", "approve", store, "better", "--by", "ann", "--json").out)["state"] == stage
    assert "active: loose" in run("watch", "rollback", store, "--reason", "complaints").err
    log = run("watch", "log", store, "--verify")
    assert "rollback" in log.out and "the chain of all 6 entries is whole" in log.err
    entries = json.loads(run("watch", "log", store, "--json", "--last", "2").out)["entries"]
    assert [one["act"] for one in entries] == ["activate", "rollback"]
    assert entries[-1]["details"]["reason"] == "complaints"


def test_a_policy_of_ones_own_is_a_candidate_and_retired(run, store, strict):
    ran = run("watch", "approve", store, strict, "--to", "canary", "--share", "0.2")
    assert ran.code == 0 and "strict: canary" in ran.err
    status = json.loads(run("watch", "status", store, "--json").out)
    assert status["policies"][1]["share"] == 0.2 and status["trial"]["verdict"]
    assert run("watch", "retire", store, strict, "--reason", "no").code == 0
    refused = run("watch", "approve", store, strict)
    assert refused.code == 1 and refused.err.startswith("error: ") and refused.err.count("\n") == 1


def test_pairs_to_label_again_go_to_a_project(run, store, tmp_path):
    out = tmp_path / "pairs.jsonl"
    assert run("watch", "relabel", store, "-o", out, "--budget", 40).code == 0
    assert len(out.read_text().splitlines()) == 40
    made = run("label", "new", tmp_path / "again", "--pairs", out, "--precision", 0.8, "--budget", 20)
    assert made.code == 0, made.err


def test_exports_are_read_again(run, store, tmp_path):
    out = tmp_path / "impressions.jsonl.gz"
    assert run("watch", "export", store, "-o", out, "--what", "impressions").code == 0
    with gzip.open(out, "rt") as lines:
        first = json.loads(next(lines))
    assert {"query", "document", "position", "clicked", "session"} <= set(first)
    for what in ("decisions", "events", "ledger"):
        told = run("watch", "export", store, "-o", tmp_path / f"{what}.jsonl", "--what", what, "--json")
        assert json.loads(told.out)["rows"] > 0


def test_days_are_exported_alone(run, store, tmp_path):
    def rows(*options, what="decisions"):
        told = run("watch", "export", store, "-o", tmp_path / "part.jsonl", "--what", what, *options, "--json")
        return json.loads(told.out)["rows"]

    with Watch.open(store) as watch:
        begin = next(watch.store.decisions()).at
        middle = [*watch.store.decisions()][800].at
    day, second = (datetime.fromtimestamp(at, UTC) for at in (begin, math.ceil(middle)))
    late = second.strftime("%Y-%m-%dT%H:%M:%S")
    assert rows("--since", day.strftime("%Y-%m-%d")) == 1600 and rows("--until", day.strftime("%Y-%m-%d")) == 0
    before, after = rows("--until", late), rows("--since", late)
    assert before >= 800 and before + after == 1600
    assert rows("--until", "2026-01-01", what="ledger") == 0 < rows("--since", "2026-01-01", what="ledger")
    wrong = run("watch", "export", store, "-o", tmp_path / "part.jsonl", "--since", "yesterday")
    assert wrong.code == 2 and "yesterday" in wrong.err and "Traceback" not in wrong.err


def test_who_has_no_name_here_acts_by_number(run, store, strict, monkeypatch):
    monkeypatch.setattr("getpass.getuser", mock.Mock(side_effect=KeyError("uid not found")))
    assert run("watch", "retire", store, strict).code == 0
    (entry,) = json.loads(run("watch", "log", store, "--last", 1, "--json").out)["entries"]
    assert entry["actor"] == f"user {os.getuid()}"


def test_a_share_of_nothing_is_refused(run, store, strict):
    refused = run("watch", "approve", store, strict, "--to", "canary", "--share", 0)
    assert refused.code == 1 and "share" in refused.err


def test_a_feedback_file_is_imported_once(run, store, tmp_path):
    lines = [
        {"kind": "click", "document": "d1", "request": "r1", "event": "old1", "at": "2026-11-01T00:00:00+00:00"},
        {
            "kind": "dwell",
            "document": "d1",
            "request": "r1",
            "event": "old2",
            "value": 3.5,
            "at": "2026-11-01T00:00:01Z",
        },
    ]
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"kind": "cli')
    assert json.loads(run("watch", "import", store, path, "--json").out) == {"new": 2, "known": 0}
    assert json.loads(run("watch", "import", store, path, "--json").out) == {"new": 0, "known": 2}


def test_what_is_old_is_deleted_and_the_ledger_stays(run, store):
    assert json.loads(run("watch", "clean", store, "--days", "0", "--json").out)["decisions"] == 1600
    assert len(json.loads(run("watch", "log", store, "--json").out)["entries"]) == 1


def test_the_page_is_written(run, store, tmp_path):
    page = tmp_path / "week.html"
    assert run("watch", "report", store, "--html", page, "--language", "zh").code == 0
    assert "<html" in page.read_text("utf-8")


def test_the_plan_of_a_trial_needs_no_store(run):
    told = json.loads(run("watch", "plan", "0.3", "0.04", "--json").out)
    assert told["fixed"] == 4266 and told["most"] > told["fixed"]
    assert "days" in run("watch", "plan", "0.3", "0.04", "--share", "0.1", "--daily", "5000").err


def test_options_come_from_the_servers_file(run, store, tmp_path):
    told = tmp_path / "tamis.toml"
    told.write_text("[observe.bounds]\nsessions = 100000\n")
    advice = run("watch", "propose", store, "--dry-run", "--config", told)
    assert "more are needed" in advice.err
    told.write_text("[observe]\nevry = 3\n")
    assert "did you mean 'every'" in run("watch", "status", store, "--config", told).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("status", "nowhere.db"), "no such store"),
        (("approve", "{store}", "nobody"), "no policy 'nobody' here; known: loose"),
        (("rollback", "{store}"), "nothing decided before"),
        (("acknowledge", "{store}"), "no alarm stands"),
        (("status", "postgresql://nobody:secret@127.0.0.1:1/none"), "cannot be used"),
    ],
)
def test_a_mistake_is_one_line(run, store, arguments, says):
    ran = run("watch", *(argument.format(store=store) for argument in arguments))
    assert ran.code == 1 and says in ran.err and ran.err.count("\n") == 1
    assert "secret" not in ran.err and "Traceback" not in ran.err


def test_a_file_that_is_no_store_is_left_as_it_is(run, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at " * 20)
    ran = run("watch", "status", path)
    assert ran.code == 1 and ran.err.count("\n") == 1
    assert path.read_text().startswith("not a database")


def test_times_are_told_to_the_second():
    assert when(1_700_000_000.4) == "2023-11-14 22:13:20"
