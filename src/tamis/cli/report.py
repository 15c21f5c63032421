"""``tamis report``: what labelled scores look like and how far they can be trusted, as a table or a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import USUAL, AsJson, Chosen, LabelledBy, Lang, Recalled, RelevantIf, Scores, choosing

if TYPE_CHECKING:
    from tamis.calibrate.evidence.reading import Signs
    from tamis.calibrate.evidence.report import ScoreReport
    from tamis.calibrate.evidence.words import Language


@choosing(LabelledBy, None)
def command(
    scores: Scores,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page with plots here.")
    ] = None,
    lang: Lang = "en",
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "",
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="SCORES", help="Scores of other queries by the same scorer; single queries are read by it."
        ),
    ] = None,
    tuned: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show this result of tamis tune --json in the page.")
    ] = None,
    relevant_if: RelevantIf = None,
    k: Recalled = 100,
    chosen: Chosen = USUAL,
    as_json: AsJson = False,
) -> None:
    """Look at labelled scores: distribution, separation, grey zone, calibration, labels and queries to check.

    SCORES: rows with query_id, score, label; a test set {query, documents, labels}; or an evaluation set's folder.

    Example: tamis report labelled.jsonl --html report.html --lang zh
    """
    from tamis.calibrate import AutoCalibrator
    from tamis.calibrate.evidence.page import page
    from tamis.calibrate.evidence.report import score_report
    from tamis.data import atomic_write

    found = chosen.labelled(scores, relevant_if, k)
    report = score_report(
        found.data,
        calibrator=AutoCalibrator(),
        reference=_signs(chosen, reference, relevant_if),
        stage=found.stage,
        grades=found.grades if relevant_if is not None else None,
        query_ids=found.names() if html is not None else found.query_ids,
    )
    if html is not None:
        made = page(report, language=lang, title=title, policy=_tuned(tuned))
        with atomic_write(html) as out:
            out.write(made)
        show.say(f"report: {html}")
    if as_json:
        show.as_json(report.as_json())
    elif html is None:
        _show(report, lang)


def _signs(chosen: Chosen, source: Path | None, relevant_if: float | None) -> Signs | None:
    """Gap, spread and mean of a reference's queries."""
    from tamis.calibrate.evidence.reading import Signs

    if source is None:
        return None
    return Signs.from_pairs(chosen.labelled(source, relevant_if).data)


def _tuned(source: Path | None) -> dict[str, Any] | None:
    """What ``tamis tune --json`` printed.

    Raises:
        DataError: the file does not hold that.
    """
    from tamis.errors import DataError

    if source is None:
        return None
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read as JSON: {error}", path=source) from error
    if not isinstance(content, dict) or "issued" not in content:
        raise DataError("expected what tamis tune --json prints, with 'issued' in it", path=source)
    return content


def _show(report: ScoreReport, language: Language) -> None:
    from tamis.calibrate.evidence.words import said

    for note in report.notes:
        show.say(said("page.note", {"note": note.text(language)}, language))
    scorer = report.stage or said("page.unnamed", language=language)
    subject = {"pairs": report.pairs, "queries": report.queries or 0, "stage": scorer}
    heading = "page.subtitle" if report.queries is not None else "page.subtitle_pairs"
    shown = show.table(said(heading, subject, language), "figure", "value")
    for what, value in _figures(report, language):
        shown.add_row(what, value)
    show.out(shown)
    parts = show.table(
        said("statistics.title", None, language),
        *(said(f"statistics.{name}", None, language) for name in ("part", "pairs", "mean", "median", "std", "least")),
        said("statistics.largest", None, language),
    )
    for name, part in {"all": report.overall, **report.by_part}.items():
        figures = (part.mean, part.median, part.std, part.least, part.largest)
        parts.add_row(_part(name, language), str(part.pairs), *(f"{figure:.4g}" for figure in figures))
    show.out(parts)


def _part(name: str, language: Language) -> str:
    from tamis.calibrate.evidence.words import said

    known = name in ("all", "relevant", "irrelevant")
    return said(f"label.{name}" if known else "label.grade", {"grade": name}, language)


def _figures(report: ScoreReport, language: Language) -> list[tuple[str, str]]:
    """The rows of the table: what, and how much."""
    from tamis.calibrate.evidence.words import said

    def between(low: float, high: float, form: str) -> str:
        return said("page.between", {"low": format(low, form), "high": format(high, form)}, language)

    rows = [("summary.base", f"{report.base_rate:.1%}")]
    if report.separation is not None:
        s = report.separation
        rows.append(("summary.auc", f"{s.auc:.4f} ({between(s.auc_low, s.auc_high, '.4f')})"))
        rows.append(("statistics.overlap", f"{s.overlap:.1%}"))
    if report.per_query is not None:
        rows.append(("summary.without", f"{report.per_query.without_relevant:.1%}"))
    if report.overlap_zone is not None:
        zone = report.overlap_zone
        rows.append(("summary.grey", f"{between(zone.low, zone.high, '.4g')} ({zone.share:.1%})"))
    if report.reliability is not None:
        r = report.reliability
        rows.append(("reliability.error", f"{r.error:.2%} ({between(r.error_low, r.error_high, '.2%')})"))
        rows.append(("reliability.null", f"{r.null_high:.2%}"))
        rows.append(("reliability.brier", f"{r.brier:.4f}"))
    rows.append(("statistics.tied", f"{report.resolution.tied:.1%}"))
    rows.append(("suspects.title", str(len(report.suspects))))
    if report.reading is not None:
        counts = {f"rule.{rule}": str(count) for rule, count in report.reading.counts.items()}
        rows += list(counts.items())
    return [(said(key, None, language).partition(":")[0].partition("：")[0], value) for key, value in rows]
