"""The tab that watches, in a real browser: from an alarm to a better policy and back; who may only look."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import httpx
import numpy as np
import pytest

from tamis.decide import Thresholds
from tamis.errors import InputError
from tamis.workbench.tabs.monitor.acting import Acting
from tamis.workbench.tabs.monitor.moving import Moving
from tamis.workbench.visitors import Visitor
from tamis.workbench.words import saying

from ...observe import world
from ..desk import serving, shot, show

KEY, OWN = "0123456789abcdef", "fedcba9876543210"
OPTIONS = '[observe]\nstore = "o.db"\nsettle = 0.0\n[observe.bounds]\ncooldown = 0.001\n'


def built(folder, stage):
    """A store in which the world's days end now; a server without a policy of its own leaves it as it is."""
    now = time.time()
    begin = now // world.DAY * world.DAY - 11 * world.DAY
    with mock.patch.multiple(world, BEGIN=begin, END=now - 30):
        watch = world.build(folder / "o.db", stage=stage)
    watch.lifecycle.say("configure", {"configured": ""}, actor="configuration")
    return watch


@pytest.fixture(scope="module")
def rung(tmp_path_factory):
    """A server over a store in which an alarm stands: anybody may act. The watch over its store, and its address."""
    folder = tmp_path_factory.mktemp("rung")
    (folder / "tamis.toml").write_text(OPTIONS, "utf-8")
    told = ("--config", str(folder / "tamis.toml"))
    with built(folder, "alarm") as watch, serving(folder / "desk", *told) as (_, address):
        yield watch, address


@pytest.fixture(scope="module")
def trying(tmp_path_factory):
    """The address of a server with keys and one owner, whose store has a canary."""
    folder = tmp_path_factory.mktemp("trying")
    (folder / "tamis.toml").write_text(f'{OPTIONS}[serve]\nowners = ["ops"]\n', "utf-8")
    built(folder, "canary").close()
    told = ("--config", str(folder / "tamis.toml"))
    with serving(folder / "desk", *told, TAMIS_API_KEYS=f"shop={KEY},ops={OWN}") as (_, address):
        yield address


@pytest.fixture(autouse=True)
def left(browser):
    """Leaves the page, so that it asks for nothing while the next test's is looked at."""
    yield
    browser.visit("about:blank")


def opened(browser, address, language="en"):
    browser.visit(f"{address}/workbench/{language}/")
    show(browser, "monitor")
    browser.until("!!document.querySelector('#monitor-stages table')")


def enter(browser, address, key, language="en"):
    """Show a key at the door."""
    browser.visit(f"{address}/workbench/login")
    browser.write("#key", key)
    browser.click("button")
    browser.until("location.pathname.startsWith('/workbench/') && !location.pathname.endsWith('login')")
    opened(browser, address, language)


def text(browser, element):
    return browser.run(f"document.querySelector('#monitor-{element}')?.innerText.trim() || ''")


def until(browser, element, *told):
    """Wait until an element says all of these."""
    try:
        browser.until(f"{list(told)!r}.every(e => document.querySelector('#monitor-{element}')?.innerText.includes(e))")
    except TimeoutError:
        raise AssertionError(f"{element}: expected {told}, got {text(browser, element)!r}") from None


def refused(browser, *told):
    """Wait for a refusal in a toast."""
    browser.until(f"{list(told)!r}.every(e => document.querySelector('.toast-body')?.innerText.includes(e))")
    browser.run("document.querySelectorAll('.toast-close').forEach(e => e.click())")
    browser.until("!document.querySelector('.toast-body')")


def visible(browser, element):
    return browser.run(f"document.querySelector('#monitor-{element}')?.offsetParent != null")


def visits(watch, count, seed):
    """So many sessions of the drifted world, just now."""
    now = time.time()
    since = max(watch.lifecycle.standing().fresh, watch.lifecycle.standing().tried or 0.0)
    watch.store.add(*world.sessions(np.random.default_rng(seed), watch, since, now, count, shift=world.DRIFT))


def proposed(browser):
    """Ask clicks until they propose; where the server itself looks at the same moment, one of both is told to wait."""
    for _ in range(5):
        browser.click("#monitor-propose")
        with contextlib.suppress(TimeoutError):
            said = "document.querySelector('#monitor-advice').innerText"
            browser.until(f"{said}.includes('is too loose') && {said}.includes('“proposed-1” is a candidate now')", 8)
            return
    raise AssertionError(
        text(browser, "advice") + browser.run("document.querySelector('.toast-body')?.innerText || ''")
    )


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_decisions_show_as_numbers_and_no_text(page, server, language):
    with httpx.Client(base_url=server, timeout=30) as client:
        for at in range(12):
            texts = [f"secret: the drum sieve number {n} sieves flour" for n in range(at % 4 + 2)]
            client.post("/v1/decide", json={"query": "secret of the sieve", "documents": texts}).raise_for_status()
    browser = page("monitor", language)
    browser.until("!!document.querySelector('#monitor-traffic')")
    browser.click("#monitor-refresh")
    browser.until("document.querySelectorAll('#monitor-traffic .t-histogram').length > 0")
    told = browser.run("document.querySelector('#tab-monitor').innerText + document.body.innerText")
    assert "tamis-mini" in told and "secret" not in told
    assert {"en": "Expected precision", "zh": "预期准确率"}[language] in told
    until(browser, "verdict", {"en": "Too few decisions", "zh": "决定还太少"}[language])


def test_from_an_alarm_to_a_better_policy_and_back(rung, browser):
    watch, address = rung
    opened(browser, address)
    until(browser, "verdict", "Alarm: decisions are not what they were", "best scores: changed by", "does not hold")
    shot(browser, "monitor-alarm-en")
    browser.click("#monitor-acknowledge")
    refused(browser, "Say why")
    browser.write("#monitor-reason textarea", "the new catalogue <b>runs higher</b>")
    browser.click("#monitor-acknowledge")
    until(browser, "said", "The alarm is answered")
    until(browser, "verdict", "Too few decisions since the policy began", "holds")
    until(browser, "done", "alarm answered", "the new catalogue <b>runs higher</b>", "workbench")
    browser.click("#monitor-propose")
    until(browser, "advice", "nothing yet, with 0 sessions of the 200", "Nothing is proposed")
    visits(watch, 1600, 1)
    proposed(browser)
    until(browser, "verdict", "A policy is proposed and waits for approval: “proposed-1”.")
    until(browser, "evidence", "Precision, as clicks tell it", "It rests on 1,600 sessions")
    browser.click("#monitor-replay")
    until(browser, "changes", "would have shown other documents")
    browser.click("#monitor-stage input[value=canary]")
    browser.until("document.querySelector('#monitor-share')?.offsetParent != null")
    browser.write("#monitor-share input[type=number]", "40")
    browser.key("Tab")
    browser.click("#monitor-approve")
    until(browser, "moved", "“proposed-1” decides for 40 % of the users")
    until(browser, "trial", "“proposed-1” decides for 40 % of the users")
    until(browser, "stages", "canary", "40 %")
    visits(watch, 800, 2)
    browser.click("#monitor-refresh")
    until(browser, "trial", "about", "more users")
    browser.click("#monitor-stage input[value=active]")
    browser.click("#monitor-approve")
    until(browser, "moved", "“proposed-1” decides from now on")
    until(browser, "verdict", "proposed-1", "It promises nothing")
    assert watch.lifecycle.standing().names[watch.lifecycle.standing().active] == "proposed-1"
    browser.click("#monitor-rollback")
    until(browser, "question", "“catalogue” will decide again, and “proposed-1” is taken out")
    browser.click("#monitor-no")
    browser.until("document.querySelector('#monitor-question')?.offsetParent == null")
    browser.click("#monitor-rollback")
    until(browser, "question", "Roll back?")
    time.sleep(0.5)  # what was hidden is drawn anew
    browser.click("#monitor-sure")
    until(browser, "said", "“catalogue” decides again")
    until(browser, "verdict", "catalogue (")
    until(browser, "done", "put in charge again")
    assert watch.lifecycle.standing().of("retired")
    browser.click("#monitor-look")
    until(browser, "said", "Too few new decisions to look at")
    browser.click("#monitor-check")
    until(browser, "whole", "is whole")


def test_what_others_do_shows_without_a_click(rung, browser):
    watch, address = rung
    opened(browser, address, "zh")
    bold = replace(world.policy(), thresholds=Thresholds(1.0), certificate=None)
    watch.lifecycle.propose(bold, actor="ann", name="<i>bold</i>")
    until(browser, "stages", "<i>bold</i>", "候选")
    until(browser, "verdict", "“<i>bold</i>”")
    browser.until("document.querySelector('#monitor-which input').value.includes('bold')")
    browser.click("#monitor-retire")
    refused(browser, "请写明原因")
    browser.write("#monitor-retire-reason textarea", "只是试试")
    browser.click("#monitor-retire")
    until(browser, "moved", "“<i>bold</i>”已撤下")
    until(browser, "done", "撤下", "只是试试")


def test_a_policy_is_brought_as_a_file_or_from_the_server(page, browser, server, tmp_path):
    page("monitor")
    with httpx.Client(base_url=server) as client:
        fingerprint = client.get("/v1/models").json()["data"][0]["fingerprint"]
    browser.click("#monitor-bring button")
    browser.until("document.querySelector('#monitor-make')?.offsetParent != null")
    browser.click("#monitor-make")
    refused(browser, "Choose a file or one of the server's policies first")
    (tmp_path / "wrong.json").write_text("no policy", "utf-8")
    browser.upload("#monitor-file input[type=file]", tmp_path / "wrong.json")
    browser.until("document.querySelector('#monitor-file').innerText.includes('wrong')")
    browser.click("#monitor-make")
    refused(browser, "wrong.json cannot be read as a tamis-policy")
    fitting = replace(world.policy(), thresholds=Thresholds(0.5), certificate=None, calibration=None, name="")
    path = tmp_path / "my policy.json"
    replace(fitting, scorer=fingerprint, stage="tamis-mini").save(path)
    browser.run("document.querySelector('#monitor-file button[aria-label*=lear]')?.click()")
    browser.until("!document.querySelector('#monitor-file').innerText.includes('wrong')")
    browser.upload("#monitor-file input[type=file]", path)
    browser.until("document.querySelector('#monitor-file').innerText.includes('my')")
    browser.click("#monitor-make")
    until(browser, "brought", "“my-policy” is a candidate now")
    until(browser, "stages", "my-policy", "candidate", "precision ≥ 90 %")
    until(browser, "evidence", "People brought it")
    browser.write("#monitor-retire-reason textarea", "a test")
    browser.click("#monitor-retire")
    until(browser, "moved", "“my-policy” is taken out")


@pytest.mark.slow
def test_the_week_is_fetched_as_a_page(rung, browser):
    _, address = rung
    opened(browser, address)
    browser.click("#monitor-week")
    browser.until("!!document.querySelector('#monitor-week-shown a')", 60)
    link = browser.run("document.querySelector('#monitor-week-shown a').href")
    page = browser.run(f"fetch({json.dumps(link)}).then(e => e.text())")
    assert page.startswith("<!doctype html>") and "Does the threshold still hold?" in page
    assert httpx.get(link).status_code in (303, 401, 404, 307)  # another visitor's


@pytest.mark.slow
def test_who_is_no_owner_sees_all_and_moves_nothing(trying, browser):
    enter(browser, trying, KEY)
    until(browser, "verdict", "“stricter” is on trial", "doubtful", "but clicks do")
    until(browser, "others", "only owners may")
    until(browser, "evidence", "Precision, as clicks tell it")
    for element in ("look", "acknowledge", "rollback", "propose", "make", "approve", "retire", "reason"):
        assert not visible(browser, element), element
    browser.click("#monitor-replay")
    until(browser, "changes", "would have shown other documents")
    browser.run("fetch('/workbench/logout', {method: 'POST'})")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_owner_sees_the_trial(trying, browser, language):
    enter(browser, trying, OWN, language)
    until(browser, "trial", {"en": "Satisfaction", "zh": "满意度"}[language], "30 %")
    assert visible(browser, "approve") and not text(browser, "others")
    shot(browser, f"monitor-{language}")


def test_a_phone_shows_all_of_it(trying, browser):
    try:
        browser.window(390, 844, phone=True)
        enter(browser, trying, OWN, "zh")
        until(browser, "trial", "满意度")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        shot(browser, "monitor-phone")
    finally:
        browser.window(1280, 900)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_acts_are_refused_behind_the_page_too(language):
    """Buttons that are not seen can still be asked for."""
    desk = SimpleNamespace(words=lambda tab: saying(tab, language), may_exchange=lambda holder: False)
    request = SimpleNamespace(request=SimpleNamespace(scope={"state": {"visitor": Visitor("v", "guest")}}))
    acting, moving = Acting(desk, None), Moving(desk, None)
    for act in (
        acting.looked(request), acting.acknowledged("why", request), acting.asked(request),
        acting.rolled_back("why", request), moving.approved("p", "active", 5, request),
        moving.retired("p", "why", request),
    ):  # fmt: skip
        with pytest.raises(InputError, match={"en": "may not exchange", "zh": "无权"}[language]):
            asyncio.run(act)
