"""Reader of the packaged 4-bit multilingual-e5-small file (layout "E5S1", little-endian)."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32  # consecutive weights that share one fp16 scale
RECORD = BLOCK // 2 + 2  # bytes: the scale, then 16 bytes of nibbles


class Q4File:
    """Tensors and word pieces of one ``.bin`` file, by the names the file gives them."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        if self.data[:4] != b"E5S1":
            raise SystemExit(f"{path}: expected the magic bytes E5S1, got {self.data[:4]!r}")
        self.hidden, self.layers, self.heads = struct.unpack_from("<3i", self.data, 8)
        (pieces,) = struct.unpack_from("<i", self.data, 44)
        (text_bytes,) = struct.unpack_from("<Q", self.data, 64)
        offsets = np.frombuffer(self.data, "<u4", pieces + 1, 72)
        start = 72 + 4 * (pieces + 1) + 4 * pieces
        text = self.data[start : start + text_bytes]
        self.pieces = [text[a:b].decode() for a, b in pairwise(offsets)]
        (_, map_bytes) = struct.unpack_from("<iI", self.data, start + text_bytes)
        self.records = self._directory(start + text_bytes + 8 + map_bytes)

    def _directory(self, at: int) -> dict[str, tuple[int, int, int]]:
        """name -> (kind, offset, byte length) of every tensor."""
        (count,) = struct.unpack_from("<i", self.data, at)
        at += 4
        records = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self.data, at)
            name = self.data[at + 2 : at + 2 + length].decode()
            kind, _, offset, size = struct.unpack_from("<BIQQ", self.data, at + 2 + length)
            records[name] = (kind, offset, size)
            at += 2 + length + 21
        return records

    def floats(self, name: str) -> NDArray[np.float32]:
        """A float tensor, flat."""
        kind, offset, size = self.records[name]
        if kind != 0:
            raise SystemExit(f"tensor {name} is not stored as floats")
        return np.frombuffer(self.data, "<f4", size // 4, offset)

    def quantised(self, name: str, columns: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """A 4-bit tensor: integers in -8..7 of shape (rows, columns), scales of shape (rows, columns / 32)."""
        kind, offset, size = self.records[name]
        if kind != 1:
            raise SystemExit(f"tensor {name} is not stored in 4 bits")
        blocks = np.frombuffer(self.data, np.uint8, size, offset).reshape(-1, RECORD)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32).reshape(-1, columns // BLOCK)
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
        return (nibbles.astype(np.int8) - 8).reshape(-1, columns), scales

    def dequantised(self, name: str, columns: int) -> NDArray[np.float32]:
        """A 4-bit tensor as floats, shape (rows, columns)."""
        integers, scales = self.quantised(name, columns)
        return integers.astype(np.float32) * scales.repeat(BLOCK, axis=1)
