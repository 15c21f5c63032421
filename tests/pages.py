"""What stands in a page that tamis writes."""

from __future__ import annotations

import html.parser
import json
from typing import Any


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
