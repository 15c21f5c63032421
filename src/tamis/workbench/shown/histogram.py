"""A histogram as HTML: a bar a bin."""

from __future__ import annotations

from collections.abc import Sequence

from tamis.workbench.marks import text


def histogram(edges: Sequence[float], counts: Sequence[int], title: str) -> str:
    """Bars, each with its bin and count for those who point at it.

    >>> histogram([0.0, 0.5, 1.0], [1, 3], "Scores").count("<i ")
    2
    """
    most = max(counts, default=0) or 1
    bars = "".join(
        f'<i style="height:{100 * count / most:.1f}%" title="{low:.3g} … {high:.3g}: {count}"></i>'
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )
    ends = f"<span>{edges[0]:.3g}</span><span>{edges[-1]:.3g}</span>" if edges else ""
    return (
        f'<figure class="t-histogram" role="img" aria-label="{text(title)}"><figcaption>{text(title)}</figcaption>'
        f'<div class="t-bars">{bars}</div><div class="t-ends">{ends}</div></figure>'
    )
