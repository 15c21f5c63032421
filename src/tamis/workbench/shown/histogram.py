"""A histogram as HTML: a bar a bin."""

from __future__ import annotations

from collections.abc import Sequence

from tamis.workbench.marks import text


def histogram(edges: Sequence[float], counts: Sequence[int], title: str, *, mark: float | None = None) -> str:
    """Bars, each with its bin and count for those who point at it; with ``mark``, a line where that value lies.

    >>> histogram([0.0, 0.5, 1.0], [1, 3], "Scores").count("<i ")
    2
    >>> "left:25.0%" in histogram([0.0, 1.0], [1], "Scores", mark=0.25)
    True
    """
    most = max(counts, default=0) or 1
    bars = "".join(
        f'<i style="height:{100 * count / most:.1f}%" title="{low:.3g} … {high:.3g}: {count}"></i>'
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )
    ends = f"<span>{edges[0]:.3g}</span><span>{edges[-1]:.3g}</span>" if edges else ""
    line = ""
    if edges and mark is not None and edges[0] <= mark <= edges[-1] > edges[0]:
        line = f'<b style="left:{100 * (mark - edges[0]) / (edges[-1] - edges[0]):.1f}%"></b>'
    return (
        f'<figure class="t-histogram" role="img" aria-label="{text(title)}"><figcaption>{text(title)}</figcaption>'
        f'<div class="t-bars">{bars}{line}</div><div class="t-ends">{ends}</div></figure>'
    )
