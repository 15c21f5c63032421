"""What the tab that trains says: words for every finding, loss and format; a gain is called one only where it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tamis.data.checks import findings
from tamis.data.checks.report import CONTRADICTIONS
from tamis.decide import PRESETS
from tamis.errors import InputError
from tamis.train.after import Outcome
from tamis.train.losses.forms import LOSSES
from tamis.train.order import SHIPPED, Order
from tamis.train.work import FORMATS
from tamis.workbench.desk import Desk
from tamis.workbench.shown.learning import chart
from tamis.workbench.shown.outcome import outcome
from tamis.workbench.tabs.training.ordering import Ordering
from tamis.workbench.visitors import Visitor
from tamis.workbench.words import saying, web


def desk(language="en", home="/srv/desk"):
    added = SimpleNamespace(folder=Path(home))
    return Desk(None, None, language, "/workbench", None, added, lambda holder: True, 100)  # type: ignore[arg-type]


def test_every_finding_has_words():
    source = "".join(path.read_text("utf-8") for path in Path(findings.__file__).parent.glob("*.py"))
    names = set(re.findall(r'(?:found\(|Finding\(|_queries\(pairs, )"([a-z ]+)"', source)) | {CONTRADICTIONS}
    assert len(names) == 20
    known = json.loads(web("words/findings.json"))
    assert {name.replace(" ", "_") + end for name in names for end in ("", "_do")} <= known.keys()


def test_every_choice_has_words():
    known = json.loads(web("words/training.json"))
    wanted = {f"loss_{name}" for name in LOSSES} | {f"scenario_{name}" for name in PRESETS}
    assert wanted | {f"format_{name}" for name in FORMATS} | {f"base_{name}" for name in SHIPPED} <= known.keys()


def test_places_of_uploads_are_not_told():
    said = desk().plain(
        "/srv/desk/uploads/0a1b/my labels.csv, line 3: as on /srv/desk/uploads/2c/b.csv, line 4; /srv/x"
    )
    assert said == "my labels.csv, line 3: as on b.csv, line 4; /srv/x"


def system(mean, **against):
    found = {name: {"mean": mean, "low": mean - 0.1, "high": mean + 0.1} for name in ("nDCG@10", "AP", "RR@10")}
    return found | ({"against": {"wins": 1, "losses": 0, "ties": 0, **against}} if against else {})


@pytest.mark.parametrize(
    ("difference", "low", "high", "p", "said"),
    [
        (0.1, 0.05, 0.15, 0.01, "Better: nDCG@10 rose by +0.100"),
        (0.1, 0.05, 0.15, 0.12, "No clear gain"),
        (0.1, -0.05, 0.25, 0.04, "No clear gain"),
        (-0.1, -0.15, -0.05, 0.01, "Worse: nDCG@10 changed by -0.100"),
    ],
)
def test_a_gain_is_called_one_where_interval_and_test_agree(difference, low, high, p, said):
    from tamis.train.after.figures import TITLES

    before = system(0.5, difference=difference, low=low, high=high, p=p)
    names = dict(zip(("nDCG@10", "AP", "RR@10"), map(str, TITLES), strict=True))
    systems = {"after": system(0.6), "before": before, "<b>": system(0.4)}
    systems = {name: {names.get(key, key): value for key, value in row.items()} for name, row in systems.items()}
    shown = outcome(Outcome("b", "cross-encoder", figures={"queries": 9, "systems": systems}), desk())
    assert said in shown and "<td><b></td>" not in shown
    assert shown.index("&lt;b&gt;") < shown.index("before training") < shown.index("after training")


def test_nothing_measured_is_told_in_both_languages():
    found = Outcome("b", "cross-encoder", steps=3, best_step=3, stopped="all steps done")
    assert "Nothing was measured" in outcome(found, desk())
    assert saying("outcome", "zh")("unmeasured") in outcome(found, desk("zh"))


def test_curves_of_no_point_one_point_and_equal_points():
    assert chart("Loss", []) == ""
    for points in ([(0, 1.0)], [(1, 2.0), (2, 2.0)]):
        assert "NaN" not in chart("Loss", points) and "nan" not in chart("Loss", points)


def asking(name="visitor-1", holder=""):
    """A request of a visitor."""
    scope = {"state": {"visitor": Visitor(name, holder)}}
    return SimpleNamespace(request=SimpleNamespace(scope=scope))


GIVEN = {
    "name": " faq ", "base": "e5-small", "folder": "", "kind": "cross-encoder", "tuning": "full", "freeze_layers": 6,
    "lora_rank": 4, "loss": "", "max_steps": 0, "rate": 0, "share": 0.2, "scenario": "", "device": "auto",
    "batch_size": 16, "documents": 8, "layers": 0,
}  # fmt: skip


@pytest.fixture
def ordered(tmp_path):
    """``ordered(dev=None, may=True, **changed)``: the order of these choices, and its files."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        rows = [f"{name}{at},{name} {at} {doc},{int(doc == 0)}\n" for at in range(3) for doc in range(2)]
        (tmp_path / name / "labels.csv").write_text("query,document,label\n" + "".join(rows))

    def ordered(*, dev=None, may=True, **changed):
        page = replace(desk(), may_exchange=lambda holder: may)
        files = [str(tmp_path / name / "labels.csv") for name in ("a", "b")]
        return Ordering(page, None, []).order(asking(), files, dev, "refuse", *{**GIVEN, **changed}.values())

    assert tuple(GIVEN) == Ordering.CHOICES
    return ordered


def test_what_was_left_open_is_the_librarys(ordered, tmp_path):
    order, files = ordered()
    assert order == Order("faq", ("data-labels.csv", "data-1-labels.csv"), dev="0.2")
    assert files["data-1-labels.csv"] == tmp_path / "b" / "labels.csv"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tuning": "freeze"}, "--tune full --freeze-layers 6"),
        ({"tuning": "lora"}, "--tune lora --lora-rank 4"),
        ({"tuning": "head", "max_steps": 9, "rate": 1e-4}, "--tune head --max-steps 9 --rate 0.0001"),
        ({"loss": "bce", "layers": 3, "device": "cuda:1"}, "--loss bce --batch-size 16 --documents 8 --layers 3"),
        ({"scenario": "precise-qa"}, "--scenario precise-qa --device auto"),
    ],
)
def test_choices_reach_the_command(changed, said, ordered):
    assert said in " ".join(ordered(**changed)[0].arguments())


def test_queries_of_a_file_to_measure_on(ordered, tmp_path):
    (tmp_path / "dev.csv").write_text("query,document,label\nz,z 0,1\nz,z 1,0\n")
    order, files = ordered(dev=str(tmp_path / "dev.csv"))
    assert order.dev == "dev-dev.csv" and files["dev-dev.csv"] == tmp_path / "dev.csv" and len(order.data) == 2
    with pytest.raises(InputError, match="The data have errors"):
        ordered(dev=str(tmp_path / "a" / "labels.csv"))


def test_a_folder_of_the_server_is_for_those_who_may_exchange_models(ordered, tmp_path):
    given = {"base": "folder", "folder": f" {tmp_path}/a/../a "}
    assert ordered(**given)[0].base == str(tmp_path / "a")
    with pytest.raises(InputError, match="Only who may exchange models"):
        ordered(may=False, **given)
    for folder in ("", "  ", str(tmp_path / "none")):
        with pytest.raises(InputError, match="no such folder"):
            ordered(base="folder", folder=folder)
