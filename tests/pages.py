"""What stands in a page that tamis writes."""

from __future__ import annotations

import html.parser
import json
from typing import Any

# A text that would break out of a page's data, if anything could.
EVIL = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>\u2028 & 客户"


class Elements(html.parser.HTMLParser):
    """Tags with their attributes, and the data element's text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside, self.data = False, ""
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self.inside = tag == "script" and dict(attributes).get("id") == "data"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.data += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


def data_of(page: str) -> Any:
    """The data that a page draws."""
    return json.loads(Elements(page).data)


def asks_for_nothing(page: str) -> str:
    """Check that a page is one file that asks for nothing, with nothing to run in its tags; its security policy."""
    elements = Elements(page)
    assert not [
        tag for tag, a in elements.tags if "src" in a or "href" in a or tag in ("link", "iframe", "img", "object")
    ]
    assert not [a for _, a in elements.tags if any(name.startswith("on") or name == "style" for name in a)]
    assert "@import" not in page and "url(" not in page
    (policy,) = (a["content"] for _, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    return policy
