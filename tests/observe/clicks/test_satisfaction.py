"""Satisfaction: what each kind of session tells, what none tells, and what the founding formula made of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe import Decided, Event, Placed, Session
from tamis.observe.clicks import SATISFACTIONS, Corrected, Founding, Judged, Measured, PositionBias

NAMES = "abcde"


def session(*acts, first=0.9, shown=5):
    """Acts such as "click b", "dwell b 3", "session 20", "rating 1" on a page of five."""
    items = tuple(Placed(name, 5.0 - at, first - 0.1 * at, at + 1) for at, name in enumerate(NAMES[:shown]))
    events = []
    for number, act in enumerate(acts):
        kind, *rest = act.split()
        document = rest.pop(0) if rest and rest[0].isalpha() else ""
        events.append(Event(kind, str(number), document=document, value=float(rest[0]) if rest else None))
    return Session(Decided("r", items=(*items, Placed("left out", 0.0))), tuple(events))


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        (["click a"], (1.0, "clicked")),
        (["click b"], (2 / 3, "clicked")),
        (["click c"], (1 / 2, "clicked")),
        (["click a", "click c"], (4 / 6, "clicked")),
        (["click a", "skip e"], (1 / 15, "clicked")),
        (["skip a", "click b", "skip c"], (2 / 6, "clicked")),
        (["click a", "click a"], (1.0, "clicked")),
        (["click a", "dwell a 40"], (1.0, "clicked")),
        (["click a", "dwell a 2"], (0.0, "bounced")),
        (["click a", "dwell a 2", "click b", "dwell b 90"], (2 / 3, "clicked")),
        (["skip a"], (0.0, "skipped")),
        ([f"skip {name}" for name in NAMES], (0.0, "skipped")),
        (["session 8"], (None, "answered")),
        (["session 8", "skip a"], (0.0, "skipped")),
        (["session 31"], (None, "unknown")),
        (["session 61"], (0.0, "given up")),
        ([], (None, "unknown")),
        (["click nowhere"], (None, "unknown")),
        (["rating a 1", "click b"], (1.0, "rated")),
        (["rating a 1", "rating b 0"], (0.5, "rated")),
        (["rating a 1", "rating a 0"], (0.0, "rated")),
        (["rating 0.25", "rating a 1", "conversion"], (0.25, "rated")),
        (["rating 7"], (1.0, "rated")),
        (["skip a", "conversion"], (1.0, "converted")),
    ],
)
def test_what_a_session_tells(acts, expected):
    found = Corrected(dwell=30, patience=60).judged(session(*acts))
    assert found.told == expected[1] and found.value == (
        pytest.approx(expected[0]) if expected[0] is not None else None
    )


def test_all_skipped_and_answered_on_the_page_do_not_look_alike():
    skipped, answered = session(*(f"skip {name}" for name in NAMES), "session 8"), session("session 8")
    assert Corrected().judged(skipped) == Judged(0.0, "skipped")
    assert Corrected().judged(answered) == Judged(None, "answered")
    assert Corrected().judged(session("session 8", first=0.5)) == Judged(None, "unknown")
    # The founding formula gives the page that answered a middling .5, and the one that was passed over little less
    # than that for having been quick.
    assert Founding().of(answered) == 0.5 and Founding().of(skipped) == pytest.approx(0.28)


def test_an_empty_answer_tells_nothing_but_can_be_rated():
    assert Corrected().judged(session(shown=0)) == Judged(None, "nothing shown")
    assert Corrected().judged(session("rating 1", shown=0)) == Judged(1.0, "rated")


def test_a_long_silence_is_given_up_only_where_that_was_said():
    assert Corrected().judged(session("session 500")).told == "unknown"
    assert Corrected(patience=60).judged(session("session 500")) == Judged(0.0, "given up")


def test_grades_have_a_scale():
    stars = Corrected(ratings=(1, 5))
    assert [stars.of(session(f"rating {grade}")) for grade in (1, 3, 5, 9)] == [0.0, 0.5, 1.0, 1.0]
    assert Corrected(ratings=(-1, 1)).of(session("rating -1")) == 0.0


def test_the_examination_weighs():
    flat, steep = (Corrected(PositionBias(eta)) for eta in (0.0, 2.0))
    assert flat.of(session("click b")) == 0.5 and steep.of(session("click b")) == pytest.approx(4 / 5)
    assert Corrected(Measured((1.0, 0.25))).of(session("click b")) == pytest.approx(0.8)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["click", "skip"]), st.sampled_from(NAMES)), max_size=8), st.floats(0, 3))
def test_values_lie_in_the_unit_interval(acts, eta):
    some = session(*(f"{kind} {name}" for kind, name in acts))
    for kind in (Founding(), Corrected(PositionBias(eta))):
        value = kind.of(some)
        assert value is None or 0 <= value <= 1


def test_the_founding_formula():
    assert Founding().of(session()) == 0.5
    assert Founding().of(session("click a", "skip b", "session 60")) == pytest.approx(0.5)
    assert Founding().of(session("click a", "click b", "skip c", "session 300")) == pytest.approx(0.7 * 2 / 3)
    assert Founding().of(session("click a")) == 1.0


def test_positions_are_corrected_where_the_founding_formula_follows_them():
    """The same relevant document, further down: the click rate halves, the corrected value stays."""
    rng, means = np.random.default_rng(0), []
    for place in (1, 3):
        drawn = []
        for _ in range(3000):
            looked = rng.random(4) < 1 / np.arange(1, 5)
            clicked = looked & (rng.random(4) < np.where(np.arange(1, 5) == place, 0.9, 0.1))
            acts = [f"{'click' if hit else 'skip'} {name}" for hit, name in zip(clicked, NAMES, strict=False)]
            drawn.append([kind.of(session(*acts, shown=4)) for kind in (Founding(), Corrected())])
        means.append(np.mean(drawn, axis=0))
    (first, corrected), (low, low_corrected) = means
    assert low < 0.55 * first  # measured: .25 and .12
    assert abs(low_corrected - corrected) < 0.02  # measured: .12 and .13


def test_kinds_by_name():
    assert {name: kind().of(session("click a")) for name, kind in SATISFACTIONS.items()} == {
        "founding": 1.0,
        "corrected": 1.0,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        *({"ratings": (1, 1)}, {"ratings": (0, float("inf"))}, {"dwell": -1}, {"quick": float("nan")}),
        *({"patience": -1}, {"sure": 1.5}),
    ],
)
def test_options_out_of_range(wrong):
    with pytest.raises(InputError):
        Corrected(**wrong)
