"""``--policy`` in ``tamis rerank`` and ``tamis search``: what is shown, what is left out and why, in table and JSON."""

import csv
import json

import pytest

from tamis import load_scorer
from tamis.calibrate import Labelled
from tamis.calibrate.calibration import Calibration
from tamis.calibrate.maps.platt import Platt
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.rules.fields import DenyField
from tamis.decide.rules.wording import MinLength

DOCUMENTS = ["今天下了一天的雨。", "签收后七天内可以申请退货。", "Wages are paid monthly.", "退货"]
QUERY = "怎么退货"
LABELLED = Labelled.of([-6.0, -4.0, -2.0, 0.0, 2.0, 4.0], [0, 0, 1, 0, 1, 1])


@pytest.fixture
def docs(tmp_path):
    path = tmp_path / "docs.txt"
    path.write_text("\n".join(DOCUMENTS), "utf-8")
    return path


@pytest.fixture
def scores(run, docs):
    """The raw logit of each document, by its id."""
    shown = json.loads(run("rerank", QUERY, "--docs", docs, "--json").out)
    return {row["id"]: row["score"] for row in shown["results"]}


@pytest.fixture
def saved(tmp_path):
    """Writes a policy for tamis-mini and gives its path."""

    def save(threshold, **fields):
        scorer = load_scorer("tamis-mini")
        policy = Policy(Thresholds(threshold), **{"scorer": scorer.fingerprint, "stage": scorer.name, **fields})
        path = tmp_path / "policy.json"
        policy.save(path)
        return path

    return save


def test_json_of_a_decision(run, docs, scores, saved):
    threshold = (scores["1"] + scores["0"]) / 2
    calibration = Calibration.fit(LABELLED, Platt(), stage="tamis-mini")
    path = saved(threshold, calibration=calibration, after=(MinLength(4),))
    ran = run("rerank", QUERY, "--docs", docs, "--policy", path, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert [row["id"] for row in shown["results"]] == ["1"]
    (first,) = shown["results"]
    assert (first["rank"], first["index"], first["score"]) == (1, 1, scores["1"])
    assert first["probability"] == pytest.approx(float(calibration.calibrator([scores["1"]])[0]))
    reasons = {row["id"]: row["reason"] for row in shown["rejected"]}
    assert set(reasons) == {"0", "2", "3"}
    assert reasons["0"].startswith("threshold: score ")
    assert reasons["3"].startswith(("min_length: 2 characters", "threshold: "))
    assert all(0 < row["probability"] < 1 for row in shown["rejected"])
    assert shown["policy"] == Policy.load(path).digest
    assert sum(shown["dropped"].values()) == 3
    assert shown["none_relevant"] is None


def test_two_calibrations_are_one_too_many(run, docs, saved):
    bare, own = saved(0.0), Calibration.fit(LABELLED, Platt(), stage="tamis-mini")
    assert run("rerank", QUERY, "--docs", docs, "--policy", bare, "--calibration", "default").code == 0
    ran = run("rerank", QUERY, "--docs", docs, "--policy", saved(0.0, calibration=own), "--calibration", "default")
    assert ran.code == 2 and "a calibration of its own" in ran.err and ran.out == ""


def test_without_a_policy_nothing_is_decided(run, docs):
    shown = json.loads(run("rerank", QUERY, "--docs", docs, "-k", 2, "--json").out)
    assert (shown["policy"], shown["rejected"], shown["dropped"], shown["none_relevant"]) == (None, [], {}, None)


def test_top_k_cuts_after_the_decision_and_says_so(run, docs, saved):
    path = saved(-100.0, after=(MinLength(4),))
    shown = json.loads(run("rerank", QUERY, "--docs", docs, "--policy", path, "-k", 1, "--json").out)
    assert len(shown["results"]) == 1
    assert shown["dropped"] == {"min_length": 1, "top_k": 2}
    assert [row["reason"] for row in shown["rejected"]][1:] == [
        "top_k: place 2, 1 is shown",
        "top_k: place 3, 1 is shown",
    ]


def test_tables_show_what_was_left_out_and_why(run, docs, scores, saved):
    path = saved((scores["1"] + scores["0"]) / 2, calibration=Calibration.fit(LABELLED, Platt()))
    ran = run("rerank", QUERY, "--docs", docs, "--policy", path)
    assert ran.code == 0, ran.err
    above, title, below = ran.out.partition("left out: threshold")
    assert title
    assert "签收后七天内可以申请退货。" in above
    assert "今天下了一天的雨。" in below
    assert "probability" in above and "probability" in below
    assert "is below" in below


def test_nothing_shown_is_an_answer(run, docs, saved):
    ran = run("rerank", QUERY, "--docs", docs, "--policy", saved(1000.0))
    assert ran.code == 0
    assert "0 shown, 4 left out: threshold 4" in ran.out


def test_a_reason_with_brackets_is_text(run, tmp_path, saved):
    (tmp_path / "d.jsonl").write_text('{"id": "a", "text": "x", "tag": "[red]x[/red]"}\n')
    path = saved(-100.0, after=(DenyField("tag", ("[red]x[/red]",)),))
    ran = run("rerank", "q", "--docs", tmp_path / "d.jsonl", "--policy", path)
    assert ran.code == 0
    assert "[red]x[/red]" in "".join(ran.out.split())


# Batches


def test_rows_of_a_batch_gain_a_verdict(run, tmp_path, scores, saved):
    path = saved((scores["1"] + scores["0"]) / 2, calibration=Calibration.fit(LABELLED, Platt()), max_k=1)
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("query", "document", "tag"), *((QUERY, d, "x") for d in DOCUMENTS)])
        csv.writer(file).writerow((QUERY, DOCUMENTS[1] + "退货", "y"))
    ran = run("rerank", "--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv", "--policy", path, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["accepted"] == 1
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert [row["accepted"] for row in rows].count("true") == 1
    assert all(0 < float(row["probability"]) < 1 for row in rows)
    assert {row["reason"].partition(":")[0] for row in rows} >= {"", "threshold", "max_k"}
    assert all((row["accepted"] == "true") == (row["reason"] == "") for row in rows)


def test_lists_gain_a_verdict_each_and_other_columns_are_fields(run, tmp_path, saved):
    path = saved(-100.0, after=(DenyField("site", ("spam",)), MinLength(4)))
    documents = [{"text": "七天内可以退货", "site": "spam"}, {"text": "退货"}, {"text": "七天内可以退货。"}]
    rows = [{"query": QUERY, "documents": documents}, {"query": QUERY, "documents": []}]
    rows += [{"query": "q", "document": "long enough", "site": site} for site in ("spam", "wiki")]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = run("rerank", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", "--policy", path)
    assert ran.code == 0, ran.err
    assert "2 accepted" in ran.err
    first, second, *pairs = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert first["accepted"] == [False, False, True]
    assert first["probabilities"] == [None] * 3
    assert first["reasons"] == [
        "deny_field: 'spam' in field 'site' is denied",
        "min_length: 2 characters, at least 4 wanted",
        "",
    ]
    assert (second["accepted"], second["probabilities"]) == ([], [])
    assert [(row["accepted"], row["probability"]) for row in pairs] == [(False, None), (True, None)]


def test_without_a_policy_rows_gain_no_verdict(run, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"query": "q", "document": "d"}\n')
    assert run("rerank", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl").code == 0
    assert set(json.loads((tmp_path / "out.jsonl").read_text())) == {"query", "document", "score", "rank"}


# Search


@pytest.fixture
def index(run, docs, tmp_path):
    assert run("index", tmp_path / "index", "--docs", docs).code == 0
    return tmp_path / "index"


def test_search_takes_the_scores_that_the_policy_was_tuned_on(run, index, scores, saved):
    path = saved((scores["1"] + scores["0"]) / 2)
    ran = run("search", index, QUERY, "--policy", path, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert "1" in {row["id"] for row in shown["results"]}
    for row in (*shown["results"], *shown["rejected"]):
        assert row["scores"]["tamis-mini"] == pytest.approx(scores[row["id"]], rel=1e-5)
        assert "tamis-mini+bm25" not in row["scores"]
    assert shown["policy"] == Policy.load(path).digest


def test_search_by_a_policy_for_scores_with_bm25(run, index, saved):
    path = saved(-100.0, stage="tamis-mini+bm25", max_k=1)
    shown = json.loads(run("search", index, QUERY, "--policy", path, "--json").out)
    assert len(shown["results"]) == 1
    assert "tamis-mini+bm25" in shown["results"][0]["scores"]
    assert set(shown["dropped"]) == {"max_k"}


def test_search_without_a_model_by_a_policy_for_its_first_stage(run, index, tmp_path):
    Policy(Thresholds(-1.0), stage="bm25", name="words").save(tmp_path / "words.json")
    ran = run(
        "search", index, QUERY, "--recall", "bm25", "--model", "none", "--policy", tmp_path / "words.json", "-k", 1
    )
    assert ran.code == 0, ran.err
    assert "1 shown" in ran.out


# Mistakes


def test_a_policy_for_another_scorer_is_one_clear_line(run, docs, index, saved):
    path = saved(0.5, scorer="cross:0123:abcd:int8")
    for arguments in (("rerank", QUERY, "--docs", docs), ("search", index, QUERY)):
        ran = run(*arguments, "--policy", path)
        assert (ran.code, ran.out) == (1, "")
        assert "cross:0123:abcd:int8" in ran.err and "tamis-mini" in ran.err and "tune a policy" in ran.err
        assert "Traceback" not in ran.err


def test_a_policy_for_scores_with_bm25_does_not_fit_given_documents(run, docs, saved):
    ran = run("rerank", QUERY, "--docs", docs, "--policy", saved(0.5, stage="tamis-mini+bm25"))
    assert ran.code == 1
    assert "no scores of 'tamis-mini+bm25'" in ran.err


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_text(path.read_text("utf-8").replace("0.5", "0.1"), "utf-8"), "was changed after"),
        (lambda path: path.write_text("{}"), "expected a tamis-policy"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_a_spoiled_policy_is_one_clear_line_and_no_output(run, docs, saved, tmp_path, spoil, says):
    path = saved(0.5)
    spoil(path)
    (tmp_path / "in.jsonl").write_text('{"query": "q", "document": "d"}\n')
    batch = ("--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    for arguments in ((QUERY, "--docs", docs), batch):
        ran = run("rerank", *arguments, "--policy", path)
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.err
    assert not (tmp_path / "out.jsonl").exists()


def test_an_expired_and_a_refused_policy_are_one_clear_line_each(run, docs, saved):
    ran = run("rerank", QUERY, "--docs", docs, "--policy", saved(0.5, expires="2026-01-31"))
    assert (ran.code, ran.out) == (1, "") and "last day was 2026-01-31" in ran.err
    refused = saved(None, certificate={"issued": False, "reason": "41 accepted pairs, 93 are needed"})
    ran = run("rerank", QUERY, "--docs", docs, "--policy", refused)
    assert (ran.code, ran.out) == (1, "") and "93 are needed" in ran.err


@pytest.mark.parametrize("verb", ["rerank", "search"])
def test_help_says_what_is_a_probability(run, verb):
    shown = " ".join(run(verb, "--help").out.split())
    assert "--policy" in shown
    assert "Scores are raw logits, not probabilities." in shown
    assert "a policy with a calibration gives probabilities beside scores" in shown
