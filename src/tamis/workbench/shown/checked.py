"""A report on training data as HTML: what is there, and each finding with what to do and where it stands."""

from __future__ import annotations

from collections.abc import Mapping

from tamis.data.checks import Finding, Lengths, Level, Report
from tamis.data.training import Conflicts
from tamis.workbench.desk import Desk
from tamis.workbench.marks import note, table, text
from tamis.workbench.words import Said

KINDS = {"error": "wrong", "warning": "warning", "note": "plain"}


def checked(report: Report, conflicts: Conflicts, desk: Desk) -> str:
    """The report.

    Args:
        report: from ``tamis.data.checks.check``.
        conflicts: what becomes of contradictory labels.
        desk: the page's way to everything.
    """
    words = desk.words("findings")
    counts = {"queries": f"{report.counts.queries:,}", "pairs": f"{report.counts.pairs:,}"}
    stops = report.stops(conflicts)
    if stops:
        verdict = note(words("stops"), "wrong")
    elif report.findings:
        verdict = note(words("usable", **counts, findings=len(report.findings)), "good")
    else:
        verdict = note(words("clean", **counts), "good")
    said = "".join(
        _finding(one, "warning" if one.level == "error" and one not in stops else one.level, desk)
        for one in report.findings
    )
    return verdict + said + _counts(report, words)


def _finding(one: Finding, level: Level, desk: Desk) -> str:
    words = desk.words("findings")
    key = one.name.replace(" ", "_")
    places = "".join(f"<li>{text(desk.plain(str(place)))}</li>" for place in one.places)
    if one.places and (more := one.count - len(one.places)) > 0:
        places += f"<li>{text(words('more', more=f'{more:,}'))}</li>"
    return (
        f'<div class="t-note t-{KINDS[level]}"><b>{text(words(level))}</b> '
        f"{text(words(key, count=f'{one.count:,}'))} "
        f'<span class="t-small">{text(words(f"{key}_do"))}</span>'
        f"{f'<ul class=t-places>{places}</ul>' if places else ''}</div>"
    )


def _counts(report: Report, words: Said) -> str:
    counts = report.counts
    pairs = f"{counts.pairs:,}: {counts.positives:,} {words('positives')}, {counts.negatives:,} {words('negatives')}"
    if counts.scored:
        pairs += f", {counts.scored:,} {words('scored')}"
    labels = {words("none") if label == "none" else label: many for label, many in [*report.labels.items()][:8]}
    rows = [
        (words("rows"), f"{report.rows:,}"),
        (words("queries"), f"{counts.queries:,}"),
        (words("documents"), f"{counts.documents:,}"),
        (words("pairs"), pairs),
        (words("labels"), ", ".join(f"{label}: {many:,}" for label, many in labels.items())),
        *((words(f"{kind}_a_query"), _ends(ends, words)) for kind, ends in report.per_query.items()),
        (words("query_lengths"), _lengths(report.query_lengths, words)),
        (words("document_lengths"), _lengths(report.document_lengths, words)),
        (words("beyond_window"), f"{100 * report.beyond_window:.1f} %"),
        (words("languages"), "; ".join(_shares(report.languages[side]) for side in ("queries", "documents"))),
    ]
    return table(["", ""], rows) if report.rows else ""


def _ends(ends: tuple[int, float, int], words: Said) -> str:
    least, mean, most = ends
    return words("from_to", least=least, most=most, mean=mean)


def _lengths(found: Lengths, words: Said) -> str:
    return words("lengths", **{name: f"{getattr(found, name):,}" for name in ("median", "p90", "longest")})


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{language} {share:.0%}" for language, share in shares.items())
