"""The engine of a Duet in ONNX: texts are read once, halved, and judged in pairs; no PyTorch needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Vectors
from tamis.errors import InputError, ModelError
from tamis.score.batch import BUDGET
from tamis.score.engine import Batch
from tamis.score.folder import ModelFolder
from tamis.score.onnx_engine import opened
from tamis.score.threads import threads
from tamis.score.words import Words, words_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Text: TypeAlias = tuple[int, ...]  # 0 for a query and 1 for a document, then its token ids


class DuetEngine:
    """Three graphs: the layers that read a text by itself below and above the halving, and those that read pairs.

    Args:
        sessions: lower, middle, upper.
        words: the table of word vectors.
        halved_above: tokens of a document from which neighbours are averaged.
        begins: how many tokens before the second token type are the document's already.
        dtype: what products are computed in, for fingerprints.
    """

    shares = False
    packs = True
    budget = BUDGET

    def __init__(
        self, sessions: Sequence[InferenceSession], words: Words, *, halved_above: int, begins: int, dtype: str
    ) -> None:
        self._lower, self._middle, self._upper = sessions
        self._words, self._halved, self._begins = words, halved_above, begins
        self.name = f"onnx:cpu:{dtype}"

    @property
    def threads(self) -> int:
        """Batches side by side: one a thread."""
        return threads()

    def logits(self, batch: Batch) -> NDArray[np.float32]:
        """Logits of each pair, shape ``(rows, 1)``."""
        pairs = [
            ((0, *ids[: second - self._begins]), (1, *ids[second - self._begins :]))
            for ids, second in zip(batch.ids, batch.second, strict=True)
        ]
        states = self._states(list(dict.fromkeys(text for pair in pairs for text in pair)))
        sizes = [(len(states[query]), len(states[document])) for query, document in pairs]
        mask = masked([q + d for q, d in sizes])
        document = mask * (np.arange(mask.shape[1])[None, :] >= np.array([q for q, _ in sizes])[:, None])
        vectors = np.concatenate([states[text] for pair in pairs for text in pair])
        feeds = {"vectors": vectors, "attention_mask": mask, "token_type_ids": document}
        found: NDArray[np.float32] = self._upper.run(None, feeds)[0]
        return found

    def _states(self, texts: Sequence[Text]) -> dict[Text, Vectors]:
        """Each text's states above the layers that read it by itself."""
        ids = np.fromiter((i for text in texts for i in text[1:]), np.int64)
        lengths = [len(text) - 1 for text in texts]
        feeds = {"vectors": self._words(ids), "attention_mask": masked(lengths)}
        parts = _split(self._lower.run(None, feeds)[0], lengths)
        parts = [
            halved(part) if text[0] and len(part) > self._halved else part
            for text, part in zip(texts, parts, strict=True)
        ]
        lengths = [len(part) for part in parts]
        feeds = {"vectors": np.concatenate(parts), "attention_mask": masked(lengths)}
        return dict(zip(texts, _split(self._middle.run(None, feeds)[0], lengths), strict=True))


def halved(x: Vectors) -> Vectors:
    """Two neighbouring rows become their mean; an odd last one stays.

    >>> halved(np.array([[0.0], [1.0], [5.0]], np.float32))[:, 0].tolist()
    [0.5, 5.0]
    """
    return np.concatenate([(x[0:-1:2] + x[1::2]) / 2, x[len(x) // 2 * 2 :]])


def masked(lengths: Sequence[int]) -> NDArray[np.int64]:
    """The mask of sequences padded on the right, shape (sequences, longest)."""
    return (np.arange(max(lengths))[None, :] < np.array(lengths)[:, None]).astype(np.int64)


def _split(x: Vectors, lengths: Sequence[int]) -> list[Vectors]:
    return np.split(x, np.cumsum(lengths)[:-1])


PARTS = ("lower", "middle", "upper")
ENDINGS = {"float32": "", "int8": "_int8", "int4": "_int4"}


def duet_graph(folder: ModelFolder, dtype: str) -> Path | None:
    """The last of the graphs that a folder holds for a dtype; None where it holds none.

    Raises:
        InputError: the dtype is not known.
    """
    if dtype not in ("auto", *ENDINGS):
        raise InputError(f"dtype={dtype!r}: the ONNX engine knows auto, {', '.join(ENDINGS)}")
    wanted = ENDINGS.values() if dtype == "auto" else [ENDINGS[dtype]]
    paths = [folder.path / f"{PARTS[-1]}{ending}.onnx" for ending in wanted]
    return next((path for path in paths if path.is_file()), None)


def load_duet(folder: ModelFolder, dtype: str) -> DuetEngine:
    """The folder's graphs, loaded.

    Raises:
        InputError: the dtype is not known.
        ModelError: a graph or the table of word vectors is missing, or cannot be run.
    """
    last, config = duet_graph(folder, dtype), folder.config
    if last is None:
        raise ModelError(f"{folder.path}: expected ONNX graphs, found none; make them with: tamis export {folder.path}")
    ending = last.stem.removeprefix(PARTS[-1])
    return DuetEngine(
        [opened(folder.path / f"{part}{ending}.onnx") for part in PARTS],
        words_of(folder.path, config["words"], config["vocab_size"], config["hidden_size"]),
        halved_above=config["halved_above"],
        begins=config["document_begins"],
        dtype=next(name for name, known in ENDINGS.items() if known == ending),
    )
