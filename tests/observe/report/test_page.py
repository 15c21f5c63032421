"""The weekly page: self-contained, safe against its data, true to the store, seen in a browser."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tamis.calibrate.evidence.words import LANGUAGES
from tamis.decide import Policy, Thresholds
from tamis.errors import InputError
from tamis.observe.abtest.experiment import Verdict
from tamis.observe.drift.checks import CHECKS
from tamis.observe.events import KINDS, Decided, Event, Placed
from tamis.observe.lifecycle.states import ACTS, SAID, STATES
from tamis.observe.options import WatchOptions
from tamis.observe.report import page
from tamis.observe.report.page import PAGES
from tamis.observe.report.verdict import CONFIRMED
from tamis.observe.store import Which
from tamis.observe.watch import Watch

from ...pages import EVIL, asks_for_nothing, data_of
from .. import world

SHOTS = os.environ.get("TAMIS_SCREENSHOTS", "")  # a folder that keeps the pictures


def test_the_page_is_one_file_that_asks_for_nothing(made):
    asks_for_nothing(made)


def test_names_and_reasons_cannot_leave_the_data(made):
    assert made.count("</script>") == 3
    data = data_of(made)
    assert data["title"] == EVIL and data["active"]["name"] == f"p {EVIL}"
    assert f"because {EVIL}" in [row["reason"] for row in data["ledger"]["rows"]]


def test_no_text_and_no_user_is_in_the_page(tmp_path):
    with Watch.open(tmp_path / "kept.db", WatchOptions(texts=True)) as watch:
        items = (Placed("secret-document", 1.0, 0.9, 1, text="a secret text"),)
        said = {"query": "a secret query", "user": "secret-user", "items": items}
        rows = [Decided(f"secret-request-{n}", world.BEGIN + n, "mini", **said) for n in range(100)]
        watch.store.add(rows, [Event("click", "secret-event", "secret-request-1", "secret-document", at=world.BEGIN)])
        made = page(watch, until=world.BEGIN + 50_000)
    assert data_of(made)["days"][-1]["decisions"] == 100
    assert "secret" not in made


def test_reading_changes_nothing(evil):
    before = (len(evil.store.entries()), evil.store.counts(), evil.store.events_by_kind())
    page(evil, days=3, until=world.END)
    assert (len(evil.store.entries()), evil.store.counts(), evil.store.events_by_kind()) == before


def test_the_data_are_the_stores(evil, made):
    data, status = data_of(made), evil.status()
    assert len(data["days"]) == 12 and data["since"] == world.BEGIN and data["until"] == world.END
    active = [row for row in data["totals"] if row["arm"] == ""]
    assert sum(day["decisions"] for day in data["days"]) == sum(row["decisions"] for row in active)
    for day in data["days"]:
        which = Which(day["start"], min(day["start"] + world.DAY, world.END), arm="")
        (row,) = evil.store.counts(which)
        assert day["decisions"] == row.decisions
        assert day["empty"][0] == pytest.approx(row.empty / row.decisions)
        assert day["shown"][0] == pytest.approx(row.accepted / row.decisions)
    assert data["trial"]["decisions"] == dict(status.trial.decisions)
    assert data["trial"]["sequential"] == status.trial.as_json()["sequential"]
    assert data["targets"] == [world.LEAST] * 12
    assert data["promise"]["holds"] is status.promise.holds is True
    assert data["scores"]["threshold"] == world.THRESHOLD and data["scores"]["baseline"] == 500
    for shares in data["scores"]["shares"].values():
        assert sum(shares) == pytest.approx(1, abs=1e-3) and len(shares) == len(data["scores"]["edges"]) - 1
    assert data["ledger"]["entries"] == len(evil.store.entries()) and data["ledger"]["fault"] == ""
    acts = [row["act"] for row in data["ledger"]["rows"]]
    assert acts == ["canary", "propose", "acknowledge", "alarm", "activate"]
    assert data["ledger"]["looks"] + data["ledger"]["again"] + len(acts) == data["ledger"]["entries"]


def test_a_proposal_stands_with_its_evidence(evil, made):
    (one,) = data_of(made)["proposals"]
    now = evil.lifecycle.standing()
    evidence = now.evidence[now.canary]
    assert one["state"] == "canary" and one["threshold"] == evidence["threshold"] > world.THRESHOLD
    assert one["evidence"]["precision"] == evidence["precision"] and one["evidence"]["sessions"] == evidence["sessions"]
    change = evil.replay(now.canary)
    assert one["replay"]["only_old"] == change.only_old > 0 and one["replay"]["only_new"] == 0
    curve = one["curve"]
    assert all(low <= p <= high for low, p, high in zip(curve["low"], curve["clicks"], curve["high"], strict=True))
    own = evil.lifecycle.policy(now.active).calibration.calibrator
    assert curve["own"] == pytest.approx(own(curve["scores"]).tolist(), abs=1e-4)


def test_drift_that_the_calibration_cannot_see_is_seen_by_clicks(evil, made):
    data = data_of(made)
    before, after = data["days"][2], data["days"][6]
    assert after["precision"][0] > before["precision"][0] and after["clicked"][0] < before["clicked"][0]
    assert world.precision(world.THRESHOLD) == pytest.approx(world.LEAST, abs=1e-6)
    assert data["doubt"]["low"] <= world.precision(world.THRESHOLD - world.DRIFT) <= data["doubt"]["high"]
    assert data["doubt"]["high"] < world.LEAST and "next.doubt" in [line["key"] for line in data["next"]]


def test_a_ledger_that_was_changed_comes_first(tmp_path):
    with world.build(tmp_path / "kept.db", stage="quiet", daily=60) as watch:
        watch.lifecycle.propose(Policy(Thresholds(1.0)), actor="ann", name="mine")
        with watch.store.database.writing() as connection:
            for (name,) in connection.execute(sa.text("select name from sqlite_master where type = 'trigger'")).all():
                connection.execute(sa.text(f"drop trigger {name}"))
            connection.execute(sa.text("update ledger set actor = 'bo' where id = 2"))
        data = data_of(page(watch, days=12, until=world.END))
    assert data["verdict"]["key"] == "verdict.broken" and data["next"][0]["key"] == "next.broken"
    assert "row 2" in data["ledger"]["fault"]


def test_another_language_and_no_time_are_clear_errors(tmp_path):
    with Watch.open(tmp_path / "kept.db") as watch:
        with pytest.raises(InputError, match="language must be one of en, zh, got 'fr'"):
            page(watch, language="fr")
        with pytest.raises(InputError, match="days must be above 0"):
            page(watch, days=0)


def test_every_sentence_that_the_page_uses_is_in_the_table():
    known, template, script = PAGES.table(), PAGES.asset("watch.html"), PAGES.asset("watch.js")
    used = set(re.findall(r'data-(?:t|label)="([\w.]+)"', template))
    used |= set(re.findall(r'T\("(\w+\.\w+)"[,)]', script))
    used |= {f"measure.{check.name}" for check in CHECKS} | {"measure.scorer"}
    used |= {f"state.{name}" for name in STATES} | {f"kind.{kind}" for kind in KINDS}
    used |= {f"act.{act}" for act in (*ACTS, *SAID) if act != "look"}
    used |= {f"trial.{name}" for name in Verdict.__args__ if name != "open"} | {
        "trial.few",
        "trial.users",
        "trial.sessions",
    }
    source = Path(PAGES.asset.__globals__["__file__"]).parents[2] / "observe" / "report"
    for name in ("verdict.py", "proposals.py"):
        text = (source / name).read_text(encoding="utf-8")
        used |= set(re.findall(r'"((?:advice|next|verdict)\.\w+)"', text))
    used |= {"advice.perhaps_loose", "advice.perhaps_strict", "next.candidate", "next.shadow"}
    used |= {f"next.{act}" for act in (*CONFIRMED.values(), "wait", "observe", "feedback", "nothing")}
    for name in ("decisions", "empty", "shown", "precision", "satisfaction", "clicked"):
        used |= {f"figure.{name}", f"figure.{name}_words", f"missing.{name}"}
    assert used <= set(known), used - set(known)
    assert "innerHTML" not in script and "eval(" not in script
    for key, one in known.items():
        assert set(one) == set(LANGUAGES), key
        places = {language: set(re.findall(r"\{\w+%?\}", one[language])) for language in LANGUAGES}
        assert places["en"] == places["zh"], key


# ---- in a browser


@pytest.fixture
def opened(browser, tmp_path):
    def opened(made):
        path = tmp_path / "page.html"
        path.write_text(made, encoding="utf-8")
        browser.window(1000, 900)
        browser.open(path)
        check(browser)
        assert len(browser.requests()) == 1
        return browser

    return opened


def check(browser):
    assert browser.complaints() == []
    assert browser.run("window.broken") is None
    assert browser.run("document.body.innerText.match(/undefined|NaN|Infinity|\\{\\w+%?\\}/)") is None


def speak(browser, language):
    browser.run(f"document.querySelector('[data-language={language}]').click()")
    check(browser)


def test_the_page_says_the_same_in_both_languages(opened, made):
    browser = opened(made)
    data = data_of(made)
    texts = {}
    for language in LANGUAGES:
        speak(browser, language)
        texts[language] = browser.run("document.body.innerText")
        for heading in ("now", "days", "scores", "proposals", "trial", "ledger", "glossary"):
            assert browser.text(f"h-{heading}") == PAGES.table()[f"{heading}.title"][language]
        assert f"{100 * data['doubt']['value']:.1f}" in browser.text("doubt")
        assert f"{data['trial']['sequential']['estimate']:+.3f}" in browser.text("trial-difference").replace("−", "-")
        assert browser.run("document.querySelectorAll('canvas').length") == 8
        assert browser.run("document.querySelectorAll('#ledger-table tbody tr').length") == 5
    assert browser.run("document.title") == EVIL
    cjk, latin = re.findall(r"[\u4e00-\u9fff]", texts["en"].replace("中文", "").replace("客户", "")), texts["zh"]
    assert cjk == []
    for word in ("Decisions", "Threshold", "relevant", "Sessions"):
        assert word not in latin


def test_tables_hold_what_plots_show(opened, made):
    browser = opened(made)
    data = data_of(made)
    for name in ("decisions", "empty", "shown", "precision", "satisfaction", "clicked"):
        assert browser.run(f"document.querySelectorAll('#data-{name} tbody tr').length") == 12
        assert browser.run(f"document.getElementById('plot-{name}').getAttribute('aria-label').length") > 20
    cells = browser.run(
        "[...document.querySelectorAll('#data-precision tbody tr:first-child td')].map((one) => one.textContent)"
    )
    value, low, high, sessions = data["days"][0]["precision"]
    assert cells[1:] == [
        f"{100 * value:.1f}\u00a0%",
        f"{100 * low:.1f}\u00a0% to {100 * high:.1f}\u00a0%",
        str(sessions),
        "90.0\u00a0%",
    ]


def test_a_phone_needs_no_scrolling_to_the_side(opened, made):
    browser = opened(made)
    try:
        browser.window(390, 844, phone=True)
        for language in LANGUAGES:
            speak(browser, language)
            assert browser.run("document.documentElement.scrollWidth") <= 390
            shot(browser, f"phone-{language}")
    finally:
        browser.window(1000, 900)


def test_light_dark_and_paper(opened, made, tmp_path):
    browser = opened(made)
    try:
        grounds = set()
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            for language in LANGUAGES:
                speak(browser, language)
                shot(browser, f"{scheme}-{language}")
            grounds.add(browser.run("getComputedStyle(document.body).backgroundColor"))
        assert len(grounds) == 2
        browser.paper(tmp_path / "page.pdf")
        assert (tmp_path / "page.pdf").stat().st_size > 50_000
        check(browser)
    finally:
        browser.scheme("light")


def shot(browser, name):
    if SHOTS:
        browser.picture(Path(SHOTS) / f"report-{name}.png")


def bare(path, decisions=(), events=(), policy=None, options=None):
    with Watch.open(path, options or WatchOptions()) as watch:
        with world.clock(world.BEGIN):
            watch.lifecycle.begin(policy, "plain") if policy else None
        watch.store.add(decisions, events)
        return page(watch, days=2, until=world.BEGIN + 2 * world.DAY)


def rows(count, chance=None, digest="", shown=1):
    items = (Placed("a", 1.0, chance, shown),)
    return [Decided(f"r{n}", world.BEGIN + 100.0 * n, "mini", policy=digest, items=items) for n in range(count)]


PLAIN = Policy(Thresholds(0.5))
CASES = {
    "empty": {},
    "a policy and no decision": {"policy": PLAIN},
    "one decision": {"decisions": rows(1)},
    "no clicks, no calibration": {"decisions": rows(300, digest=PLAIN.digest), "policy": PLAIN},
    "everything is shown": {"decisions": rows(300, 0.8), "events": [Event("click", "e", "r1", "a", at=world.BEGIN)]},
    "no candidates": {"decisions": [Decided(f"r{n}", world.BEGIN + n, policy=PLAIN.digest) for n in range(300)],
                      "policy": PLAIN},
    "nothing shown": {"decisions": rows(300, digest=PLAIN.digest, shown=0), "policy": PLAIN},
    "all refused": {"decisions": rows(300), "policy": Policy(Thresholds(None))},
    "infinite": {"decisions": rows(300), "policy": Policy(Thresholds(float("inf")))},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_little_is_said_and_is_no_error(case, opened, tmp_path):
    made = bare(tmp_path / "kept.db", **CASES[case])
    browser = opened(made)
    for language in LANGUAGES:
        speak(browser, language)
        assert len(browser.text("verdict")) > 5 and len(browser.text("advice")) > 5
        shot(browser, f"{case.replace(' ', '-')}-{language}")
    data = data_of(made)
    assert data["trial"] is None and data["proposals"] == []
    assert all(day["satisfaction"] is None for day in data["days"])
    if not CASES[case].get("events"):
        assert data["feedback"] == {} and all(day["clicked"] is None for day in data["days"])
    json.dumps(data, allow_nan=False)


def test_an_alarm_is_said(opened, tmp_path):
    with world.build(tmp_path / "kept.db", stage="alarm", daily=300) as watch:
        made = page(watch, days=12, until=world.END)
        browser = opened(made)
        speak(browser, "zh")
        assert "警报" in browser.text("verdict") and "不成立" in browser.text("promise")
        assert browser.run("document.querySelectorAll('#alarm li').length") >= 2
        speak(browser, "en")
        assert "does NOT hold" in browser.text("promise")
        shot(browser, "alarm-en")


def test_an_expired_policy_is_said(opened, tmp_path):
    late = replace(world.policy(), expires="2024-10-01")
    made = bare(tmp_path / "kept.db", decisions=rows(40, 0.9, late.digest), policy=late)
    data = data_of(made)
    assert data["verdict"]["key"] == "verdict.expired" and data["next"][0]["key"] == "next.tune"
    assert data["promise"]["holds"] is False
    browser = opened(made)
    assert "its last day was 2024-10-01" in browser.text("promise")
    speak(browser, "zh")
    assert "最后有效日是 2024-10-01" in browser.text("promise")


def test_a_policy_brought_by_people_has_no_evidence(opened, tmp_path):
    with world.build(tmp_path / "kept.db", stage="quiet", daily=60) as watch:
        with world.clock(world.BEGIN + 9 * world.DAY):
            watch.lifecycle.propose(Policy(Thresholds(1.0)), actor="ann", name="mine")
        made = page(watch, days=12, until=world.END)
    (one,) = data_of(made)["proposals"]
    assert one["evidence"] is None and one["curve"] is None and one["state"] == "candidate"
    browser = opened(made)
    assert PAGES.table()["proposal.people"]["en"] in browser.text("proposals")
    assert "tamis watch approve STORE " + one["digest"] in browser.text("next")
    assert "“mine”" in browser.text("verdict")
