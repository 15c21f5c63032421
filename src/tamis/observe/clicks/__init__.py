"""Clicks: what they tell once it is known which places are looked at."""

from tamis.observe.clicks.clickmodel import ClickModel, FittedNoise
from tamis.observe.clicks.clustered import Estimate
from tamis.observe.clicks.estimate import Estimated, by_em, by_intervention, by_random_ranks
from tamis.observe.clicks.examination import Examination, Measured, PositionBias, examination_from_json
from tamis.observe.clicks.exploration import Exploration, propensities, with_propensities
from tamis.observe.clicks.fit import ClickCalibration, fit_clicks
from tamis.observe.clicks.log import ClickLog
from tamis.observe.clicks.policyvalue import OffPolicy, doubly_robust, importance, ips, snips
from tamis.observe.clicks.satisfaction import SATISFACTIONS, Corrected, Founding, Judged, Satisfaction

__all__ = [
    "SATISFACTIONS",
    "ClickCalibration",
    "ClickLog",
    "ClickModel",
    "Corrected",
    "Estimate",
    "Estimated",
    "Examination",
    "Exploration",
    "FittedNoise",
    "Founding",
    "Judged",
    "Measured",
    "OffPolicy",
    "PositionBias",
    "Satisfaction",
    "by_em",
    "by_intervention",
    "by_random_ranks",
    "doubly_robust",
    "examination_from_json",
    "fit_clicks",
    "importance",
    "ips",
    "propensities",
    "snips",
    "with_propensities",
]
