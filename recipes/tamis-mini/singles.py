"""Draw single texts of the sets; keep what e5-small makes of each, and what the teachers say it is about.

    python recipes/tamis-mini/singles.py TEXTS -o FOLDER [--share 1] [--cache DIR]

TEXTS is the folder that ``texts/build.py`` made. Three folders are written, and what a broken run has finished is not
done again: ``english`` with the terms SPLADE reads in each text and the vectors of MiniLM, ``translated``, Chinese
texts with the terms of the English they are translations of, ``chinese`` with the vectors of
universal-sentence-encoder. Heads on e5-small's token vectors learn these (``heads.py``): no pair of texts is needed for
that, and no label.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from teachers import Terms, meant, splade, topics
from translations import translations

import tamis
from tamis.core import Kind, Vectors
from tamis.data import Collection, atomic_write
from tamis.text import detect

Texts: TypeAlias = list[tuple[Kind, str]]
SEED = 20261122
DRAWN: dict[str, dict[Kind, int]] = {
    "en": {"document": 24000, "query": 16000},
    "zh": {"document": 12000, "query": 8000},
}
A_SET: dict[Kind, int] = {"document": 5000, "query": 1200}  # at most, of one set
CUT_OUT = ("parts_drcd", "parts_cmrc", "facts_")  # sets whose documents are parts of others'
TRANSLATED = 16000
LENGTH = 160  # tokens of a text that are read
BATCH = 1024


@dataclass(frozen=True)
class Singles:
    """The vectors of all tokens of some texts, text after text; ``ends`` are past each text's last one."""

    vectors: NDArray[np.float16]
    ends: NDArray[np.int64]

    @classmethod
    def open(cls, folder: Path) -> Singles:
        """What ``write`` wrote; the vectors stay on disk."""
        return cls(np.load(folder / "vectors.npy", mmap_mode="r"), np.load(folder / "ends.npy"))

    def __len__(self) -> int:
        return len(self.ends)

    def of(self, at: int) -> NDArray[np.float16]:
        """Those of one text."""
        return self.vectors[self.ends[at - 1] if at else 0 : self.ends[at]]

    def means(self) -> Vectors:
        """The mean vector of each text."""
        return np.stack([self.of(at).astype(np.float32).mean(axis=0) for at in range(len(self))])


def drawn(texts: Path, language: str, share: float) -> Texts:
    """Distinct texts of a language, in an order drawn by the seed."""
    found: dict[Kind, dict[str, None]] = {"document": {}, "query": {}}
    for folder in sorted(path for path in texts.iterdir() if (path / "corpus.jsonl").is_file()):
        draw, collection = random.Random(f"{SEED}:{folder.name}"), Collection.open(folder)
        documents = [] if folder.name.startswith(CUT_OUT) else [d.full_text for d in collection.documents.values()]
        asked = [query.text for query in collection.queries]
        some: list[tuple[Kind, list[str]]] = [("document", documents), ("query", asked)]
        for kind, own in some:
            found[kind] |= dict.fromkeys(draw.sample(own, min(A_SET[kind], len(own))))
    draw, chosen = random.Random(SEED), Texts()
    for kind, most in DRAWN[language].items():
        own = [text for text in found[kind] if detect(text) == language]
        chosen += [(kind, text) for text in draw.sample(own, min(round(most * share), len(own)))]
    draw.shuffle(chosen)
    return chosen


def read(texts: Texts) -> list[NDArray[np.float16]]:
    """The vectors of each text's tokens, in order."""
    encoder, found = tamis.load_encoder("e5-small", max_length=LENGTH), [np.zeros((0, 0), np.float16)] * len(texts)
    for start in range(0, len(texts), BATCH):
        for kind in ("query", "document"):
            places = [at for at in range(start, min(start + BATCH, len(texts))) if texts[at][0] == kind]
            for at, _, vectors in encoder.token_vectors(encoder.tokens([texts[place][1] for place in places], kind)):
                found[places[at]] = vectors.astype(np.float16)
        print(f"{min(start + BATCH, len(texts))} of {len(texts)} texts read", file=sys.stderr, flush=True)
    return found


def write(folder: Path, texts: Texts, **taught: Callable[[], Terms | Vectors]) -> None:
    """The texts, their vectors, and what each teacher says of them in a file of its name; each once."""
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / "texts.jsonl") as out:
        out.writelines(json.dumps({"kind": kind, "text": text}, ensure_ascii=False) + "\n" for kind, text in texts)
    if not (folder / "ends.npy").is_file():
        vectors = read(texts)
        np.save(folder / "vectors.npy", np.concatenate(vectors))
        np.save(folder / "ends.npy", np.cumsum([len(part) for part in vectors]))
    for name, teach in taught.items():
        if not (folder / f"{name}.npz").is_file():
            found = teach()
            np.savez(folder / f"{name}.npz", **(vars(found) if isinstance(found, Terms) else {"vectors": found}))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("texts", type=Path)
    options.add_argument("-o", "--output", type=Path, required=True)
    options.add_argument("--share", type=float, default=1.0, help="of the texts, for a quick run")
    options.add_argument("--cache", type=Path, help="where packages are kept (TEXTS/cache)")
    asked = options.parse_args()
    cache = asked.cache or asked.texts / "cache"
    teacher = splade(cache)

    def terms(texts: Sequence[str]) -> Callable[[], Terms]:
        return lambda: teacher(texts, LENGTH)

    english, chinese = (drawn(asked.texts, language, asked.share) for language in ("en", "zh"))
    pairs = translations(cache)[: round(TRANSLATED * asked.share)]
    own, theirs = [text for _, text in english], [text for _, text in chinese]
    write(asked.output / "english", english, terms=terms(own), topic=lambda: topics(own, LENGTH, cache))
    write(asked.output / "translated", [(kind, zh) for kind, zh, _ in pairs], terms=terms([en for *_, en in pairs]))
    write(asked.output / "chinese", chinese, meaning=lambda: meant(theirs))


if __name__ == "__main__":
    main()
