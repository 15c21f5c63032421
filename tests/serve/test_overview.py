"""What a page shows of a watch: read once for all who look, and again when something was done."""

from __future__ import annotations

import time
from unittest import mock

import pytest

from tamis.observe.watch import Watch
from tamis.serve.observing import Observing
from tamis.serve.overview import Overview
from tamis.serve.policies import Policies
from tamis.serve.weekly import PAGE, weekly_work

from ..observe import world


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A store in which a canary runs, the world's days ending now."""
    where = tmp_path_factory.mktemp("kept") / "o.db"
    now = time.time()
    begin = now // world.DAY * world.DAY - 11 * world.DAY
    with mock.patch.multiple(world, BEGIN=begin, END=now - 30):
        world.build(where).close()
    return where


@pytest.fixture
def overview(kept):
    """An overview of it."""
    policies = Policies()
    observing = Observing(Watch.open(kept), policies)
    observing.follow()
    yield Overview(observing, policies)
    observing._close()


def test_a_status_is_read_once_and_again_where_the_ledger_has_gone_on(overview):
    assert overview.latest is None
    seen = overview.read()
    assert overview.latest is seen and overview.read() is seen
    assert overview.read(fresh=True) is not seen
    overview.observing.watch.lifecycle.say("look", {"findings": []})
    overview.observing.follow()
    assert overview.latest is None
    assert overview.read().status.standing.look == {"findings": []}
    assert overview.chain().fault == ""


def test_what_stands_beside_a_status(overview):
    seen = overview.read()
    now = seen.status.standing
    assert [spread.row["arm"] for spread in seen.spreads] == ["", "canary"]
    assert [sum(spread.counts) for spread in seen.spreads][1] == seen.spreads[1].row["decisions"]
    assert seen.spreads[0].threshold == pytest.approx(world.THRESHOLD)
    assert seen.since[now.active] == now.since and seen.since[now.canary] == now.tried
    assert [row["act"] for row in seen.acts["rows"]] == ["canary", "propose", "acknowledge", "alarm", "activate"]
    assert seen.signs.kept and seen.signs.heard and not seen.signs.expired
    assert seen.promises[now.active].key == "promise.precision" and seen.promises[now.canary] is None
    assert seen.doubt["promised"] == world.LEAST and seen.doubt["high"] < world.LEAST  # clicks see what happened


def test_an_empty_store_has_an_overview(tmp_path):
    policies = Policies()
    observing = Observing(Watch.open(tmp_path / "o.db"), policies)
    observing.begin(None)
    seen = Overview(observing, policies).read()
    assert not seen.signs.kept and not seen.spreads and seen.doubt is None
    observing._close()


def test_the_week_is_written_into_the_jobs_folder(overview, tmp_path):
    from tamis.jobs import Task

    task = Task(tmp_path, lambda: False, lambda done, total: None, lambda said: None)
    assert weekly_work(overview.observing.watch, 7, "zh")(task) == {"files": [PAGE]}
    assert "阈值还成立吗" in (tmp_path / PAGE).read_text("utf-8")
