"""Coefficients against independent implementations and published tables; what they obey; what is not defined."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.inter_rater import fleiss_kappa

from tamis.data.agree import (
    Fleiss,
    Gwet,
    Interval,
    Krippendorff,
    Ordinal,
    PercentAgreement,
    estimates,
    identity,
    linear,
    quadratic,
    value,
)
from tamis.errors import InputError

# Krippendorff (2011), section C: four observers, twelve units, five values, labels missing (0 here).
OBSERVERS = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
])  # fmt: skip
# Gwet, Handbook of Inter-Rater Reliability (2014), also in his package irrCAC as cont3x3abstractors: two abstractors of
# 100 patients, rows and columns Ectopic, AIU, NIU.
ABSTRACTORS = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])


def counted(said: np.ndarray, labels: int) -> np.ndarray:
    """Counts of items x labels, from annotators x items with labels from 1 and 0 for missing."""
    return np.stack([(said == label).sum(axis=0) for label in range(1, labels + 1)], axis=1).astype(float)


def crossed(table: np.ndarray) -> np.ndarray:
    """Counts of items x labels from the table of two annotators' labels."""
    eye = np.eye(len(table))
    return np.array([
        eye[i] + eye[j] for i in range(len(table)) for j in range(len(table)) for _ in range(table[i, j])
    ])  # fmt: skip


class TestPublished:
    @pytest.mark.parametrize(
        ("coefficient", "expected"),
        [
            (Krippendorff(), 0.743),  # Krippendorff (2011), section C
            (Krippendorff(Ordinal()), 0.815),
            (Krippendorff(Interval(np.arange(1.0, 6))), 0.849),
            (PercentAgreement(), 0.8181818),  # Gwet's irrCAC for the same table, cac.raw4raters
            (Gwet(), 0.77544),
            (Fleiss(), 0.76117),
            (Gwet(linear(5)), 0.859),
            (Gwet(quadratic(5)), 0.914),
        ],
    )
    def test_four_observers_with_labels_missing(self, coefficient, expected):
        digits = len(str(expected)) - 2
        assert round(value(coefficient, counted(OBSERVERS, 5)), digits) == expected

    @pytest.mark.parametrize(
        ("coefficient", "expected"),
        [
            (PercentAgreement(), 0.89),
            (Gwet(), 0.8493305),
            (Gwet(linear(3)), 0.900),
            (Gwet(quadratic(3)), 0.940),
            (Fleiss(), 0.7962397),  # of two annotators it is Scott's pi
        ],
    )
    def test_two_abstractors(self, coefficient, expected):
        assert value(coefficient, crossed(ABSTRACTORS)) == pytest.approx(expected, abs=5e-4)

    def test_ac2_by_hand(self):
        # Labels 1 to 3, items (1, 2) and (1, 1): agreement (.75 + 1) / 2, shares .75 and .25, weights add to 6:
        # chance 6 / (3 * 2) * 2 * .75 * .25 = .375, AC2 = (.875 - .375) / (1 - .375).
        assert value(Gwet(quadratic(3)), np.array([[1, 1, 0], [2, 0, 0]])) == pytest.approx(0.8)

    def test_the_paradox_of_kappa(self):
        # Feinstein & Cicchetti (1990): 90 % agreement, and kappa below 0 because one label rules.
        table = crossed(np.array([[90, 5], [5, 0]]))
        assert value(PercentAgreement(), table) == pytest.approx(0.9)
        assert value(Fleiss(), table) == pytest.approx(-0.0526, abs=1e-4)
        assert value(Gwet(), table) == pytest.approx(0.8895, abs=1e-4)


class TestOracles:
    @pytest.mark.parametrize("seed", range(5))
    def test_fleiss_is_that_of_statsmodels(self, seed):
        rng = np.random.default_rng(seed)
        counts = rng.multinomial(6, rng.dirichlet(np.ones(4)), 50)
        assert value(Fleiss(), counts) == pytest.approx(fleiss_kappa(counts), abs=1e-12)

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
    def test_alpha_is_that_of_krippendorff(self, seed, level):
        rng = np.random.default_rng(seed)
        numbers = np.array([1.0, 2.0, 4.0, 8.0])
        counts = np.maximum(rng.multinomial(5, rng.dirichlet(np.ones(4)), 40) - rng.integers(0, 3, (40, 4)), 0)
        metric = {"nominal": Krippendorff(), "ordinal": Krippendorff(Ordinal())}
        expected = krippendorff.alpha(value_counts=counts, value_domain=numbers, level_of_measurement=level)
        assert value(metric.get(level, Krippendorff(Interval(numbers))), counts) == pytest.approx(expected, abs=1e-12)

    def test_weights_of_equal_labels_only_change_nothing(self):
        counts = counted(OBSERVERS, 5)
        for kind in (Fleiss, Gwet, PercentAgreement):
            assert value(kind(identity(5)), counts) == pytest.approx(value(kind(), counts))


EVERY = {
    "percent": PercentAgreement(),
    "fleiss": Fleiss(),
    "weighted fleiss": Fleiss(quadratic(3)),
    "alpha": Krippendorff(),
    "ordinal": Krippendorff(Ordinal()),
    "interval": Krippendorff(Interval(np.array([0.0, 1.0, 5.0]))),
    "ac1": Gwet(),
    "ac2": Gwet(quadratic(3)),
}
TABLES = st.integers(2, 12).flatmap(lambda items: arrays(np.int64, (items, 3), elements=st.integers(0, 4)))


class TestProperties:
    @settings(max_examples=25)
    @given(TABLES, st.randoms(use_true_random=False))
    def test_the_order_of_items_changes_nothing(self, counts, chance):
        order = list(range(len(counts)))
        chance.shuffle(order)
        first, second = (estimates(EVERY, table, rounds=20) for table in (counts, counts[order]))
        for name, found in first.items():
            assert found.value == pytest.approx(second[name].value, abs=1e-12)
            assert found.interval == pytest.approx(second[name].interval, abs=1e-12)

    @settings(max_examples=40)
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(2, 5)), min_size=2, max_size=12))
    def test_perfect_agreement_is_one(self, items):
        counts = np.array([np.eye(3)[label] * rated for label, rated in items])
        for name, found in estimates(EVERY, counts, rounds=10).items():
            if len({label for label, _ in items}) > 1 or name == "percent":
                assert found.value == pytest.approx(1.0) and found.high == pytest.approx(1.0)
                assert -1 <= found.low < 1  # few items without dispute do not show that there never is any
            else:
                assert found.value is None and "only one label" in found.reason

    @settings(max_examples=40)
    @given(TABLES)
    def test_every_value_is_at_most_one_and_lies_in_no_nan(self, counts):
        for found in estimates(EVERY, counts, rounds=20).values():
            if found.value is None:
                assert found.reason and found.interval is None
            else:
                assert found.value <= 1 + 1e-12
                assert found.interval is None or np.isfinite(found.interval).all()


class TestIntervals:
    def test_more_items_narrow_the_interval(self):
        counts = np.array([[3, 0], [0, 3], [2, 1]] * 10)
        few, many = (estimates({"ac1": Gwet()}, np.tile(counts, (times, 1)))["ac1"] for times in (1, 16))
        assert few.value == pytest.approx(many.value)
        assert few.high - few.low == pytest.approx(4 * (many.high - many.low), rel=0.2)

    def test_a_resample_is_the_same_whichever_way_it_is_drawn(self):
        # 2,000 items of 3 kinds are drawn by kind, 2,000 of 2,000 kinds item by item: the spread is the same.
        rng = np.random.default_rng(0)
        plain = rng.multinomial(3, [0.7, 0.3], 2000)
        made_unlike = np.hstack([plain, np.zeros((2000, 1))]) * (1 + np.arange(2000)[:, None] * 1e-9)
        one = estimates({"k": Fleiss()}, plain)["k"]
        other = estimates({"k": Fleiss()}, made_unlike)["k"]
        assert one.interval == pytest.approx(other.interval, abs=0.005)

    @pytest.mark.parametrize(("items", "draws"), [(40, 100), pytest.param(200, 600, marks=pytest.mark.slow)])
    def test_intervals_cover_at_about_their_level(self, simulated, noisy, items, draws):
        confusion = noisy([0.5, 0.6, 0.7, 0.5], 3)
        every = {name: found for name, found in EVERY.items() if name not in ("weighted fleiss", "interval")}
        true = {name: value(found, simulated([0.6, 0.3, 0.1], confusion, 50_000, 0.2).table.counts)
                for name, found in every.items()}  # fmt: skip
        hits = dict.fromkeys(every, 0)
        for seed in range(draws):
            counts = simulated([0.6, 0.3, 0.1], confusion, items, 0.2, seed + 1).table.counts
            for name, found in estimates(every, counts, rounds=200).items():
                hits[name] += found.low <= true[name] <= found.high
        # 95 % intervals, of which a percentile bootstrap of few items reaches 92 to 95: four standard errors of .93.
        error = (0.93 * 0.07 / draws) ** 0.5
        assert all(abs(hit / draws - 0.93) <= 4 * error for hit in hits.values()), hits


class TestUndefined:
    def test_no_item_with_two_labels(self):
        for found in estimates(EVERY, np.eye(3)).values():
            assert found.value is None and found.reason == "no item has labels of two annotators"

    def test_one_label_of_those_there_are(self):
        found = estimates(EVERY, np.array([[3, 0, 0]] * 5))
        assert found["percent"].value == 1
        assert {name for name, each in found.items() if each.value is None} == set(EVERY) - {"percent"}

    def test_one_item_has_no_interval(self):
        found = estimates({"ac1": Gwet()}, np.array([[2, 1, 0]]))["ac1"]
        assert found.value is not None and found.interval is None and "one item" in found.reason

    @pytest.mark.parametrize("counts", [np.zeros((0, 2)), np.ones(3), np.array([[1, -1]])])
    def test_counts_of_another_shape(self, counts):
        with pytest.raises(InputError, match="expected counts of items x labels"):
            value(Fleiss(), counts)

    def test_options_out_of_range(self):
        with pytest.raises(InputError, match="confidence must lie between 0 and 1"):
            estimates(EVERY, np.eye(3), confidence=95)
