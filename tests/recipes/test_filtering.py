"""Filtering in stages: it runs, treats lists of any length alike, and says what it dropped."""

from __future__ import annotations

import pytest

from tamis import Document, Query, recipes
from tamis.decide import BannedWords, MinLength, Policy, Thresholds
from tamis.errors import InputError, PolicyExpired, PolicyMismatch
from tamis.recipes import DiffersFromFounding

from .given import ByWords

DOCUMENTS = [f"alpha {'beta ' * (n % 2)}number {n}" for n in range(12)]
POLICY = Policy(Thresholds(0.9), stage="ByWords", before=(MinLength(5),), after=(BannedWords(("number 3",)),), max_k=4)


def test_it_runs_as_a_function_and_says_what_each_stage_dropped():
    found = recipes.multi_stage_filtering("alpha beta", [*DOCUMENTS, "beta"], ByWords(), POLICY)
    assert found == [(DOCUMENTS[n], 1.0) for n in (1, 5, 7, 9)] and isinstance(found, list)
    assert found.decision.dropped == {"min_length": 1, "threshold": 6, "banned_words": 1, "max_k": 1}
    assert len(found) + len(found.decision.rejected) == 13


def test_ten_and_eleven_candidates_are_judged_alike():
    policy = Policy(Thresholds(0.4), stage="ByWords")
    for count in (10, 11, 12):
        assert len(recipes.multi_stage_filtering("alpha beta", DOCUMENTS[:count], ByWords(), policy)) == count
        assert recipes.multi_stage_filtering("gamma delta", DOCUMENTS[:count], ByWords(), policy) == []


def test_without_a_policy_nothing_is_left_out_and_that_is_said():
    with pytest.warns(DiffersFromFounding, match="leaves nothing out"):
        found = recipes.multi_stage_filtering("gamma", DOCUMENTS, ByWords())
    assert [document for document, _ in found] == DOCUMENTS


def test_documents_come_back_as_they_were_given(tmp_path):
    POLICY.save(tmp_path / "policy.json")
    given = [{"id": "x", "text": "alpha beta", "year": 2026}, Document("y", "beta alpha"), "alpha"]
    found = recipes.multi_stage_filtering(Query("alpha beta"), given, ByWords(), tmp_path / "policy.json")
    assert [document for document, _ in found] == given[:2] and found[0][0] is given[0]
    assert len(recipes.multi_stage_filtering("alpha", (text for text in given), ByWords(), POLICY)) == 3


def test_a_policy_for_another_model_or_day_is_refused():
    for_mini = Policy(Thresholds(0.0), scorer="tamis-mini:1", stage="tamis-mini")
    with pytest.raises(PolicyMismatch):
        recipes.multi_stage_filtering("alpha", DOCUMENTS, ByWords(), for_mini)
    over = Policy(Thresholds(0.0), stage="ByWords", expires="2020-01-01")
    with pytest.raises(PolicyExpired):
        recipes.multi_stage_filtering("alpha", DOCUMENTS, ByWords(), over)
    with pytest.raises(InputError, match="put it in a list"):
        recipes.multi_stage_filtering("alpha", "one document", ByWords(), POLICY)
    with pytest.raises(InputError, match="a model must be a spec"):
        recipes.multi_stage_filtering("alpha", DOCUMENTS, 7, POLICY)
