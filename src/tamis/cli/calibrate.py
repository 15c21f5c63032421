"""``tamis calibrate``: from a scorer's raw logits to probabilities, and how far these can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import USUAL, AsJson, Chosen, LabelledBy, Recalled, RelevantIf, Scores, choosing

if TYPE_CHECKING:
    from tamis.calibrate import Calibration, Reliability
    from tamis.core import Calibrator


@choosing(LabelledBy, None)
def command(
    scores: Scores,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the calibration here.")] = None,
    kind: Annotated[
        str, typer.Option("--map", help="auto, platt, beta, temperature, isotonic, histogram or venn-abers.")
    ] = "auto",
    relevant_if: RelevantIf = None,
    k: Recalled = 100,
    chosen: Chosen = USUAL,
    as_json: AsJson = False,
) -> None:
    """Fit the map from scores to probabilities; its figures are of queries that it was not fitted on.

    SCORES: rows with query_id, score, label; a test set {query, documents, labels}; or an evaluation set's folder.

    Example: tamis calibrate labelled.jsonl -o calibration.json
    """
    from tamis.calibrate import Calibration, cross_fitted, reliability

    found = chosen.labelled(scores, relevant_if, k)
    calibrator = _calibrator(kind)
    calibration = Calibration.fit(found.data, calibrator, scorer=found.fingerprint, stage=found.stage)
    held_out = reliability(cross_fitted(calibrator, found.data), found.data)
    if output is not None:
        calibration.save(output)
    if as_json:
        show.as_json({**calibration.as_json(), "held_out": held_out.as_json(), "output": output and str(output)})
    else:
        show.out(_table(calibration, held_out))
        if output is not None:
            show.say(f"calibration for {found.stage or 'scores of an unnamed scorer'}: {output}")


def _calibrator(kind: str) -> Calibrator:
    """The map of a name."""
    from tamis.calibrate import MAPS, AutoCalibrator

    known: dict[str, Any] = {"auto": AutoCalibrator, **{name: m for name, m in MAPS.items() if m.probabilistic}}
    if kind not in known:
        raise typer.BadParameter(f"--map takes one of {', '.join(known)}, got {kind!r}")
    return known[kind]()  # type: ignore[no-any-return]


def _table(calibration: Calibration, held_out: Reliability) -> Any:
    name = calibration.as_json()["calibrator"]["map"]
    shown = show.table(
        f"{name}, fitted on {calibration.pairs} pairs of {calibration.queries} queries; held-out figures",
        "figure",
        "value",
    )
    rows = {
        "log-loss (base rate alone)": f"{held_out.log_loss:.4f} ({held_out.base_log_loss:.4f})",
        "Brier score": f"{held_out.brier:.4f}",
        "calibration error, debiased": f"{held_out.error:.4f} ({held_out.error_low:.4f} to {held_out.error_high:.4f})",
        "a perfect one shows at most": f"{held_out.null_high:.4f}",
        "base rate": f"{held_out.base_rate:.4f}",
    }
    for what, value in rows.items():
        shown.add_row(what, value)
    return shown
