"""The outcome: an artefact that comes back as it was, and is refused where it was changed."""

from __future__ import annotations

import importlib.metadata
import json

import pytest

from tamis.data import write_artefact
from tamis.errors import PolicyError
from tamis.train.after.result import KIND, Outcome, versions


def test_it_comes_back_as_it_was(figures, tmp_path):
    given = Outcome("a/b", "cross-encoder", {"rate": 2e-5}, "d", "e", {"pairs": 3}, 10, 5, "done", figures.as_json(),
                    None, "f", 1.5, 2.5, "tamis train", versions(), "2026-01-02")  # fmt: skip
    given.save(tmp_path / "result.json")
    assert Outcome.load(tmp_path / "result.json") == given
    assert json.loads((tmp_path / "result.json").read_text())["kind"] == KIND


@pytest.mark.parametrize(
    ("content", "says"),
    [({"base": "a", "family": "b", "colour": 1}, "unknown field 'colour'"), ({"base": "a"}, "not a training result")],
)
def test_what_is_no_outcome_is_refused(tmp_path, content, says):
    write_artefact(tmp_path / "r.json", KIND, content)
    with pytest.raises(PolicyError, match=says):
        Outcome.load(tmp_path / "r.json")


def test_a_changed_file_is_refused(tmp_path):
    Outcome("a", "bi-encoder", steps=1).save(tmp_path / "r.json")
    (tmp_path / "r.json").write_text((tmp_path / "r.json").read_text().replace('"steps": 1', '"steps": 2'))
    with pytest.raises(PolicyError, match="was changed after it was written"):
        Outcome.load(tmp_path / "r.json")


def test_versions_are_those_installed():
    found = versions()
    assert found["numpy"] == importlib.metadata.version("numpy") and found["python"].startswith("3.")
