"""How near to the true posterior the maps come, on the world of published figures (W7)."""

import numpy as np
import pytest

from tamis.calibrate import AutoCalibrator, Beta, Isotonic, Platt, Temperature, VennAbers

from . import worlds

RUNS = 60


def divergences(make, count, runs=RUNS):
    logits = worlds.calibrator_tests()
    truth = worlds.posterior(logits)
    drawn = (worlds.for_calibrators(count, run) for run in range(runs))
    return [worlds.divergence(truth, make().fit(pairs.scores, pairs.labels)(logits)) for pairs in drawn]


def test_the_chosen_map_is_near_the_truth_at_500_pairs():
    found = divergences(AutoCalibrator, 500)
    assert np.mean(found) <= 0.004
    assert max(found) <= 0.01


@pytest.mark.parametrize(
    ("make", "most"),
    [(Platt, 0.0024), (Beta, 0.0028), (Isotonic, 0.0145), (VennAbers, 0.012), (lambda: Isotonic(clip=False), 0.0425)],
    ids=["platt", "beta", "isotonic", "venn-abers", "isotonic as is"],
)
def test_maps_are_as_near_as_published(make, most):
    assert np.mean(divergences(make, 500)) <= most


def test_temperature_cannot_repair_a_base_rate():
    assert min(divergences(Temperature, 500, runs=3)) > 0.2
