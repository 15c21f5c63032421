"""``tamis doctor``: what this machine and this installation can do."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from tamis import __version__
from tamis.cli import show
from tamis.cli.options import AsJson
from tamis.errors import TamisError


def command(as_json: AsJson = False) -> None:
    """Check the installation: versions, embedded models, optional packages, a ranking in Chinese and English.

    Example: tamis doctor --json
    """
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    if as_json:
        show.as_json({"ok": all(c["ok"] for c in checks.values()), "checks": checks})
    else:
        from rich.markup import escape

        report = show.table(f"tamis {__version__}", "check", "value")
        for name, outcome in checks.items():
            report.add_row(name, escape(("" if outcome["ok"] else "FAILED: ") + outcome["value"]))
        show.out(report)
    if not all(c["ok"] for c in checks.values()):
        raise TamisError("a check failed: see above")


def _outcome(check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"ok": True, "value": check()}
    except (TamisError, ImportError, OSError) as error:
        return {"ok": False, "value": str(error)}


def _python() -> str:
    return f"{sys.version.split()[0]} on {platform.platform()}"


def _threads() -> str:
    from tamis.score.threads import threads

    return f"{threads()} a model (set TAMIS_THREADS to change)"


def _packages() -> str:
    names = ("numpy", "onnxruntime", "tokenizers", "bm25s", "rjieba", "opencc")
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def _extras() -> str:
    from tamis.extras import EXTRAS, available

    missing = [f'pip install "tamis[{row.extra}]"' for row in EXTRAS.values() if not available(row.module)]
    there = [row.extra for row in EXTRAS.values() if available(row.module)]
    return "; ".join(["installed: " + (", ".join(there) or "none"), *missing])


def _encoder() -> str:
    from tamis.score import load_encoder

    start = time.perf_counter()
    encoder = load_encoder("e5-small")
    return f"{encoder.fingerprint}, loaded in {time.perf_counter() - start:.2f} s"


def _reranker() -> str:
    from tamis.pipeline import rerank
    from tamis.score import load_scorer

    start = time.perf_counter()
    for query, good, bad in (
        ("how to return goods", "Returns are accepted within seven days.", "It rained all day."),
        ("怎么退货", "签收后七天内可以申请退货。", "今天下了一天的雨。"),
    ):
        if rerank(query, [bad, good])[0].doc.text != good:
            raise TamisError(f"tamis-mini ranked {bad!r} above {good!r} for {query!r}: reinstall tamis")
    return f"{load_scorer('tamis-mini').fingerprint}, ranked Chinese and English in {time.perf_counter() - start:.2f} s"


CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "packages": _packages,
    "extras": _extras,
    "threads": _threads,
    "encoder e5-small": _encoder,
    "reranker tamis-mini": _reranker,
}
