"""Policies from candidate to shadow, canary, active and retired; proposals with their evidence."""

from tamis.observe.lifecycle.advice import Advice, advise
from tamis.observe.lifecycle.bounds import Bounds
from tamis.observe.lifecycle.lifecycle import Ledger, Lifecycle
from tamis.observe.lifecycle.replay import replayed
from tamis.observe.lifecycle.rollout import Rollout
from tamis.observe.lifecycle.states import STATES, Alarm, Standing, State, standing

__all__ = [
    "STATES",
    "Advice",
    "Alarm",
    "Bounds",
    "Ledger",
    "Lifecycle",
    "Rollout",
    "Standing",
    "State",
    "advise",
    "replayed",
    "standing",
]
