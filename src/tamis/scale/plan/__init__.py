"""Capacity: what a load needs, from measured costs, a simulated queue and stated assumptions."""

from tamis.scale.plan.capacity import Capacity, capacity
from tamis.scale.plan.costs import Cost
from tamis.scale.plan.fleet import Fleet, Simulated, Traffic
from tamis.scale.plan.needs import Needs
from tamis.scale.plan.plan import Plan, plan
from tamis.scale.plan.profile import Profile
from tamis.scale.plan.simulate import simulate

__all__ = [
    "Capacity",
    "Cost",
    "Fleet",
    "Needs",
    "Plan",
    "Profile",
    "Simulated",
    "Traffic",
    "capacity",
    "plan",
    "simulate",
]
