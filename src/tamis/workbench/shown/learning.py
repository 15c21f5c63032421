"""A training under way as HTML: where it stands, and its curves so far."""

from __future__ import annotations

from collections.abc import Sequence

from tamis.jobs import Job
from tamis.train.after.curves import TrainingLog, thinned
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, bar, note, text

STOPPED = ("cancelled", "interrupted")
WIDE, HIGH, POINTS = 360, 110, 180  # of a chart


def learning(job: Job, log: TrainingLog, desk: Desk) -> str:
    """Where a training stands.

    Args:
        job: the training.
        log: what it has written down.
        desk: the page's way to everything.
    """
    words, states = desk.words("training"), desk.words("work")
    told = [f'<span class="t-state t-{job.state}">{text(states(job.state))}</span>', bar(job.share)]
    done = max(job.done, max(log.steps, default=0))
    if job.total:
        told.append(text(words("steps_done", done=f"{done:,}", total=f"{job.total:,}")))
    if job.state == "running" and (not job.total or done == job.total):
        told.append(text(words("measuring" if job.total else "reading")))
    best = [(step, next(iter(row.values()))) for step, row in log.dev.items() if row]
    loss = [(step, row["loss"]) for step, row in log.steps.items() if "loss" in row]
    charts = chart(words("loss_by_step"), loss) + chart(words("dev_by_step"), best)
    if job.state in STOPPED and done:
        said = note(words("resumable", done=f"{done:,}", total=f"{job.total:,}"))
    else:
        said = note(desk.plain(job.message), "wrong" if job.state == "failed" else "plain") if job.message else ""
    return f'<div class="t-top">{" ".join(told)}</div>{said}<div class="t-charts">{charts}</div>'


def chart(title: str, points: Sequence[tuple[int, float]]) -> Markup:
    """A curve with its ends in numbers; nothing where there are no points.

    >>> chart("Loss", [(1, 0.5), (2, 0.25)]).count("<polyline")
    1
    """
    if not points:
        return Markup("")
    steps, values = thinned(points, POINTS)
    low, high = min(values), max(values)
    across, up = (steps[-1] - steps[0]) or 1, (high - low) or 1
    places = [
        (WIDE * (step - steps[0]) / across, HIGH - HIGH * (value - low) / up if high > low else HIGH / 2)
        for step, value in zip(steps, values, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    return Markup(
        f'<figure class="t-chart"><figcaption>{text(title)} <b>{values[-1]:.4g}</b></figcaption>'
        f'<svg viewBox="-6 -6 {WIDE + 12} {HIGH + 12}" role="img" aria-label="{text(title)}">'
        f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="4"/></svg>'
        f'<div class="t-ends"><span>{steps[0]:.0f}</span><span>{low:.4g} – {high:.4g}</span>'
        f"<span>{steps[-1]:.0f}</span></div></figure>"
    )
