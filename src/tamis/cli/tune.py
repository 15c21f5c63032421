"""``tamis tune``: a threshold with a promise or a refusal, beside the usual ways, and the policy that keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import NONE, USUAL, AsJson, Chosen, LabelledBy, Recalled, RelevantIf, Scores, choosing
from tamis.errors import NotCertifiedError

if TYPE_CHECKING:
    from tamis.decide import Change, Estimate, Segmenter, Target
    from tamis.tuning import Tuning


@choosing(LabelledBy, None)
def command(
    scores: Scores,
    scenario: Annotated[
        str | None, typer.Option(help="A preset: precise-qa, general-search, recommendation, content-filter.")
    ] = None,
    precision: Annotated[
        float | None, typer.Option(help="Promise: at least this share of what is shown is relevant (0.95).")
    ] = None,
    recall: Annotated[
        float | None, typer.Option(help="Promise: at least this share of the relevant candidates is shown (0.9).")
    ] = None,
    miss_rate: Annotated[
        float | None, typer.Option(help="Promise: of a query's relevant candidates at most this share is missed (0.1).")
    ] = None,
    confidence: Annotated[float, typer.Option(help="How surely a promise holds.")] = 0.95,
    cost_fp: Annotated[
        float | None, typer.Option(help="Cost of showing what is not relevant (with --cost-fn).")
    ] = None,
    cost_fn: Annotated[float | None, typer.Option(help="Cost of missing what is relevant (with --cost-fp).")] = None,
    f_beta: Annotated[float | None, typer.Option(help="Best F-measure: recall counts this many times as much.")] = None,
    max_k: Annotated[
        int | None, typer.Option(min=1, help="Documents that a list shows; promises are then for it.")
    ] = None,
    i_accept_iid: Annotated[
        bool, typer.Option("--i-accept-iid", help="Take the pairs of one query for independent of each other.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="A bound over queries that assumes nothing; takes hundreds of queries.")
    ] = False,
    segments: Annotated[
        str | None,
        typer.Option(
            "--by", help="A threshold for each segment: lang, length:10,50 or field:NAME.", metavar="SEGMENTS"
        ),
    ] = None,
    difficulty: Annotated[
        bool,
        typer.Option("--difficulty", help="Move the threshold by the query's difficulty where that is shown to help."),
    ] = False,
    rules: Annotated[
        Path | None,
        typer.Option(help='Business rules, JSON: {"before": [{"rule": "min_length", "characters": 20}], "after": []}.'),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="For how many days the policy holds.")] = 180,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the policy here.")] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="OLD.json", help="Say what would change where this policy decides now; none: all is shown."
        ),
    ] = None,
    relevant_if: RelevantIf = None,
    k: Recalled = 100,
    chosen: Chosen = USUAL,
    as_json: AsJson = False,
) -> None:
    """Find a threshold on labelled scores and hold it against queries it was not chosen on.

    SCORES: rows with query_id, score, label; a test set {query, documents, labels}; or an evaluation set's folder.

    Example: tamis tune labelled.jsonl --precision 0.95 -o policy.json

    Beside the policy in use: tamis tune labelled.jsonl --precision 0.95 --against policy.json

    From a test set: tamis tune testset.json --model tamis-mini --scenario precise-qa --relevant-if 1
    """
    from tamis.decide import Policy, Terms
    from tamis.tuning import Wanted, changes_on, read_rules, tune_policy

    given = {
        "scenario": scenario,
        "precision": precision,
        "recall": recall,
        "miss-rate": miss_rate,
        "f-beta": f_beta,
        "cost": None if cost_fp is None and cost_fn is None else (cost_fp, cost_fn),
    }
    target, direction = _target({name: value for name, value in given.items() if value is not None}, confidence)
    terms = Terms(max_k=max_k, i_accept_iid=i_accept_iid, strict=strict)
    before, after = read_rules(rules) if rules else ((), ())
    by = _segmenter(segments)
    name = scenario or ""
    wanted = Wanted(target, terms, by, before, after, difficulty, days=days, direction=direction, name=name)
    old = None if against is None or str(against) == NONE else Policy.load(against)
    found = chosen.labelled(scores, relevant_if, k)
    with show.progress("choosing thresholds") as progress:
        tuning = tune_policy(found, wanted, progress)
    compared = against is not None and tuning.threshold is not None
    change = changes_on(found, old, tuning.policy()) if compared else None
    if as_json:
        asked = {} if against is None else {"change": None if change is None else change.as_json()}
        show.as_json({**tuning.as_json(), **asked})
    else:
        _show(tuning)
        _show_change(change, against)
    _write(tuning, output)


def _target(given: dict[str, Any], confidence: float) -> tuple[Target, Any]:
    """The target that the options name, and the direction in which its scores are read."""
    from tamis.decide import Cost, FBeta, MissRateAtMost, PrecisionAtLeast, RecallAtLeast

    if len(given) != 1:
        got = f"got {' and '.join(given)}" if given else "got none"
        raise typer.BadParameter(
            "say what the threshold is for by one of --scenario, --precision, --recall, --miss-rate, --f-beta, or "
            f"--cost-fp with --cost-fn: {got}"
        )
    ((name, value),) = given.items()
    if name == "scenario":
        from tamis.decide.policies.presets import preset

        row = preset(value)
        return row.target(), row.direction
    if name == "cost" and None in value:
        raise typer.BadParameter("--cost-fp and --cost-fn go together: the threshold lies where they balance")
    made: dict[str, Any] = {
        "precision": lambda: PrecisionAtLeast(value, confidence),
        "recall": lambda: RecallAtLeast(value, confidence),
        "miss-rate": lambda: MissRateAtMost(value, confidence),
        "f-beta": lambda: FBeta(value),
        "cost": lambda: Cost(*value),
    }
    return made[name](), "accept-high"


def _segmenter(text: str | None) -> Segmenter | None:
    """What the option --by names."""
    from tamis.decide.policies.segments import segmenter_named
    from tamis.errors import InputError

    if text is None:
        return None
    try:
        return segmenter_named(text)
    except InputError as error:
        raise typer.BadParameter(f"--by takes lang, field:NAME or length:10,50, got {text!r}") from error


def _show(tuning: Tuning) -> None:
    """The promise or refusal in words, and the table of methods."""
    data = tuning.found.data
    certificate = tuning.certificate or {}
    if certificate.get("issued"):
        show.say(f"issued: {certificate['promise']}; accept scores of at least {tuning.threshold:.6g}")
        show.say("provided that " + "; ".join(certificate["assumptions"]))
    elif tuning.certificate is not None:
        show.say(f"refused: {certificate['reason']}")
        for least, threshold in certificate.get("nearest_achievable", []):
            show.say(f"these labels do show {100 * least:.4g} %, from a score of {threshold:.6g} on")
    else:
        show.say(f"accept scores of at least {tuning.threshold:.6g}; nothing is promised for this target")
    for name, threshold in (tuning.segments.thresholds if tuning.segments else {}).items():
        show.say(f"segment {name}: {threshold:.6g}")
    if tuning.difficulty is not None:
        show.say(
            f"difficulty {'moves' if tuning.difficulty.enabled else 'does not move'} it: {tuning.difficulty.reason}"
        )
    queries = f"{data.queries} queries" if data.grouped else "no queries given"
    shown = show.table(f"{len(data)} pairs, {queries}", "system", "threshold", "precision", "recall", "shown", "none")
    for row in tuning.methods:
        found = row.held_out
        level = "refused" if row.threshold is None else f"{row.threshold:.4g}"
        shares = (_share(found.precision), _share(found.recall))
        shown.add_row(row.method, level, *shares, f"{found.accepted / found.pairs:.0%}", f"{found.empty.value:.0%}")
    shown.caption = (
        "figures on held-out queries; the intervals hold for all rows together (95 %); none: queries without any"
    )
    shown.caption_justify = "left"
    show.out(shown)


def _show_change(change: Change | None, against: Path | None) -> None:
    """What would change, in words, and the first documents that flip."""
    if against is None:
        return
    if change is None:
        show.say(f"against {against}: there is no new policy to compare with")
        return
    show.say(
        f"against {against}: {change.both} documents shown by both, {change.only_old} by the old alone, "
        f"{change.only_new} by the new alone; lists of {change.changed} of {change.queries} queries change, "
        f"{change.emptied} become empty, {change.filled} are empty no more"
    )
    for name, found in (("precision", change.precision), ("recall", change.recall)):
        if found is not None:
            show.say(f"{name}: {_estimate(found.old)} before, {_estimate(found.new)} then, {_gained(found.difference)}")
    shown = show.table("documents that flip", "query", "document", "score", "label", "shown by", "why")
    for flip in change.examples:
        label = "" if flip.label is None else f"{flip.label:g}"
        cells = (flip.query, flip.document, f"{flip.score:.4g}", label, flip.shown, flip.reason)
        shown.add_row(*map(show.printable, cells))
    if change.examples:
        show.out(shown)


def _estimate(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{_short(found.value, 3)} ({_short(found.low)}-{_short(found.high)})"


def _gained(found: Estimate) -> str:
    if found.value is None:
        return "nothing to compare"
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def _share(found: Any) -> str:
    if found.queries == 0:
        return "-"
    return f"{_short(found.value, 3)} ({_short(found.low)}-{_short(found.high)})"


def _short(share: float, digits: int = 2) -> str:
    return f"{share:.{digits}f}".removeprefix("0")


def _write(tuning: Tuning, output: Path | None) -> None:
    """Write the policy, where one is asked for.

    Raises:
        NotCertifiedError: there is none to write.
    """
    if output is None:
        return
    if tuning.threshold is None:
        raise NotCertifiedError(f"{output} was not written: the promise was refused (see the reason above)")
    tuning.policy().save(output)
    whose = tuning.found.stage or "any scorer: --model says whose scores these are"
    show.say(f"policy for {whose}: {output}")
