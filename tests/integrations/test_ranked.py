"""What the rerankers of other frameworks share: options, places, probabilities, loading once, and written forms."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tamis import Document, load_scorer
from tamis.calibrate import default_calibration
from tamis.decide.rules.fields import DenyField, Fresh
from tamis.errors import InputError, ModelError, PolicyError, PolicyExpired, PolicyMismatch
from tamis.integrations import ranked
from tamis.integrations.ranked import Reranking, Searching, count, remarks, told
from tamis.recall import Index

from .numbered import CALIBRATION, Numbered, policy, policy_of_mini, probability, saved

TEXTS = ["1 a", "3 b", "-2 c", "1 a"]


def places(found):
    return [at for at, _ in found]


def test_the_same_text_in_two_places_comes_back_from_both():
    assert places(Reranking(Numbered()).accepted("q", TEXTS)) == [1, 0, 3, 2]


def test_without_a_calibration_the_score_is_the_logit_and_no_probability_is_told():
    (_, best), *_ = Reranking(Numbered()).accepted("q", TEXTS)
    assert told(best) == 3.0
    assert remarks(best) == {"tamis_score": 3.0, "tamis_probability": None}


@pytest.mark.parametrize("form", ["object", "file", "path", "json"])
def test_a_calibration_gives_the_score_in_each_of_its_forms(form, tmp_path):
    file = saved(CALIBRATION, tmp_path / "calibration.json")
    given = {
        "object": CALIBRATION,
        "file": file,
        "path": str(file),
        "json": json.loads(json.dumps(CALIBRATION.as_json())),
    }
    (_, best), *_ = Reranking(Numbered(), calibration=given[form]).accepted("q", TEXTS)
    assert told(best) == best.probability == probability(3.0)
    assert remarks(best)["tamis_score"] == 3.0


def test_the_default_calibration_is_that_of_the_model():
    (_, found) = Reranking(calibration="default").accepted("如何退货", ["退货需在七天内申请"])[0]
    assert found.probability == default_calibration("tamis-mini").calibrator(np.array([found.score]))[0]


@pytest.mark.parametrize("form", ["object", "file", "path", "json"])
def test_a_policy_drops_what_it_does_not_accept_in_each_of_its_forms(form, tmp_path):
    made = policy(0.5, calibration=CALIBRATION)
    file = saved(made, tmp_path / "policy.json")
    given = {"object": made, "file": file, "path": str(file), "json": json.loads(json.dumps(made.as_json()))}
    found = Reranking(Numbered(), policy=given[form]).accepted("q", TEXTS)
    assert places(found) == [1, 0, 3]
    assert told(found[0][1]) == probability(3.0)


def test_the_list_is_cut_after_the_policy():
    rules = (DenyField("draft", (True,)),)
    metadata = [{"draft": False}, {"draft": True}, {}, {}]
    found = Reranking(Numbered(), policy=policy(-9.0, before=rules)).accepted("q", TEXTS, metadata, top=2)
    assert places(found) == [0, 3]


def test_rules_read_dates_of_the_metadata():
    old, new = {"on": datetime(2001, 1, 1, tzinfo=UTC)}, {"on": datetime.now(UTC)}
    found = Reranking(Numbered(), policy=policy(-9.0, after=(Fresh("on", 30),))).accepted("q", ["1", "2"], [new, old])
    assert places(found) == [0]


def test_nothing_is_loaded_for_an_empty_list_or_by_the_constructor():
    assert Reranking("no-such-model", policy="no-such-file").accepted("q", []) == []


def test_a_text_may_be_blank_and_a_query_may_not():
    assert sorted(places(Reranking().accepted("什么", ["", " ", "筛子"]))) == [0, 1, 2]
    with pytest.raises(InputError, match="the query is empty"):
        Reranking().accepted(" ", ["a"])


def test_the_instruction_reaches_the_scorer():
    scorer = Numbered()
    Reranking(scorer, instruction="find laws").accepted("q", ["1"])
    assert scorer.seen[0][0].instruction == "find laws"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": 3}, "model must be a spec such as 'tamis-mini', a model's folder, or a scorer, got int 3"),
        ({"model": None}, "model must be a spec"),
        ({"instruction": None}, "instruction must be a string, got NoneType None"),
        ({"policy": 0.5}, "policy must be a policy, its file, or None, got float 0.5"),
        ({"calibration": 0.5}, "calibration must be a calibration, its file, 'default' or None, got float 0.5"),
        ({"model": Numbered(), "calibration": "default"}, "is that of a model's spec, got a scorer"),
    ],
)
def test_a_wrong_option_is_told_at_once(options, says):
    with pytest.raises(InputError, match=says):
        Reranking(**options)


def test_two_calibrations_are_one_too_many():
    both = Reranking(Numbered(), policy=policy(calibration=CALIBRATION), calibration=CALIBRATION)
    with pytest.raises(InputError, match="leave calibration out"):
        both.accepted("q", TEXTS)


def test_what_was_made_for_another_scorer_is_refused():
    for options in ({"policy": policy()}, {"calibration": CALIBRATION}):
        with pytest.raises(PolicyMismatch):
            Reranking("tamis-mini", **options).accepted("q", TEXTS)


def test_what_is_no_policy_no_calibration_or_no_model_is_told():
    with pytest.raises(PolicyError, match="nowhere"):
        Reranking(Numbered(), policy="nowhere.json").accepted("q", TEXTS)
    with pytest.raises(PolicyError):
        Reranking(Numbered(), calibration={}).accepted("q", TEXTS)
    with pytest.raises(PolicyExpired):
        Reranking(Numbered(), policy=policy(expires="2001-01-01").as_json()).pipeline  # noqa: B018
    with pytest.raises(ModelError, match="Did you mean 'tamis-mini'"):
        Reranking("tamis-mina").accepted("q", TEXTS)


def test_threads_share_one_and_load_once(monkeypatch):
    loads = []
    monkeypatch.setattr(ranked, "load_scorer", lambda spec: loads.append(spec) or Numbered())
    shared, found = Reranking("any"), []
    threads = [threading.Thread(target=lambda: found.append(places(shared.accepted("q", TEXTS)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[1, 0, 3, 2]] * 8
    assert loads == ["any"]


def test_what_was_loaded_is_kept_while_the_options_are_the_same():
    first = Reranking("tamis-mini", policy=policy())
    assert first.with_options(model=first.model, policy=first.policy) is first
    assert first.with_options(policy=None) == Reranking("tamis-mini")


def test_pickle_takes_the_options_and_not_the_model(tmp_path):
    made = Reranking(policy=policy_of_mini(-9.0), instruction="find")
    expected = made.accepted("what sieves?", ["A tamis sieves.", "Rain."])
    again = pickle.loads(pickle.dumps(made))
    assert again == made and "_pipeline" not in vars(again)
    assert again.accepted("what sieves?", ["A tamis sieves.", "Rain."]) == expected


def test_the_written_form_makes_the_same_again():
    made = Reranking(Path("tamis-mini"), policy=policy(calibration=CALIBRATION), instruction="find")
    written = json.loads(json.dumps(made.as_json()))
    assert Reranking(**written).as_json() == made.as_json()
    assert Reranking(calibration=CALIBRATION).as_json()["calibration"] == CALIBRATION.as_json()
    with pytest.raises(InputError, match="model is a Numbered, which cannot be written down"):
        Reranking(Numbered()).as_json()


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", True])
def test_how_many_is_a_whole_number(value):
    with pytest.raises(InputError, match="top_n must be None \\(all\\) or a whole number of at least 1"):
        count(value, "top_n")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    documents = [
        Document("退货", "退货需在七天内申请", title="售后", fields={"site": "cn"}),
        Document("rain", "It rained all day."),
        Document("sieve", "A tamis is a fine drum sieve."),
        Document("drum", "A drum is loud."),
    ]
    return Index.build(documents, tmp_path_factory.mktemp("index") / "i", encoder=None)


def test_an_index_is_searched_then_reranked(index):
    for given in (index, index.path, str(index.path)):
        found = Searching(index=given).found("what is a fine drum sieve?", top=1)
        assert [candidate.doc.id for candidate in found] == ["sieve"]
        assert "bm25" in found[0].scores


def test_what_a_first_stage_says_counts_only_where_the_policy_was_made_with_it(index):
    stages = {"": "tamis-blend+bm25", "tamis-blend": "tamis-blend", "tamis-blend+bm25": "tamis-blend+bm25"}
    for stage, expected in stages.items():
        chosen = policy(-9.0, scorer=load_scorer("tamis-blend").fingerprint, stage=stage) if stage else None
        found = Searching(index=index, model="tamis-blend", policy=chosen).found("drum sieve")
        assert expected in found[0].scores


def test_the_default_calibration_fits_what_an_index_found(index):
    found = Searching(index=index, calibration="default").found("drum sieve")
    assert found[0].probability is not None


def test_wrong_options_of_a_search_are_told(index):
    with pytest.raises(InputError, match=r"index must be a tamis\.Index or its folder, got int 3"):
        Searching(index=3)
    for depth in (0, None):
        with pytest.raises(InputError, match="depth must be"):
            Searching(index=index, depth=depth)
    with pytest.raises(InputError, match="mode must be one of"):
        Searching(index=index, recall="best").found("q")


def test_a_search_over_a_folder_is_pickled(index):
    again = pickle.loads(pickle.dumps(Searching(index=index.path, depth=7)))
    assert (again.index, again.depth) == (index.path, 7)
    assert again.found("退货")[0].doc.id == "退货"


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("langchain", "langchain_core", "langchain"),
        ("llama_index", "llama_index", "llama-index"),
        ("haystack", "haystack", "haystack"),
    ],
)
def test_without_its_framework_a_module_says_what_to_install(module, package, extra):
    code = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {package!r}:
            raise ModuleNotFoundError("No module named {package}", name={package!r})

sys.meta_path.insert(0, Absent())
import tamis.integrations.{module}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip().endswith(f'which is not installed: pip install "tamis[{extra}]"')
