"""The policy: order of its stages, segments, direction, refusals, and an artefact that nobody can mistake or change."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import replace

import numpy as np
import pytest

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.calibrate.calibration import Calibration
from tamis.calibrate.maps.platt import Platt
from tamis.core import Policy as PolicyProtocol
from tamis.data import write_artefact
from tamis.decide.learned.answerable import Answerable
from tamis.decide.learned.difficulty import Difficulty
from tamis.decide.learned.founding import Heuristic
from tamis.decide.learned.predictors import Predictors
from tamis.decide.policies.artefact import KIND
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.policies.segments import ByField, ByLanguage, ByLength
from tamis.decide.rules.fields import MaxPerSource
from tamis.decide.rules.table import MaxK, MinProbability, MinScore
from tamis.decide.rules.wording import BannedWords, MinLength
from tamis.errors import InputError, NotCertifiedError, PolicyError, PolicyExpired, PolicyMismatch

from ...calibrate.worlds import clustered

FINGERPRINT = "mini:1"
LOGITS = Labelled.of([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1, 1])


def answerable():
    drawn = clustered(400, 0)
    return Answerable.fit(Labelled.of(drawn.scores, drawn.labels, drawn.groups))


ANSWERABLE = answerable()


def ranking(scores, query="如何退货", fingerprint=FINGERPRINT, fields=None):
    """A ranking whose candidates ``d0``, ``d1``, ... have these scores of stage ``mini``."""
    given = fields or [{}] * len(scores)
    documents = [Document(f"d{at}", f"text {at}", fields=f) for at, f in enumerate(given)]
    first = Ranking(Query(query), tuple(Candidate(d, 0.0, {"bm25": 1.0}) for d in documents))
    return first.rescored("mini", scores, fingerprint=fingerprint)


def policy(threshold=0.5, **fields):
    thresholds = threshold if isinstance(threshold, Thresholds) else Thresholds(threshold)
    return Policy(thresholds, **{"scorer": FINGERPRINT, "stage": "mini", **fields})


def shown(decision):
    return [candidate.doc.id for candidate in decision.ranking]


def why(decision):
    return {candidate.doc.id: reason for candidate, reason in decision.rejected}


def test_it_is_a_policy():
    assert isinstance(policy(), PolicyProtocol)


def test_loose_then_strict_then_business_then_at_most_k():
    words = BannedWords(("text 1",))
    whole = policy(0.72, before=(MinScore(0.4),), after=(words,), max_k=2)
    decided = whole.decide(ranking([0.99, 0.9, 0.8, 0.75, 0.31, 0.5]))
    assert shown(decided) == ["d0", "d2"]
    assert why(decided) == {
        "d4": "min_score: score 0.31 is below 0.4",
        "d5": "threshold: score 0.5 is below 0.72",
        "d1": "banned_words: has the banned word 'text 1'",
        "d3": "max_k: place 3, 2 are shown",
    }
    assert list(decided.dropped.items()) == [("min_score", 1), ("threshold", 1), ("banned_words", 1), ("max_k", 1)]
    assert decided.policy == whole.digest


def test_a_score_equal_to_the_threshold_is_accepted():
    assert shown(policy(0.5).decide(ranking([0.5, 0.4999]))) == ["d0"]
    assert shown(policy(0.5, direction="reject-high").decide(ranking([0.5, 0.4999]))) == ["d1"]


def test_high_scores_are_left_out_where_they_mean_bad():
    decided = policy(0.72, direction="reject-high").decide(ranking([0.9, 0.1, 0.72]))
    assert shown(decided) == ["d1"]
    assert why(decided)["d0"] == "threshold: score 0.9 is not below 0.72"


def test_the_threshold_meets_its_own_stage_whatever_the_ranking_is_ordered_by():
    found = ranking([0.9, 0.1]).rescored("blend", [1.0, 5.0], fingerprint="blend:1")
    decided = policy(0.5).decide(found)
    assert [c.doc.id for c in found] == ["d1", "d0"]
    assert shown(decided) == ["d0"]
    assert decided.ranking[0].score == 1.0


def test_without_a_stage_the_current_score_counts(caplog):
    assert shown(Policy(Thresholds(2.0)).decide(ranking([3.0, 1.0]))) == ["d0"]
    assert "does not say which scorer" in caplog.text


def test_infinite_thresholds_accept_none_and_all():
    assert shown(policy(math.inf).decide(ranking([9.0]))) == []
    assert shown(policy(-math.inf).decide(ranking([-9.0]))) == ["d0"]


# Segments


def test_a_segment_has_its_own_threshold_and_an_unseen_one_its_parents():
    cuts = Thresholds(0.5, {"zh": 0.8}, ByLanguage())
    zh, en = (policy(cuts).decide(ranking([0.7, 0.9], query)) for query in ("如何退货", "how to return it"))
    assert (shown(zh), shown(en)) == (["d1"], ["d1", "d0"])
    assert zh.ranking[0].notes["segment"] == zh.rejected[0][0].notes["segment"] == "zh"
    assert en.ranking[0].notes["segment"] == "en (parent's threshold)"


def test_segments_by_field_differ_within_a_ranking():
    cuts = Thresholds(0.5, {"wiki": 0.2, "7": 0.9}, ByField("source"))
    fields = [{"source": "wiki"}, {"source": 7}, {"source": "blog"}, {}]
    decided = policy(cuts).decide(ranking([0.3, 0.8, 0.6, 0.4], fields=fields))
    assert shown(decided) == ["d2", "d0"]
    assert why(decided) == {
        "d1": "threshold: score 0.8 is below 0.9",
        "d3": "threshold: score 0.4 is below 0.5",
    }
    notes = {c.doc.id: c.notes["segment"] for c in (*decided.ranking, *(c for c, _ in decided.rejected))}
    assert notes["d3"] == "unknown (parent's threshold)"


def test_segments_by_length():
    cuts = Thresholds(None, {"below 3": 0.9, "3 to 9": 0.5, "10 and more": 0.1}, ByLength((3, 10)))
    counts = [len(shown(policy(cuts).decide(ranking([0.95, 0.6, 0.2], "字" * n)))) for n in (2, 3, 9, 10, 99)]
    assert counts == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Thresholds(math.nan), "default threshold must be a number or None, got nan"),
        (lambda: Thresholds("0.7"), "must be a number or None"),
        (lambda: Thresholds(True), "must be a number or None"),
        (lambda: Thresholds(0.7, {"zh": 0.8}), "need what tells the segment"),
        (lambda: Thresholds(0.7, {"zh": "x"}, ByLanguage()), "segment 'zh' must be a number"),
        (lambda: Thresholds(0.7, {1: 0.8}, ByLanguage()), "name must be a string"),
        (lambda: Thresholds(0.7, [0.8], ByLanguage()), "thresholds by name"),
        (lambda: Thresholds(0.7, {}, "lang"), "must be a segmenter"),
        (lambda: ByLength(()), "must be at least one and rise"),
        (lambda: ByLength((5, 5)), "must be at least one and rise"),
        (lambda: ByLength("5"), "must be a list"),
        (lambda: ByField(" "), "not blank"),
        (lambda: Policy(0.7), "needs Thresholds"),
        (lambda: policy(direction="up"), "accept-high, reject-high, got 'up'"),
        (lambda: policy(on_refuse="none"), "raise, accept_none, accept_all"),
        (lambda: policy(stage=""), "under which stage's name"),
        (lambda: policy(scorer=None), "scorer must be a string"),
        (lambda: policy(before=MinScore(1)), "before must be a list of rules"),
        (lambda: policy(after=["max_k"]), "after must be a list of rules"),
        (lambda: policy(max_k=0), "max_k must be at least 1"),
        (lambda: policy(max_k="5"), "max_k must be a whole number"),
        (lambda: policy(offsets=0.1), "offsets must be of the class Difficulty or Heuristic"),
        (lambda: policy(calibration=Platt()), "calibration must be of the class Calibration"),
        (lambda: policy(calibration=Calibration.fit(LOGITS, Platt(), stage="other")), "for stage 'other', the policy"),
        (lambda: policy(calibration=Calibration.fit(LOGITS, Platt(), scorer="o")), "for scorer 'o', the policy for"),
        (lambda: policy(answerable=0.5), "answerable must be of the class Answerable"),
        (lambda: policy(answerable=ANSWERABLE, direction="reject-high"), "cannot say whether one answers"),
        (lambda: policy(expires="21.11.2026"), "expires must be a date such as"),
        (lambda: policy(created=20261121), "created must be a date such as"),
        (lambda: policy(certificate="issued"), "certificate must be a mapping"),
        (lambda: policy(certificate={"bound": math.nan}), "certificate must hold JSON values only"),
        (lambda: policy(target={"x": {1, 2}}), "target must hold JSON values only"),
        (lambda: policy(counts={"pairs": -1}), "counts of 'pairs' must be at least 0"),
    ],
)
def test_a_bad_value_is_told_when_the_policy_is_made(make, says):
    with pytest.raises(InputError, match=says):
        make()


# Whose scores


def test_scores_of_another_scorer_are_refused_with_both_names():
    with pytest.raises(
        PolicyMismatch, match=r"'mini' \(mini:1\).*come from 'mini:int8': tune a policy on scores of this"
    ):
        policy().decide(ranking([0.9], fingerprint="mini:int8"))


def test_scores_that_do_not_say_whose_they_are_are_refused():
    with pytest.raises(PolicyMismatch, match="come from 'what it does not say'"):
        policy().decide(ranking([0.9], fingerprint=""))


def test_a_ranking_without_the_stage_is_refused():
    with pytest.raises(PolicyMismatch, match=r"no scores of 'mini' for all candidates, only of \['bm25'\]"):
        policy().decide(Ranking(Query("q"), (Candidate(Document("a", "x"), 1.0, {"bm25": 1.0}),)))
    part = Candidate(Document("z", "x"), 0.1)
    found = ranking([0.9])
    with pytest.raises(PolicyMismatch, match="for all candidates"):
        policy().decide(replace(found, items=(*found.items, part)))


def test_an_allowed_mismatch_warns_once_and_goes_on(caplog):
    lenient = policy(0.5, allow_mismatch=True)
    for _ in range(3):
        assert shown(lenient.decide(ranking([0.9, 0.1], fingerprint="mini:int8"))) == ["d0"]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("tamis", logging.WARNING)
    assert "mini:int8" in record.message
    without = Ranking(Query("q"), (Candidate(Document("a", "x"), 0.7),))
    assert shown(lenient.decide(without)) == ["a"]


def test_a_policy_for_any_scorer_warns_once(caplog):
    free = policy(scorer="")
    for fingerprint in ("one", "two"):
        free.decide(ranking([0.9], fingerprint=fingerprint))
    assert len(caplog.records) == 1


class Scorer:
    def __init__(self, fingerprint):
        self.name, self.fingerprint = "mini", fingerprint

    def score(self, pairs):
        raise AssertionError("nothing is scored when a policy is bound")


def test_bind():
    bound = policy()
    assert bound.bind(Scorer(FINGERPRINT)) is bound
    assert policy(scorer="").bind(Scorer("any")).scorer == ""
    with pytest.raises(PolicyMismatch, match=r"the scorer is 'mini' \(mini:int8\)"):
        bound.bind(Scorer("mini:int8"))
    lenient = bound.bind(Scorer("mini:int8"), allow_mismatch=True)
    assert lenient == bound
    assert lenient.digest == bound.digest
    assert shown(lenient.decide(ranking([0.9], fingerprint="mini:int8"))) == ["d0"]


# Refused certificates, probabilities, offsets


REFUSAL = {"issued": False, "reason": "41 accepted pairs, 93 are needed"}


def test_a_refused_certificate_gives_no_threshold():
    for scores in ([0.9], []):
        with pytest.raises(NotCertifiedError, match=r"41 accepted pairs, 93 are needed.*on_refuse='accept_none'"):
            policy(None, certificate=REFUSAL).decide(ranking(scores))
    none = policy(None, certificate=REFUSAL, on_refuse="accept_none").decide(ranking([0.9]))
    assert why(none) == {"d0": "threshold: no threshold was certified (41 accepted pairs, 93 are needed)"}
    assert shown(policy(None, on_refuse="accept_all", max_k=1).decide(ranking([0.9, 0.8]))) == ["d0"]


def test_a_refused_segment_does_not_fall_back_to_its_parent():
    cuts = Thresholds(0.5, {"en": None}, ByLanguage())
    assert shown(policy(cuts).decide(ranking([0.9]))) == ["d0"]
    with pytest.raises(NotCertifiedError, match="for segment 'en'"):
        policy(cuts).decide(ranking([0.9], "how to return it"))
    kept = policy(cuts, on_refuse="accept_none").decide(ranking([0.9], "how to return it"))
    assert why(kept) == {"d0": "threshold: no threshold was certified for segment 'en'"}


def test_every_candidate_gets_its_probability():
    calibration = Calibration.fit(LOGITS, Platt(), scorer=FINGERPRINT, stage="mini")
    decided = policy(0.5, calibration=calibration, after=(MinProbability(0.6),)).decide(ranking([2.0, 0.6, -1.0]))
    found = {c.doc.id: c.probability for c in (*decided.ranking, *(c for c, _ in decided.rejected))}
    assert [found[f"d{at}"] for at in range(3)] == calibration.calibrator([2.0, 0.6, -1.0]).tolist()
    assert list(decided.dropped) == ["threshold"] or set(decided.dropped) == {"threshold", "min_probability"}


def test_probabilities_and_offsets_are_read_from_the_policys_own_scores():
    found = ranking([0.75, 0.5], "Python是什么").rescored("blend", [7.0, 8.0])
    calibration = Calibration.fit(LOGITS, Platt())
    decided = policy(0.7, calibration=calibration, offsets=Heuristic(), on_refuse="accept_all").decide(found)
    assert [c.doc.id for c, _ in decided.rejected] == ["d1", "d0"]
    shift = Heuristic().offset(ranking([0.75, 0.5], "Python是什么"))
    assert shift != 0
    expected = calibration.calibrator(np.array([0.5, 0.75]) - shift)  # a harder query's score means more
    assert [c.probability for c, _ in decided.rejected] == expected.tolist()
    assert [c.score for c, _ in decided.rejected] == [8.0, 7.0]


def test_probabilities_that_are_there_stay():
    calibration = Calibration.fit(LOGITS, Platt())
    found = ranking([2.0, 1.0]).calibrated([0.25, 0.2])
    assert [c.probability for c in policy(0.5, calibration=calibration).decide(found).ranking] == [0.25, 0.2]


def difficulty():
    rng = np.random.default_rng(0)
    chinese = np.repeat(rng.integers(0, 2, 300), 10)
    relevant = rng.random(3000) < 0.3
    scores = 3 * relevant + 2 * chinese + rng.normal(size=3000)
    data = Labelled.of(scores, relevant, np.repeat(np.arange(300), 10))
    return Difficulty.fit(data, chinese[::10, None], Predictors(("language:zh",), stage="mini"))


def test_offsets_move_the_threshold_and_say_so():
    offsets = difficulty()
    assert offsets.enabled
    moving = policy(2.0, offsets=offsets)
    zh, en = (moving.decide(ranking([2.5, 1.5], query)) for query in ("如何退货", "how to return it"))
    assert (shown(zh), shown(en)) == ([], ["d0", "d1"])
    assert zh.rejected[0][0].notes["threshold_offset"] == offsets.offset(ranking([2.5, 1.5]))


def test_the_founding_heuristic_by_name():
    heuristic = policy(0.7, offsets=Heuristic(0.7))
    assert shown(heuristic.decide(ranking([0.78, 0.71], "Python是什么"))) == ["d0"]


def test_whether_anything_answers_is_read_from_the_policys_own_scores():
    telling = policy(2.0, answerable=ANSWERABLE)
    found = ranking([4.0, 1.0, -2.0]).rescored("blend", [0.1, 0.2, 0.3])
    assert telling.decide(found).none_relevant == ANSWERABLE.probability([4.0, 1.0, -2.0]) < 0.2
    assert telling.decide(ranking([-3.0, -4.0])).none_relevant > 0.8
    assert telling.decide(ranking([])).none_relevant == 1.0
    assert policy().decide(found).none_relevant is None


# The artefact

FULL = policy(
    Thresholds(0.72, {"zh": 0.8, "en": None, "other": math.inf}, ByLanguage()),
    direction="reject-high",
    calibration=Calibration.fit(LOGITS, Platt(), scorer=FINGERPRINT, stage="mini", created="2026-11-21"),
    before=(MinScore(0.4),),
    after=(MinLength(2), BannedWords(("赌博",)), MaxPerSource("site", 2), MaxK(9)),
    max_k=5,
    offsets=difficulty(),
    on_refuse="accept_none",
    certificate={"issued": True, "bound": 0.95, "assumptions": ["new queries are like the labelled ones"]},
    target={"target": "precision", "least": 0.95},
    data="0123456789abcdef",
    counts={"pairs": 7, "queries": 7},
    created="2026-11-21",
    expires="2999-05-21",
    parent="ab" * 32,
    name="精准问答",
)


@pytest.mark.parametrize(
    "saved",
    [FULL, policy(), Policy(Thresholds(None), offsets=Heuristic(0.7)), policy(answerable=ANSWERABLE)],
    ids=["full", "least", "heuristic", "answerable"],
)
def test_load_then_save_gives_the_same_bytes(saved, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    saved.save(first)
    loaded = Policy.load(first)
    loaded.save(second)
    assert first.read_bytes() == second.read_bytes()
    assert loaded == saved
    assert loaded.digest == saved.digest
    assert Policy.load(second).as_json() == saved.as_json()


def test_a_loaded_policy_decides_as_the_saved_one(tmp_path):
    FULL.save(tmp_path / "p.json")
    found = ranking([0.9, 0.75, 0.5, 0.1])
    assert Policy.load(tmp_path / "p.json").decide(found) == FULL.decide(found)


def test_the_digest_tells_policies_apart():
    others = [policy(0.6), policy(max_k=3), policy(name="x"), policy(after=(MinLength(2),)), policy(parent="a")]
    assert len({policy().digest, *(other.digest for other in others)}) == 6
    assert policy().digest == policy().digest


def test_a_tampered_file_is_one_clear_error(tmp_path):
    path = tmp_path / "p.json"
    policy(0.72).save(path)
    path.write_text(path.read_text("utf-8").replace("0.72", "0.10"), "utf-8")
    with pytest.raises(PolicyError, match=r"p\.json was changed after it was written"):
        Policy.load(path)


def test_an_expired_policy_can_be_read_but_does_not_decide(tmp_path):
    policy(expires="2026-01-31").save(tmp_path / "p.json")
    old = Policy.load(tmp_path / "p.json")
    assert old.expired
    with pytest.raises(PolicyExpired, match="last day was 2026-01-31: tune it again"):
        old.decide(ranking([0.9]))
    assert not policy(expires="2999-01-01").expired
    assert not policy().expired


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"thresholds": None}, "field 'thresholds': expected a mapping"),
        ({"thresholds": {"default": "x", "segments": {}, "by": None}}, "'thresholds': the default threshold must be"),
        ({"thresholds": {"default": 0.5, "segments": {}}}, "field 'thresholds.by' is missing"),
        ({"thresholds": {"default": 0.5, "segments": [], "by": None}}, "'thresholds.segments': expected a mapping"),
        ({"thresholds": {"default": 0.5, "segments": {}, "by": {"by": "lnag"}}}, "'thresholds.by.by': no such kind"),
        ({"scorer": 3}, "field 'scorer': expected a string"),
        ({"stage": ""}, "under which stage's name"),
        ({"direction": "up"}, "field 'direction': expected one of accept-high, reject-high"),
        ({"calibration": {"map": "platt"}}, "field 'calibration"),
        ({"calibration": []}, "field 'calibration': expected a mapping"),
        ({"before": {}}, "field 'before': expected a list"),
        ({"after": [{"rule": "max_k", "k": 0}]}, r"field 'after\[0\]': max_k: k must be at least 1"),
        ({"max_k": True}, "field 'max_k': expected a whole number"),
        ({"offsets": {"kind": "magic"}}, "'offsets.kind': no such kind 'magic'"),
        ({"offsets": {"kind": "heuristic"}}, "field 'offsets.base' is missing"),
        ({"offsets": {"kind": "heuristic", "base": 0.7, "x": 1}}, "field 'offsets': it holds fields that are unknown"),
        ({"answerable": {"kind": "learned"}}, "field 'answerable.losses' is missing"),
        ({"on_refuse": None}, "field 'on_refuse': expected one of"),
        ({"certificate": []}, "field 'certificate': expected a mapping"),
        ({"target": None}, "field 'target': expected a mapping"),
        ({"counts": {"pairs": 1.5}}, "field 'counts.pairs': expected a whole number"),
        ({"expires": "soon"}, "field 'expires'"),
        ({"created": None}, "field 'created'"),
        ({"name": None}, "field 'name': expected a string"),
        ({"thresholdd": 0.5}, "field 'thresholdd' is unknown; did you mean 'thresholds'"),
    ],
)
def test_wrong_content_is_one_error_that_names_file_and_field(change, says, tmp_path):
    write_artefact(tmp_path / "p.json", KIND, {**policy().as_json(), **change})
    with pytest.raises(PolicyError, match=says) as error:
        Policy.load(tmp_path / "p.json")
    assert "p.json" in str(error.value)
    assert not isinstance(error.value, InputError)


@pytest.mark.parametrize("name", sorted(policy().as_json()))
def test_every_missing_field_is_named(name):
    content = policy().as_json()
    del content[name]
    with pytest.raises(PolicyError, match=f"field '{name}' is missing"):
        Policy.from_json(content)


def test_no_file_another_kind_and_no_json(tmp_path):
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "n.json").write_text("[1")
    for name in ("missing.json", "c.json", "n.json"):
        with pytest.raises(PolicyError, match=name):
            Policy.load(tmp_path / name)


def test_the_file_can_be_read_by_people(tmp_path):
    FULL.save(tmp_path / "p.json")
    text = (tmp_path / "p.json").read_text("utf-8")
    assert json.loads(text)["name"] == "精准问答" and "精准问答" in text


# A8: queries that nothing answers


def test_answerless_queries_with_an_accepted_document_are_as_many_as_was_measured():
    """W2, tau2 = 1, 20,000 queries: 12.3 % of answerless queries pass one at .9, 51.6 % at .7."""
    drawn = clustered(20_000, 1)
    scores, answered = drawn.scores.reshape(-1, 10), drawn.labels.reshape(-1, 10).any(axis=1)
    answerless = scores[~answered]
    rates = {}
    for probability in (0.9, 0.7):
        rule = policy(math.log(probability / (1 - probability)))
        sample = answerless[:1500]
        passed = np.array([bool(len(rule.decide(ranking(row)).ranking)) for row in sample])
        assert passed.tolist() == (sample >= rule.thresholds.default).any(axis=1).tolist()
        rates[probability] = (answerless >= rule.thresholds.default).any(axis=1).mean()
    assert rates == pytest.approx({0.9: 0.123, 0.7: 0.516}, abs=0.001)
