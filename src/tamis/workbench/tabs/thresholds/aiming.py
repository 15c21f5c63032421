"""What a threshold is for, as a form asks for it: a scenario, or a target of one's own with its numbers and terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.decide import PRESETS, Policy, Terms
from tamis.decide.policies.segments import segmenter_named
from tamis.thresholds import GOALS, goal
from tamis.tuning import Wanted
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import note

OWN = "own"
NUMBERS = tuple(dict.fromkeys(name for row in GOALS.values() for name in row.numbers))
DAYS = 180


@dataclass(frozen=True, slots=True)
class Aiming:
    """The inputs for what a threshold is for.

    Attributes:
        scenario: the radio buttons of the scenarios.
        fields: all inputs by name; an event that takes them gets a mapping from input to value.
    """

    scenario: gr.Radio
    fields: Mapping[str, Any]

    @classmethod
    def placed(cls, desk: Desk) -> Aiming:
        """The inputs, placed where the page is being made."""
        words, chinese = desk.words("thresholds"), desk.language == "zh"
        rows = [(row.zh if chinese else row.en, name) for name, row in PRESETS.items()]
        first = next(iter(PRESETS))
        scenario = gr.Radio(
            [*rows, (words("own"), OWN)], value=first, label=words("scenario"), elem_id="thresholds-scenario"
        )
        says = gr.HTML(_says(first, desk), elem_id="thresholds-says")
        with gr.Group(visible=False) as own:
            kinds = [(words(f"goal_{name}"), name) for name in GOALS]
            kind = gr.Dropdown(kinds, value=kinds[0][1], label=words("goal"), elem_id="thresholds-goal")
            with gr.Row():
                numbers = {name: _number(name, desk) for name in NUMBERS}
        fields = {"scenario": scenario, "goal": kind, **numbers, **_more(desk)}

        def aimed(name: str) -> list[Any]:
            return [_says(name, desk), gr.update(visible=name == OWN)]

        def meant(name: str) -> list[Any]:
            wanted = GOALS[name].numbers
            return [
                gr.update(visible=True, value=wanted[one], label=_label(name, one, desk))
                if one in wanted
                else gr.update(visible=False)
                for one in NUMBERS
            ]

        scenario.change(desk.told(aimed), scenario, [says, own], show_progress="hidden")
        kind.change(desk.told(meant), kind, [*numbers.values()], show_progress="hidden")
        return cls(scenario, fields)

    def wanted(self, given: Mapping[Any, Any], old: Policy | None) -> Wanted:
        """What the inputs say; ``old`` is the policy that it would replace.

        Raises:
            InputError: a number is missing or out of range, or segments are told by nothing that is known.
        """
        of = {name: given[field] for name, field in self.fields.items()}
        if of["scenario"] == OWN:
            target, direction = goal(of["goal"], of), "accept-high"
        else:
            row = PRESETS[of["scenario"]]
            target, direction = row.target(), row.direction
        most = of["max_k"]
        return Wanted(
            target,
            Terms(max_k=int(most) if most else None, i_accept_iid=of["iid"], strict=of["strict"]),
            segmenter_named(of["by"]) if of["by"] else None,
            days=int(of["days"]) if of["days"] else None,
            direction=direction,
            parent="" if old is None else old.digest,
            name="" if of["scenario"] == OWN else of["scenario"],
        )


def _says(scenario: str, desk: Desk) -> str:
    if scenario == OWN:
        return ""
    row = PRESETS[scenario]
    return note(row.says_zh if desk.language == "zh" else row.says)


def _label(kind: str, name: str, desk: Desk) -> str:
    """What a number is called; a share means something else with every target."""
    return desk.words("thresholds")(f"share_{kind}" if name == "share" else f"number_{name}")


def _number(name: str, desk: Desk) -> gr.Number:
    kind, row = next(iter(GOALS.items()))
    known = name in row.numbers
    start = row.numbers[name] if known else next(g.numbers[name] for g in GOALS.values() if name in g.numbers)
    label = _label(kind, name, desk)
    return gr.Number(start, label=label, visible=known, min_width=120, elem_id=f"thresholds-{name}")


def _more(desk: Desk) -> dict[str, Any]:
    """The terms of a promise, and what else stands in a policy."""
    words = desk.words("thresholds")
    parted: list[Any] = [(words("by_none"), ""), (words("by_lang"), "lang"), (words("by_length"), "length:10,30")]
    with gr.Accordion(words("more"), open=False):
        with gr.Row():
            most = gr.Number(
                None, label=words("max_k"), minimum=1, precision=0, min_width=120, elem_id="thresholds-max-k"
            )
            days = gr.Number(
                DAYS, label=words("days"), minimum=1, precision=0, min_width=120, elem_id="thresholds-days"
            )
        by = gr.Dropdown(
            parted, value="", label=words("by"), allow_custom_value=True, info=words("by_info"), elem_id="thresholds-by"
        )
        iid = gr.Checkbox(False, label=words("iid"), elem_id="thresholds-iid")
        strict = gr.Checkbox(False, label=words("strict"), elem_id="thresholds-strict")
    return {"max_k": most, "days": days, "by": by, "iid": iid, "strict": strict}
