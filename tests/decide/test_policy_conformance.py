"""What every policy keeps to: nothing lost, invented or reordered; the same answer again, in threads, after JSON."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.calibrate.calibration import Calibration
from tamis.calibrate.maps.platt import Platt
from tamis.core import Policy as PolicyProtocol
from tamis.decide.learned.answerable import Answerable
from tamis.decide.learned.difficulty import Difficulty
from tamis.decide.learned.founding import Heuristic
from tamis.decide.learned.predictors import Predictors
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.policies.segments import ByField, ByLanguage, ByLength
from tamis.decide.rules.fields import AllowField, DenyField, Fresh, MaxPerSource
from tamis.decide.rules.table import MaxK, MinProbability, MinScore
from tamis.decide.rules.wording import BannedWords, Dedup, MinLength

from ..calibrate.worlds import clustered

DRAWN = clustered(300, 3)
DATA = Labelled.of(DRAWN.scores, DRAWN.labels, DRAWN.groups)
CALIBRATION = Calibration.fit(DATA, Platt(), created="2026-11-21")
FEATURES = (DRAWN.scores.reshape(-1, 10).max(axis=1) > 2)[:, None]
RULES = (
    MinScore(0.2),
    MinScore(0.5, "bm25"),
    MinProbability(0.1),
    MinLength(3),
    BannedWords(("bad", "坏")),
    Fresh("on", 30, today=date(2026, 11, 21)),
    Fresh("on", 30, "keep", today=date(2026, 11, 21)),
    AllowField("site", ("a", "b")),
    DenyField("site", ("b",)),
    Dedup(),
    Dedup(0.5),
    MaxPerSource("site", 1),
    MaxK(2),
)


def policy(thresholds, **fields):
    return Policy(thresholds, **{"scorer": "mini:1", "stage": "mini", "calibration": CALIBRATION, **fields})


POLICIES = {
    "one threshold": policy(Thresholds(0.5)),
    "uncalibrated": policy(Thresholds(0.5), calibration=None),
    "accept none": policy(Thresholds(math.inf)),
    "accept all": policy(Thresholds(-math.inf)),
    "by language": policy(Thresholds(0.5, {"zh": 0.1}, ByLanguage())),
    "by field": policy(Thresholds(0.5, {"a": 0.1, "b": math.inf}, ByField("site"))),
    "by length": policy(Thresholds(0.5, {"below 3": 0.1}, ByLength((3,)))),
    "reject high": policy(Thresholds(0.5), direction="reject-high"),
    "stages": policy(Thresholds(0.5), before=RULES[:4], after=RULES[4:], max_k=1),
    "refused, none": policy(Thresholds(None), on_refuse="accept_none"),
    "refused, all": policy(Thresholds(None), on_refuse="accept_all", max_k=2),
    "difficulty": policy(
        Thresholds(0.5), offsets=Difficulty.fit(DATA, FEATURES, Predictors(("intent:how",), stage="mini"))
    ),
    "heuristic": policy(Thresholds(0.7), offsets=Heuristic()),
    "answerable": policy(Thresholds(0.5), answerable=Answerable.fit(DATA)),
}

TEXTS = st.sampled_from(["", "bad", "坏人", "退货须在七天内", "退貨須在七天內", "a drum sieve", "a drum sieves", "x"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={"site": st.sampled_from(["a", "b", None, 3]), "on": st.sampled_from(["2026-11-20", "2020-01-01", "?"])},
)
ROWS = st.lists(st.tuples(TEXTS, FIELDS, st.sampled_from([0.0, 0.2, 0.5, 0.7, 0.7, 1.0])), max_size=9)
QUERIES = st.sampled_from(["如何退货", "how?", "退货", "Python是什么"])


def ranked(query, rows):
    documents = [Document(f"d{at}", text, fields=fields) for at, (text, fields, _) in enumerate(rows)]
    first = Ranking(Query(query), tuple(Candidate(d, 0.0, {"bm25": 1.0}) for d in documents))
    return first.rescored("mini", [score for *_, score in rows], fingerprint="mini:1")


def whole(decision):
    return [*decision.ranking, *(candidate for candidate, _ in decision.rejected)]


def checked(policy, ranking):
    """A decision that loses, invents, reorders and rescores nothing, and says why of all that it leaves out."""
    decision = policy.decide(ranking)
    place = {candidate.doc.id: at for at, candidate in enumerate(ranking)}
    assert sorted(c.doc.id for c in whole(decision)) == sorted(place)
    shown = [place[c.doc.id] for c in decision.ranking]
    assert shown == sorted(shown)
    for candidate in whole(decision):
        given_ = ranking[place[candidate.doc.id]]
        assert candidate.doc is given_.doc
        assert candidate.score == given_.score
        assert {**candidate.scores, **given_.scores} == dict(candidate.scores)
        assert (candidate.probability is None) == (policy.calibration is None)
    for _, reason in decision.rejected:
        stage, colon, why = reason.partition(": ")
        assert stage and colon and why
    assert sum(decision.dropped.values()) == len(decision.rejected)
    assert decision.policy == policy.digest
    assert decision.ranking.query is ranking.query
    assert decision.ranking.fingerprints == ranking.fingerprints
    return decision


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=25)
@given(query=QUERIES, rows=ROWS)
def test_nothing_is_lost_invented_or_reordered(name, query, rows):
    checked(POLICIES[name], ranked(query, rows))


@settings(max_examples=150)
@given(st.permutations(RULES), st.integers(0, len(RULES)), st.integers(0, len(RULES)), QUERIES, ROWS)
def test_any_rules_in_any_order(rules, before, after, query, rows):
    checked(policy(Thresholds(0.3), before=rules[:before], after=rules[len(rules) - after :]), ranked(query, rows))


@pytest.mark.parametrize("found", POLICIES.values(), ids=POLICIES)
class TestEvery:
    def test_is_a_policy(self, found):
        assert isinstance(found, PolicyProtocol)

    def test_an_empty_ranking_gives_an_empty_decision(self, found):
        for empty in (Ranking(Query("q")), ranked("q", [])):
            decision = found.decide(empty)
            assert (len(decision.ranking), decision.rejected) == (0, ())

    def test_gives_the_same_decision_again_and_in_threads(self, found):
        sites = [{"site": site} for site in "abab"]
        texts = ["退货须在七天内", "a drum sieve", "坏人", "rain fell"]
        ranking = ranked("如何退货", list(zip(texts, sites, [0.9, 0.6, 0.45, 0.1], strict=True)))
        first = checked(found, ranking)
        with ThreadPoolExecutor(8) as pool:
            assert all(decision == first for decision in pool.map(found.decide, [ranking] * 32))

    def test_comes_back_from_its_file(self, found, tmp_path):
        found.save(tmp_path / "1.json")
        again = Policy.load(tmp_path / "1.json")
        again.save(tmp_path / "2.json")
        assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
        assert again == found

    def test_deciding_on_what_was_shown_shows_it_again(self, found):
        ranking = ranked("如何退货", [("退货须在七天内", {"site": "a"}, 0.9), ("a drum sieve", {"site": "b"}, 0.1)])
        shown = found.decide(ranking).ranking
        assert found.decide(shown).ranking == shown
