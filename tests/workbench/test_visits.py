"""Two people at once, a key at the door, a server that is started again: in real browsers."""

from __future__ import annotations

import contextlib

import httpx
import pytest

from ..browser import Browser, found
from .desk import serving, shot, show
from .tabs.test_rewriting import talks  # noqa: F401

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
OPEN = "document.querySelector('#rewriting-gain > button, #rewriting-gain .label-wrap').click()"


@pytest.fixture
def browsers(tmp_path):
    """Makes browsers of people who share nothing."""
    if not found():
        pytest.skip("no Chromium is installed: set TAMIS_BROWSER to one")
    with contextlib.ExitStack() as stack:

        def another() -> Browser:
            opened = stack.enter_context(Browser(found(), tmp_path / f"profile-{len(stack._exit_callbacks)}"))
            opened.window(1280, 900)
            return opened

        yield another


def measure(browser, address, talks):  # noqa: F811
    """Begin a measurement as long work, and wait for its end."""
    browser.visit(f"{address}/workbench/en/")
    show(browser, "rewriting")
    browser.run(OPEN)
    browser.upload("#gain-file input[type=file]", talks)
    browser.until("document.querySelector('#gain-file').innerText.includes('talks')")
    browser.click("#gain-run")
    browser.until("!!document.querySelector('#gain-shown iframe')", 60)
    return browser.run("document.querySelector('#gain-shown iframe').getAttribute('src')")


def jobs(browser, address):
    """What the list of work says."""
    browser.visit(f"{address}/workbench/en/")
    show(browser, "work")
    browser.until("document.querySelector('#work-shown').innerText.length > 10")
    return browser.run("document.querySelector('#work-shown').innerText")


def test_two_people_do_not_see_each_other_s_work(server, browsers, talks):  # noqa: F811
    one, two = browsers(), browsers()
    page = measure(one, server, talks)
    assert "talks.zip" in jobs(one, server)
    assert "Nothing was begun" in jobs(two, server)
    two.visit(f"{server}{page}")
    assert "no such file of yours" in two.run("document.body.innerText")
    one.visit(f"{server}{page}")
    assert "Four systems" in one.run("document.body.innerText")
    assert httpx.get(f"{server}{page}").status_code == 404


def test_files_beside_a_job_s_own_are_nobody_s(server, browsers, talks):  # noqa: F811
    one = browsers()
    page = measure(one, server, talks)
    cookies = {c["name"]: c["value"] for c in one.send("Network.getCookies", urls=[f"{server}/workbench/"])["cookies"]}
    job = page.rsplit("/", 1)[0]
    with httpx.Client(base_url=server, cookies=cookies, follow_redirects=True) as client:
        assert client.get(page).status_code == 200
        assert "sandbox" in client.get(page).headers["content-security-policy"]
        for name in ("../lock", "%2e%2e/lock", "..%2flock", "missing.html", "set/..", "", "a%00b", "~", "/etc/passwd"):
            assert client.get(f"{job}/{name}").status_code == 404, name


@pytest.mark.slow
def test_with_keys_each_holder_has_work_of_their_own(tmp_path, browsers, talks):  # noqa: F811
    with serving(tmp_path / "desk", TAMIS_API_KEYS=f"shop={KEY},lab={OTHER}") as (_, address):
        one, two = browsers(), browsers()
        one.visit(f"{address}/")
        assert one.run("location.pathname") == "/workbench/login"
        one.write("#key", "wrong-key-0123456")
        one.click("button")
        one.until("document.body.innerText.includes('No such key')")
        shot(one, "door")
        for browser, key in ((one, KEY), (two, OTHER)):
            browser.visit(f"{address}/")
            browser.write("#key", key)
            browser.click("button")
            browser.until("location.pathname === '/workbench/en/'")
        page = measure(one, address, talks)
        assert "talks.zip" in jobs(one, address) and "Nothing was begun" in jobs(two, address)
        two.visit(f"{address}{page}")
        assert "no such file of yours" in two.run("document.body.innerText")
        again = browsers()  # another machine of the first holder
        again.visit(f"{address}/workbench/login")
        again.write("#key", KEY)
        again.click("button")
        again.until("location.pathname === '/workbench/en/'")
        assert "talks.zip" in jobs(again, address)
        show(one, "monitor")
        one.until("document.querySelector('#monitor-others')?.innerText.includes('only owners may')")
        assert one.run("document.querySelector('#monitor-look')?.offsetParent == null")


@pytest.mark.slow
def test_a_killed_server_leaves_work_interrupted_and_its_visitor_known(tmp_path, browsers):
    rows = "".join(f"问题 {at % 50},第 {at} 条说明：退货运费由买家承担。\n" for at in range(60_000))
    (tmp_path / "long.csv").write_text(f"query,document\n{rows}", "utf-8")
    one = browsers()
    with serving(tmp_path / "desk") as (server, address):
        one.visit(f"{address}/workbench/en/")
        show(one, "batch")
        one.upload("#batch-file input[type=file]", tmp_path / "long.csv")
        one.until("!!document.querySelector('#batch-looked .t-note')")
        one.click("#batch-run")
        one.until("/long.csv: running/.test(document.querySelector('#batch-state').innerText)")
        server.kill()
        server.wait()
    with serving(tmp_path / "desk") as (_, address):  # another port: to a browser the same host, with the same cookie
        told = jobs(one, address)
        assert "long.csv" in told and "interrupted" in told and "running" not in told
        show(one, "batch")
        one.until("document.querySelector('#batch-state').innerText.includes('interrupted')")
