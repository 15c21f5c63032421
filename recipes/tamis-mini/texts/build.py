"""Builds the licence-clean training sets: python build.py OUT [--share 0.01] [--only NAME ...] [--cache FOLDER]"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from debian import Package, Unavailable, sha256_of
from entries import draw, fit
from pypi import Wheel
from sets import written
from table import SOURCES, Source


def build(source: Source, folder: Path, cache: Path, share: float) -> dict[str, Any]:
    """Writes one set, and returns its row of the manifest.

    Raises:
        Unavailable: an origin cannot be had.
    """
    paths = [origin.fetched(cache) for origin in source.origins]
    kept = draw(fit(source.read(*paths), source.language), source.documents, source.name)
    entries = draw(kept, round(len(kept) * share) or 1, source.name)
    counts = written(source.forms(entries, source.language, source.name), folder / source.name, source.queries)
    origins = [
        {"package": origin.name, "version": origin.version, "sha256": origin.sha256}
        if isinstance(origin, (Package, Wheel))
        else {"source": str(origin), "sha256": sha256_of(path)}
        for origin, path in zip(source.origins, paths, strict=True)
    ]
    return {"language": source.language, "licence": source.licence, "origins": origins, **counts}


def main() -> None:
    """Builds the sets asked for, and adds them to the manifest one by one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the documents, for a quick run")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", choices=[source.name for source in SOURCES])
    parser.add_argument("--cache", type=Path, help="where packages are kept (OUT/cache)")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    manifest = asked.out / "manifest.json"
    rows: dict[str, Any] = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
    for source in SOURCES:
        if asked.only and source.name not in asked.only:
            continue
        try:
            rows[source.name] = build(source, asked.out, asked.cache or asked.out / "cache", asked.share)
        except Unavailable as error:
            print(f"{source.name}: skipped, {error}", file=sys.stderr)
            continue
        manifest.write_text(json.dumps(dict(sorted(rows.items())), ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(line(source.name, rows[source.name]), flush=True)


def line(name: str, row: dict[str, Any]) -> str:
    """A row of the table of sets."""
    kinds = " ".join(f"{kind} {count:,}" for kind, count in row["kinds"].items())
    return f"{name:24}{row['documents']:>8,}{row['queries']:>8,}  {kinds}"


if __name__ == "__main__":
    main()
