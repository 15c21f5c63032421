"""Tables of word vectors that are looked up outside a graph, so that several models can share one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.core import Vectors
from tamis.errors import ModelError

EMBEDDED = Path(__file__).resolve().parents[1] / "models"
BLOCK = 32  # neighbouring numbers of a row in 4 bits that share one scale


class Words(Protocol):
    """Word vectors of token ids: (T,) to (T, dimension)."""

    def __call__(self, ids: NDArray[np.int64]) -> Vectors: ...


class Whole:
    """A table in fp32, row by row.

    Args:
        path: the rows.
        rows, dimension: the table's shape.

    Raises:
        ModelError: the file is missing or of another size.
    """

    def __init__(self, path: Path, rows: int, dimension: int) -> None:
        _check(path, 4 * rows * dimension, f"{rows} x {dimension} in fp32")
        self._rows = np.memmap(path, np.float32, "r", 0, (rows, dimension))

    def __call__(self, ids: NDArray[np.int64]) -> Vectors:
        found: Vectors = self._rows[ids]
        return found


class Nibbles:
    """A table in 4 bits, two numbers a byte, the low one first, with one scale for each block of 32.

    Args:
        path: the packed rows, then the scales in fp32, as ``embeddings.bin`` of the embedded encoder has them.
        rows, dimension: the table's shape.

    Raises:
        ModelError: the file is missing or of another size.
    """

    def __init__(self, path: Path, rows: int, dimension: int) -> None:
        packed = rows * dimension // 2
        _check(path, packed + 4 * rows * dimension // BLOCK, f"{rows} x {dimension} in 4 bits")
        self._packed = np.memmap(path, np.uint8, "r", 0, (rows, dimension // 2))
        self._scales = np.memmap(path, np.float32, "r", packed, (rows, dimension // BLOCK))

    def __call__(self, ids: NDArray[np.int64]) -> Vectors:
        packed = self._packed[ids]
        integers = np.empty((len(ids), 2 * packed.shape[1]), np.int8)
        integers[:, 0::2], integers[:, 1::2] = packed << 4, packed & 0xF0
        blocks = (integers >> 4).reshape(len(ids), -1, BLOCK)  # shifted down again, the sign comes along
        found: Vectors = (blocks * self._scales[ids][:, :, None]).reshape(len(ids), -1)
        return found


def words_of(folder: Path, named: str, rows: int, dimension: int) -> Words:
    """The table a model's config names: that of an encoder which ships, or a file of the model's own.

    Raises:
        ModelError: there is no such table.
    """
    shipped = EMBEDDED / named / "embeddings.bin"
    return Nibbles(shipped, rows, dimension) if shipped.is_file() else Whole(folder / named, rows, dimension)


def _check(path: Path, size: int, what: str) -> None:
    found = f"one of {path.stat().st_size:,} bytes" if path.is_file() else "no file"
    if not path.is_file() or path.stat().st_size != size:
        raise ModelError(f"{path}: expected word vectors of {what}, {size:,} bytes, got {found}")
