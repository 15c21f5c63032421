"""``tamis doctor``: what this machine and installation can do; with a model: whether it works here, and how fast."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tamis import __version__
from tamis.cli import show
from tamis.cli.options import USUAL, AsJson, Chosen, TrialModel, choosing
from tamis.errors import TamisError

if TYPE_CHECKING:
    from tamis.core import Scorer


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a sentence, its figures by name, and whether the user should mind."""

    value: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    warning: str = ""


@choosing(TrialModel, None)
def command(
    chosen: Chosen = USUAL,
    as_json: AsJson = False,
) -> None:
    """Check this machine and installation; with --model, try that model: does it rank, and how fast is it here?

    Example: tamis doctor --json

    A model: tamis doctor --model ./Qwen3-Reranker-0.6B
    """
    checks = {name: _outcome(check) for name, check in (MACHINE | (EMBEDDED if chosen.given is None else {})).items()}
    checks |= _extras() if chosen.given is None else {}
    checks |= _trial(chosen)
    ok = all(check["ok"] for check in checks.values())
    if as_json:
        show.as_json({"ok": ok, "model": chosen.model, "checks": checks})
    else:
        show.out(_table(checks))
    if not ok:
        raise TamisError("a check failed: see above")


def _outcome(check: Callable[[], str | Finding]) -> dict[str, Any]:
    try:
        found = check()
    except (TamisError, ImportError, OSError) as error:
        return {"ok": False, "value": str(error)}
    if isinstance(found, str):
        found = Finding(found)
    return {"ok": True, "value": found.value, **({"warning": found.warning} if found.warning else {}), **found.figures}


def _table(checks: Mapping[str, Mapping[str, Any]]) -> Any:
    from rich.markup import escape

    report = show.table(f"tamis {__version__}", "check", "value")
    for name, outcome in checks.items():
        warning = f"\nNOTE: {outcome['warning']}" if "warning" in outcome else ""
        report.add_row(name, escape(("" if outcome["ok"] else "FAILED: ") + outcome["value"] + warning))
    return report


def _python() -> str:
    return f"{sys.version.split()[0]} on {platform.platform()}"


def _packages() -> str:
    names = ("numpy", "onnxruntime", "tokenizers", "rjieba", "opencc")
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def _processor() -> str:
    from tamis.cli.machine import processor

    return processor()


def _memory() -> str:
    from tamis.cli.machine import memory

    return memory()


def _accelerators() -> str:
    from tamis.cli.machine import accelerators

    return accelerators()


def _encoder() -> str:
    from tamis.score import load_encoder

    start = time.perf_counter()
    encoder = load_encoder("e5-small")
    return f"{encoder.fingerprint}, loaded in {time.perf_counter() - start:.2f} s"


def _extras() -> dict[str, dict[str, Any]]:
    """A row for each extra: whether it is there, and what for. One that is missing is no fault."""
    from tamis.extras import EXTRAS, available

    found = {}
    for extra in sorted({row.extra for row in EXTRAS.values()}):
        rows = [row for row in EXTRAS.values() if row.extra == extra]
        missing = [row.module for row in rows if not available(row.module)]
        purposes = "; ".join(dict.fromkeys(row.purpose for row in rows))
        lacks = f" (lacks {', '.join(missing)})" if 0 < len(missing) < len(rows) else ""
        state = f'pip install "tamis[{extra}]"{lacks}' if missing else "installed"
        found[f"extra {extra}"] = {"ok": True, "value": f"{state}: {purposes}", "installed": not missing}
    return found


def _trial(chosen: Chosen) -> dict[str, dict[str, Any]]:
    """The rows of one scorer: loaded, tried, timed. What cannot be loaded is not tried."""
    kept: list[Scorer] = []
    checks = {f"reranker {chosen.model}": _outcome(lambda: _loaded(chosen, kept))}
    if kept:
        checks["order"] = _outcome(lambda: _order(kept[0]))
        checks["speed"] = _outcome(lambda: _speed(kept[0], local="://" not in chosen.model))
    return checks


def _loaded(chosen: Chosen, kept: list[Scorer]) -> Finding:
    start = time.perf_counter()
    scorer = chosen.scorer()
    seconds = time.perf_counter() - start
    kept.append(scorer)
    facts = {"fingerprint": scorer.fingerprint, "seconds": round(seconds, 3), **_facts(chosen.model, scorer)}
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if name != "seconds")
    return Finding(f"{told}; loaded in {seconds:.2f} s", facts)


def _facts(spec: str, scorer: Scorer) -> dict[str, Any]:
    """Family, template, engine (with device and dtype) and window of a cross-encoder; nothing of others."""
    from pathlib import Path

    from tamis.score.cross import CrossEncoder
    from tamis.score.folder import ModelFolder
    from tamis.score.hub import fetched
    from tamis.score.load import embedded
    from tamis.score.prompted import PromptTemplate

    if not isinstance(scorer, CrossEncoder):
        return {}
    folder = ModelFolder(embedded(spec) or (Path(spec) if Path(spec).is_dir() else fetched(spec)))
    return {
        "family": folder.architecture,
        "template": scorer.template.prompt.source if isinstance(scorer.template, PromptTemplate) else "pair",
        "engine": scorer.engine.name,
        "max_length": scorer.max_length,
    }


def _order(scorer: Scorer) -> Finding:
    from tamis.cli import trial

    found = trial.order(scorer)
    counts = ", ".join(f"{language} {right} of {trial.PAIRS}" for language, right in found.right.items())
    if said := trial.advice(found):
        raise TamisError(f"known pairs in the right order: {counts}; {said}")
    return Finding(f"known pairs in the right order: {counts}", {"right": dict(found.right)})


def _speed(scorer: Scorer, *, local: bool) -> Finding:
    from tamis.cli import trial

    found = trial.speed(scorer) if local else trial.speed(scorer, most=trial.FEW)
    size = f"{found.tokens} tokens" if found.tokens else "about 120 tokens"
    return Finding(
        f"{found.rate:.1f} documents of {size} a second, 100 documents in {found.seconds:.1f} s",
        {"documents_per_second": round(found.rate, 2), "seconds_for_100": round(found.seconds, 2)},
        trial.patience(found, scorer),
    )


MACHINE: dict[str, Callable[[], str | Finding]] = {
    "python": _python,
    "packages": _packages,
    "processor": _processor,
    "memory": _memory,
    "accelerators": _accelerators,
}
EMBEDDED: dict[str, Callable[[], str | Finding]] = {"encoder e5-small": _encoder}
