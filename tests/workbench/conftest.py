"""One server and one browser for all tests of the workbench."""

from __future__ import annotations

import pytest

from tamis.extras import available

from ..browser import Browser, found
from .desk import serving, show

CUT = "ERR_INCOMPLETE_CHUNKED_ENCODING"  # a stream of events ends so where its page is left for the next one

collect_ignore_glob = [] if available("gradio") else ["test_*.py", "tabs/*"]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a server."""
    with serving(tmp_path_factory.mktemp("desk")) as (_, address):
        yield address


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser with one page."""
    if not found():
        pytest.skip("no Chromium is installed: set TAMIS_BROWSER to one")
    with Browser(found(), tmp_path_factory.mktemp("profile")) as opened:
        opened.window(1280, 900)
        yield opened


@pytest.fixture
def page(browser, server):
    """Opens a tab of the workbench in a language; what the page asked for and complained of is looked at in the end."""

    def open_tab(tab: str, language: str = "en") -> Browser:
        browser.visit(f"{server}/workbench/{language}/")
        show(browser, tab)
        return browser

    yield open_tab
    assert [said for said in browser.complaints() if CUT not in said] == []
    own = (f"{server}/", "data:", "blob:")
    assert [url for url in browser.requests() if not url.startswith(own)] == []
