"""Cookies: signed, ended, and gone with the key."""

import pytest

from tamis.serve.keys import Keys
from tamis.workbench import visitors
from tamis.workbench.visitors import COOKIE, Visitors, kept_secret

KEY = "0123456789abcdef"


def sent(cookie):
    return f"other=1; {COOKIE}={cookie}"


def test_without_keys_each_browser_is_somebody():
    known = Visitors(Keys({}), b"s")
    one, two = known.cookie(), known.cookie()
    assert known.known(sent(one)) == known.known(sent(one))
    assert known.known(sent(one)) != known.known(sent(two))


def test_with_keys_a_cookie_stands_for_a_key_as_long_as_there_is_one():
    keys = Keys.of([f"shop={KEY}"])
    known = Visitors(keys, b"s")
    assert known.cookie("wrong") is None and known.cookie() is None
    cookie = known.cookie(KEY)
    assert known.known(sent(cookie)).holder == "shop"
    assert KEY not in cookie
    assert Visitors(Keys.of(["shop=another-key-0123456"]), b"s").known(sent(cookie)) is None
    assert Visitors(keys, b"other secret").known(sent(cookie)) is None


def test_a_browser_of_before_there_were_keys_is_nobody():
    cookie = Visitors(Keys({}), b"s").cookie()
    assert Visitors(Keys.of([KEY]), b"s").known(sent(cookie)) is None


def test_a_cookie_ends(monkeypatch):
    known = Visitors(Keys({}), b"s")
    cookie = known.cookie()
    later = visitors.time.time() + visitors.WITHOUT + 1
    monkeypatch.setattr(visitors.time, "time", lambda: later)
    assert known.known(sent(cookie)) is None


@pytest.mark.parametrize("change", ["", "x", "a.b.c", "..", "a.1.", "é.1.2", "a.٣.x", "a." + "9" * 30 + ".x"])
def test_what_was_not_signed_is_nobody(change):
    known = Visitors(Keys({}), b"s")
    assert known.known(sent(change)) is None


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_changed_cookie_is_nobodys(at):
    known = Visitors(Keys({}), b"s")
    cookie = known.cookie()
    changed = list(cookie)
    changed[at] = "0" if cookie[at] != "0" else "1"
    assert known.known(sent("".join(changed))) is None


def test_the_secret_stays(tmp_path):
    assert kept_secret(tmp_path) == kept_secret(tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
