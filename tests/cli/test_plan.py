"""``tamis plan``: what it prints, for people and machines, and how it refuses."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tamis.cli.app import app
from tamis.errors import DataError, InputError, NotFoundError

GPU = ["--model", "minilm-l6", "--device", "l4"]


def run(*arguments):
    found = CliRunner().invoke(app, ["plan", *map(str, arguments)], env={"COLUMNS": "200"})
    if isinstance(found.exception, Exception) and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_a_plan_for_people_and_the_same_for_machines():
    load = ["--qps", 50, "--documents", "1e7", "--target", 0.3, *GPU, "--card-hour", 2]
    shown, told = run(*load), json.loads(run(*load, "--json").stdout)
    assert shown.exit_code == 0
    figures = {row["name"]: row for row in told["figures"]}
    for name in ("replicas", "one replica in time", "index memory", "money"):
        assert name in shown.stdout and figures[name]["because"]
    assert told["reachable"] and told["replicas"] == figures["replicas"]["value"] >= 2
    assert figures["money: accelerators"]["value"] == pytest.approx(told["replicas"] * 2 * 730)
    assert figures["index memory"]["value"] == pytest.approx(8.3)
    assert told["profile"]["source"] and told["needs"]["peak"] == 50


def test_a_target_that_cannot_be_kept_is_said_and_is_a_failure():
    found = run("--qps", 5, "--target", 0.01, "--json")
    assert found.exit_code == 1 and not json.loads(found.stdout)["reachable"]
    assert "cannot be kept" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["--qps", 5, "--model", "nothing"], NotFoundError, "tamis plan --measure"),
        (["--qps", 5, *GPU[:2], "--device", "abacus"], NotFoundError, "l4"),
        (["--qps", 5, "--documents", 5, "--index", "none"], NotFoundError, "hybrid"),
        (["--qps", 5, "--percent", 50], InputError, "95 or 99"),
        (["--qps", 5, "--mean", 6], InputError, "at most the peak"),
        (["--qps", 5, "--profile", "no.json"], DataError, "no such file"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(arguments, error, says):
    with pytest.raises(error, match=says):
        run(*arguments)


@pytest.mark.parametrize("arguments", [[], ["--qps", 0], ["--qps", 5, "-o", "x.json"]])
def test_wrong_use_is_two(arguments):
    assert run(*arguments).exit_code == 2


def test_a_server_is_measured_by_its_own_numbers_and_the_profile_is_read(tmp_path):
    pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
    from ..serve.servers import Overlap, alone, running

    with running(alone(Overlap())) as client:
        path = tmp_path / "here.json"
        found = run("--measure", "--url", client.base_url, "--rounds", 1, "-o", path, "--json")
        # The last line: the server of this very process may log to the same place.
        assert found.exit_code == 0 and json.loads(found.stdout.splitlines()[-1])["model"] == "overlap"
    told = run("--qps", 5, "--profile", path, "--json")
    assert json.loads(told.stdout)["profile"] == json.loads(found.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_model_is_measured_here(tmp_path):
    pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
    found = run("--measure", "--rounds", 1, "-o", tmp_path / "here.json")
    assert found.exit_code == 0 and "seconds a token" in found.stdout
    told = json.loads((tmp_path / "here.json").read_text())
    assert told["scoring"]["token"] > 1e-6 and 0.05 < told["busy"] < 2.5 and told["memory"] > 1e8
