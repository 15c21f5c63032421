"""The whole result: its JSON, what it says in sentences, real annotators, and that many items take seconds."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import Annotation
from tamis.data.agree import LabelTable, Layout, agreement, read_labels
from tamis.errors import InputError

FIGURES = ["percent_agreement", "cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"]
MORE = ["krippendorff_alpha_nominal", "krippendorff_alpha_interval", "gwet_ac2", "kappa_linear", "kappa_quadratic"]


@pytest.fixture
def crowd(simulated, noisy):
    return simulated([0.5, 0.3, 0.2], noisy([0.9, 0.7, 0.6], 3), 300, 0.1)


def plain(found):
    """The JSON form, as a strict reader sees it."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(json.dumps(found.as_json()), parse_constant=refuse)


class TestJson:
    def test_nominal(self, crowd):
        found = plain(agreement(crowd.table))
        assert [name for name in found if name in FIGURES + MORE] == FIGURES
        assert (found["items"], found["annotators"]) == (len(crowd.table.items), 3)
        assert found["ratings"] == crowd.table.ratings and found["level"] == "nominal"
        for name in FIGURES:
            low, high = found["interval"][name]
            assert low < found[name] < high
        assert found["undefined"] == {} and len(found["pairs"]) == 3 and len(found["quality"]) == 3
        assert sum(row["share"] for row in found["labels"]) == pytest.approx(1)
        assert "gold" not in found

    def test_ordinal_adds_figures_and_changes_alpha(self, crowd):
        nominal, ordinal = plain(agreement(crowd.table)), plain(agreement(crowd.table, ordinal=True))
        assert ordinal["level"] == "ordinal"
        assert set(ordinal["interval"]) == {*FIGURES, *MORE}
        assert ordinal["krippendorff_alpha"] != nominal["krippendorff_alpha"]
        assert ordinal["krippendorff_alpha_nominal"] == nominal["krippendorff_alpha"]
        for name in ("percent_agreement", "cohen_kappa", "fleiss_kappa", "gwet_ac1"):
            assert ordinal[name] == nominal[name]

    def test_the_same_table_gives_the_same_figures(self, crowd):
        assert plain(agreement(crowd.table)) == plain(agreement(crowd.table))
        other = agreement(crowd.table, seed=1).coefficients["fleiss_kappa"]
        assert other.interval != agreement(crowd.table).coefficients["fleiss_kappa"].interval

    def test_known_labels(self, crowd):
        gold = np.where(np.arange(len(crowd.truth)) % 2, crowd.truth, -1)
        found = plain(agreement(crowd.table, gold=gold))
        assert found["gold"]["items"] == (gold >= 0).sum()
        assert found["gold"]["dawid_skene"]["accuracy"] > 0.85
        assert found["gold"]["majority"]["interval"][0] < found["gold"]["majority"]["accuracy"]
        assert all(who["gold_items"] for who in found["quality"])

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            (("yyyy", "yyyy"), "only one label is used"),
            (("yn**", "**ny"), "no item has labels of two annotators"),
            (("y", "y"), "only one label is used"),
        ],
    )
    def test_what_is_not_defined_is_null_with_its_reason(self, spoken, rows, reason):
        found = plain(agreement(spoken(*rows)))
        assert found["fleiss_kappa"] is None and found["gwet_ac1"] is None and found["krippendorff_alpha"] is None
        assert found["cohen_kappa"] is None and found["interval"]["cohen_kappa"] is None
        assert reason in found["undefined"]["fleiss_kappa"]
        assert found["notes"][0].startswith(f"Agreement beyond chance is not defined: {reason}")

    def test_one_annotator(self, spoken):
        found = plain(agreement(spoken("ynnny")))
        assert found["annotators"] == 1 and found["percent_agreement"] is None and found["pairs"] == []

    def test_words_have_no_order(self, spoken):
        with pytest.raises(InputError, match="labels 'n', 'y' have no order: give each its grade"):
            agreement(spoken("yn", "yn"), ordinal=True)


@settings(max_examples=12)
@given(
    st.lists(st.text("012*", min_size=6, max_size=6), min_size=2, max_size=5).filter(
        lambda rows: set("".join(rows)) - {"*"}
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_annotators_and_items_changes_nothing(rows, chance):
    said = [Annotation(str(at), f"a{who}", x) for who, row in enumerate(rows) for at, x in enumerate(row) if x != "*"]
    mixed = chance.sample(said, len(said))
    one, other = (agreement(LabelTable.of(each), ordinal=True).coefficients for each in (said, mixed))
    for name, found in one.items():
        assert found.value == pytest.approx(other[name].value, abs=1e-9)
        assert found.interval == pytest.approx(other[name].interval, abs=1e-9)


class TestNotes:
    def test_alpha_is_read_by_krippendorffs_limits(self, simulated, noisy):
        for knows, words in ((0.98, "are reliable"), (0.88, "tentative conclusions only"), (0.5, "are not reliable")):
            table = simulated([0.5, 0.5], noisy([knows] * 4, 2), 3000).table
            assert words in agreement(table).notes[0]

    def test_the_paradox_is_told_where_one_label_rules(self, spoken):
        rare = spoken("n" * 90 + "y" * 5 + "n" * 5, "n" * 90 + "n" * 5 + "y" * 5)
        (said,) = [note for note in agreement(rare).notes if "AC1" in note]
        assert "95% of all labels are 'n'" in said and "kappa (-0.05)" in said and "AC1 (0.89)" in said
        assert "where one says 'y', another agrees in 0% of cases" in said
        even = spoken("n" * 45 + "y" * 45 + "ynynynynyn", "n" * 45 + "y" * 45 + "nynynynyny")
        assert not any("AC1" in note for note in agreement(even).notes)

    def test_what_the_data_lack_is_said(self, spoken):
        said = " ".join(agreement(spoken("1232*", "123*1", "3**3*")).notes)
        assert "2 of 5 items have one label only" not in said
        assert "1 of 5 items have one label only" in said
        assert "Only 5 items" in said and "fewer than three labels" in said and "ordinal agreement counts" in said

    def test_flagged_annotators_are_named(self, spoken):
        said = agreement(spoken("ynnynnyn" * 5, "ynnynnyn" * 5, "y" * 40)).notes
        assert "a2: always says 'y'." in said


@pytest.mark.data
def test_five_annotators_of_ocnli(shared_data: Path):
    columns = ("item", "query", "document", "gold", "a", "b", "c", "d", "e")
    path = shared_data / "annotators" / "ocnli_labels.tsv"
    if not path.exists():
        pytest.skip(f"no {path}")
    table = read_labels(path, Layout(annotators=columns[4:], header=columns))
    found = agreement(table)
    assert (len(table.items), table.ratings) == (3000, 15_000)
    figures = {name: each.value for name, each in found.coefficients.items()}
    assert figures == pytest.approx(
        {"percent_agreement": 0.7894, "cohen_kappa": 0.683, "fleiss_kappa": 0.6829,
         "krippendorff_alpha": 0.6829, "gwet_ac1": 0.7475}, abs=1e-4,
    )  # fmt: skip
    assert {table.labels[at] for at in found.model.kept} == {"unknown", "unrelated"}
    assert found.model.converged and all(0.8 < who.accuracy < 0.95 and not who.flags for who in found.annotators)
    votes = read_labels(path, Layout(annotators=("gold",), header=columns, missing=frozenset({"-"})))
    given = dict(zip(votes.items, (votes.labels[at] for at in votes.label), strict=True))
    made = found.adjudicated()
    same = [table.labels[at] == given[item] for item, at in zip(table.items, made.label, strict=True) if item in given]
    assert np.mean(same) > 0.99  # the label published, where there is one, is that of three of the five
    open_items = {table.items[at] for at in found.queue().items}
    assert set(table.items) - set(given) <= open_items


@pytest.mark.slow
def test_a_hundred_thousand_items_take_seconds(simulated, noisy):
    table = simulated([0.5, 0.3, 0.2], noisy([0.9, 0.8, 0.7, 0.6, 0.5], 3), 100_000).table
    start = time.process_time()
    found = agreement(table)
    assert time.process_time() - start < 8  # 1.3 s on an idle core
    assert found.coefficients["fleiss_kappa"].high - found.coefficients["fleiss_kappa"].low < 0.01
