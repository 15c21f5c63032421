"""Small pieces of HTML that several tabs show; every text of a user is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

LONGEST = 1_200  # characters of a document that a list shows


def text(value: object) -> str:
    """A value as text of a page.

    >>> text("<b>1 & 2</b>")
    '&lt;b&gt;1 &amp; 2&lt;/b&gt;'
    """
    return html.escape(str(value))


def excerpt(whole: str, span: tuple[int, int] | None = None, longest: int = LONGEST) -> str:
    """A document's text with one part marked; of a long one the stretch around that part.

    >>> excerpt("Rain fell. It sieves.", (11, 21))
    'Rain fell. <mark>It sieves.</mark>'
    >>> excerpt("abcdefgh", longest=4)
    'abcd…'
    """
    start, end = span or (0, 0)
    left = max(0, min(start - longest // 4, len(whole) - longest))
    right = min(len(whole), left + longest)
    end = min(end, right)
    parts = [
        "…" if left else "", text(whole[left:start]),
        f"<mark>{text(whole[start:end])}</mark>" if end > start else "",
        text(whole[max(end, left) if end > start else max(start, left) : right]), "…" if right < len(whole) else "",
    ]  # fmt: skip
    return "".join(parts)


def table(heads: Sequence[object], rows: Iterable[Sequence[object]], *, label: str = "") -> str:
    """A table; cells that are ``Markup`` stand as they are.

    >>> table(["a"], [["<"]]).count("<td>&lt;</td>")
    1
    """
    head = "".join(f"<th>{_cell(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    caption = f"<caption>{text(label)}</caption>" if label else ""
    return (
        f'<div class="t-scroll"><table class="t-table">{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def wide(made: str) -> str:
    """A table whose cells stay on one line each; where that is too long for the page, the table scrolls.

    >>> wide("<table></table>")
    '<div class="t-wide"><table></table></div>'
    """
    return f'<div class="t-wide">{made}</div>'


class Markup(str):
    """HTML that was made here, not text that somebody wrote."""


def _cell(value: object) -> str:
    return value if isinstance(value, Markup) else text(value)


def bar(share: float, label: str = "") -> Markup:
    """A bar that is so full.

    >>> bar(0.5)
    '<span class="t-bar" role="img" aria-label="50 %"><i style="width:50.0%"></i></span>'
    """
    return Markup(
        f'<span class="t-bar" role="img" aria-label="{text(label or f"{100 * share:.0f} %")}">'
        f'<i style="width:{100 * min(1.0, max(0.0, share)):.1f}%"></i></span>'
    )


def note(sentence: str, kind: str = "plain") -> str:
    """A sentence in a box: plain, good, warning or wrong.

    >>> note("7 rows", "good")
    '<div class="t-note t-good" role="status">7 rows</div>'
    """
    return f'<div class="t-note t-{kind}" role="status">{text(sentence)}</div>'


def frame(link: str, title: str) -> str:
    """A page of a job inside the page.

    >>> frame("/workbench/files/1/report.html", "Report")
    '<iframe class="t-frame" src="/workbench/files/1/report.html" title="Report"></iframe>'
    """
    return f'<iframe class="t-frame" src="{text(link)}" title="{text(title)}"></iframe>'
