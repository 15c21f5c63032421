"""One library in a process of its own: loads a folder, scores the pairs of a file, says when and with how much memory.

    python benchmarks/one_process.py LIBRARY FOLDER PAIRS.json      # prints one line of JSON

Nothing but the standard library is imported before LIBRARY, so that the process's start is the library's own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Pairs = list[list[str]]
Score = Callable[[Pairs], Any]


def tamis_onnx(folder: Path) -> Score:
    return _tamis(folder, "onnx")


def tamis_torch(folder: Path) -> Score:
    return _tamis(folder, "torch")


def _tamis(folder: Path, engine: Any) -> Score:
    import tamis

    scorer = tamis.load_scorer(folder, engine=engine)
    return lambda pairs: scorer.score(
        [(tamis.Query(query), tamis.Document(str(at), text)) for at, (query, text) in enumerate(pairs)]
    )


def sentence_transformers(folder: Path) -> Score:
    import torch
    from sentence_transformers import CrossEncoder

    torch.set_num_threads(int(os.environ["TAMIS_THREADS"]))
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    return lambda pairs: model.predict(pairs, show_progress_bar=False)


def flashrank(folder: Path) -> Score:
    """The folder's parent must be a cache directory as FlashRank keeps it; see ``peers.flashrank``."""
    from flashrank import Ranker, RerankRequest

    ranker = Ranker(folder.name, cache_dir=str(folder.parent), max_length=512, log_level="ERROR")
    return lambda pairs: ranker.rerank(RerankRequest(pairs[0][0], [{"text": text} for _, text in pairs]))


def official(folder: Path) -> Score:
    import causal

    return causal.official(folder)


def last_position(folder: Path) -> Score:
    import causal

    return causal.last_position(folder)


def one_at_a_time(folder: Path) -> Score:
    import causal

    return causal.one_at_a_time(folder)


def sentence_transformers_causal(folder: Path) -> Score:
    import causal

    return causal.sentence_transformers(folder)


LIBRARIES = (
    tamis_onnx,
    tamis_torch,
    sentence_transformers,
    flashrank,
    official,
    last_position,
    one_at_a_time,
    sentence_transformers_causal,
)


def memory(field: str) -> float:
    """MB of resident memory now (``VmRSS``) or at most since ``forget_peak`` (``VmHWM``)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(field))


def forget_peak() -> None:
    """Begin the peak of resident memory anew; Linux alone knows how."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    library, folder, pairs = sys.argv[1], Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text("utf-8"))
    score = {made.__name__: made for made in LIBRARIES}[library](folder)
    score(pairs[:1])
    first, loaded = time.time(), memory("VmRSS")
    found = {"first": first, "loaded MB": loaded}
    if len(pairs) > 1:
        forget_peak()
        start = time.perf_counter()
        score(pairs)
        found |= {"seconds": time.perf_counter() - start, "peak MB": memory("VmHWM")}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
