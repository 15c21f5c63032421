"""tamis where ``sentence_transformers.CrossEncoder`` stood: its ``predict`` and ``rank``, names and shapes kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Pair, Query
from tamis.errors import InputError
from tamis.extras import require
from tamis.integrations.activation import Activation, Function, activation, identity, sigmoid
from tamis.integrations.pairs import rows_of, slices
from tamis.score.cross import CrossEncoder as Scoring
from tamis.score.families import FAMILIES
from tamis.score.folder import ModelFolder
from tamis.score.hub import fetched
from tamis.score.load import Engine, load_scorer
from tamis.score.prompted import PromptTemplate

Scores: TypeAlias = NDArray[np.float32]


class Ranked(TypedDict, total=False):
    """One row of ``rank``: the document's position in the given list, its score, and its text if asked for."""

    corpus_id: int
    score: float
    text: str


class CrossEncoder:
    """A drop-in for ``sentence_transformers.CrossEncoder`` where it predicts and ranks (not where it trains).

    Scores are those of sentence-transformers on the same folder: the folder's own activation, or a sigmoid where it
    names none and has one label, is applied once. An activation given to a call counts for that call alone.

    What differs: ``rank`` also takes models of two labels, and orders by the raw logits, so that scores which a sigmoid
    rounds to 1.0 keep their order; pairs beyond the window are cut by tamis' budgets for query and document. Scores of
    models that are no folders of cross-encoders (``"tamis-mini"``, URLs) are raw logits unless an activation is given.

    Args:
        model_name_or_path: any spec that ``tamis.load_scorer`` takes: a folder, a hub id, a URL, ``"tamis-mini"``.
        device: ``"cpu"``, ``"cuda"``, ``"mps"``, ...; None or ``"auto"`` takes the fastest that is there.
        max_length: tokens of a pair that are read, at most what the model was made for.
        activation_fn: ``"sigmoid"``, ``"identity"``, ``torch.nn.Sigmoid()``, ``torch.nn.Identity()``, or None: the
            folder's own.
        engine, dtype, template: as in ``tamis.load_scorer``.
        backend: the engine as sentence-transformers calls it, ``"torch"`` or ``"onnx"``; None leaves it to ``engine``.
        num_labels: checked against the model, never used to make a new (random) head.
        trust_remote_code, revision, cache_folder, token, local_files_only, model_kwargs: refused if set.

    Raises:
        InputError: an option that tamis cannot honour.
        ModelError: the spec names no scorer.

    >>> model = CrossEncoder("tamis-mini")
    >>> [row["corpus_id"] for row in model.rank("what sieves soup?", ["Rain fell.", "A tamis sieves soup."])]
    [1, 0]
    >>> model.predict([("soup", "A tamis sieves soup."), ("soup", "Rain fell.")]).shape
    (2,)
    """

    def __init__(
        self,
        model_name_or_path: str | Path,
        *,
        device: str | None = None,
        max_length: int | None = None,
        activation_fn: Activation | None = None,
        engine: Engine = "auto",
        dtype: str = "auto",
        template: str = "auto",
        backend: str | None = None,
        num_labels: int | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        cache_folder: str | None = None,
        token: str | None = None,
        local_files_only: bool = False,
        model_kwargs: dict[str, Any] | None = None,
    ) -> None:
        _refuse(trust_remote_code, "trust_remote_code", "code that a model's repository brings is never run")
        for value, name in ((revision, "revision"), (cache_folder, "cache_folder"), (token, "token")):
            _refuse(value, name, "download the model with its hub's own client and give the folder")
        _refuse(local_files_only, "local_files_only", "what is cached is used without asking the hub; give a folder")
        _refuse(model_kwargs, "model_kwargs", "tamis has networks of its own; use dtype=, device= and engine=")
        self._spec = model_name_or_path
        self.scorer = load_scorer(
            model_name_or_path,
            engine=_engine(engine, backend),
            device=device or "auto",
            dtype=dtype,
            max_length=max_length,
            template=template,
        )
        self._activation = activation(activation_fn) if activation_fn is not None else None
        if num_labels not in (None, self.num_labels):
            raise InputError(f"num_labels={num_labels}: the model has {self.num_labels}; another head would be random")

    @property
    def max_length(self) -> int | None:
        """Most tokens of a pair that are read; None where the scorer does not say."""
        return getattr(self.scorer, "max_length", None)

    @cached_property
    def num_labels(self) -> int:
        """How many scores a pair gets: 1, or the labels of a classifier."""
        if not isinstance(self.scorer, Scoring) or self._causal:
            return 1
        return int(self._logits([(Query("a"), Document("", "a"))]).shape[1])

    @cached_property
    def activation_fn(self) -> Function:
        """What is applied to logits: what was given, else what the folder names, else sigmoid for one label.

        Raises:
            InputError: the folder names a function that tamis does not have.
        """
        if self._activation is not None:
            return self._activation
        if not isinstance(self.scorer, Scoring):
            return identity
        if named := self._folder.activation:
            return activation(named.rpartition(".")[2], "the model's folder names")
        return sigmoid if self.num_labels == 1 else identity

    def predict(
        self,
        inputs: Any,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        activation_fn: Activation | None = None,
        apply_softmax: bool | None = False,
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: None = None,
        pool: None = None,
        chunk_size: None = None,
    ) -> Any:
        """Scores of pairs.

        Args:
            inputs: a list of (query, document), or one such pair; numpy arrays of strings will do.
            prompt_name: a prompt that the folder's sentence-transformers files list.
            prompt: the instruction of models that read one; put in front of the query for others.
            batch_size: taken and not needed: batches are made by tokens, and no score depends on them.
            show_progress_bar: whether a bar is drawn on stderr.
            activation_fn: as in the constructor, for this call alone.
            apply_softmax: whether the scores of a model of several labels are made to sum to 1.
            convert_to_numpy: False gives a list of torch tensors (extra ``[torch]``).
            convert_to_tensor: True gives one torch tensor.
            device, pool, chunk_size: refused: a model stays on its device and uses its processors by itself.

        Returns:
            float32 of shape ``(n,)``, or ``(n, labels)`` for several labels; without the first axis for one pair.

        Raises:
            InputError: ``inputs`` are no pairs of strings, or an option cannot be honoured.
        """
        _check_run(batch_size, device, pool, chunk_size)
        rows, single = rows_of(inputs)
        found = self._scores(self._asked(rows, prompt, prompt_name), activation_fn, bool(show_progress_bar))
        if apply_softmax and self.num_labels > 1:
            found = np.exp(found - np.logaddexp.reduce(found, axis=1, keepdims=True))
        out: Any = found.astype(np.float32)
        if convert_to_tensor or not convert_to_numpy:
            tensor = require("torch").from_numpy(out)
            out = tensor if convert_to_tensor else list(tensor)
        return out[0] if single else out

    def rank(
        self,
        query: str,
        documents: Sequence[str],
        top_k: int | None = None,
        return_documents: bool = False,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        activation_fn: Activation | None = None,
        device: None = None,
        pool: None = None,
        chunk_size: None = None,
    ) -> list[Ranked]:
        """Documents by how well they answer the query, best first; ties keep the given order.

        Of two labels, the score is the second's logit less the first's (its sigmoid is the softmax); other arguments
        are those of ``predict``.

        Returns:
            ``{"corpus_id": position, "score": score}`` each, and ``"text"`` with ``return_documents``.

        Raises:
            InputError: ``documents`` is one string, ``top_k`` is below 1, or an option cannot be honoured.
        """
        _check_run(batch_size, device, pool, chunk_size)
        if isinstance(documents, str):
            raise InputError("documents must be a list of strings, got one string: put it in a list")
        if top_k is not None and top_k < 1:
            raise InputError(f"top_k must be at least 1, got {top_k}")
        rows, _ = rows_of([(query, document) for document in documents])
        raw = np.zeros(len(rows))
        pairs = self._asked(rows, prompt, prompt_name)
        for part in slices(len(pairs), bool(show_progress_bar)):
            raw[part] = self.scorer.score(pairs[part])
        applied = self._applied(activation_fn)(raw).astype(np.float32)
        best = np.argsort(-raw, kind="stable")[:top_k].tolist()
        found = [Ranked(corpus_id=at, score=float(applied[at])) for at in best]
        return [Ranked(**row, text=documents[row["corpus_id"]]) for row in found] if return_documents else found

    @cached_property
    def _folder(self) -> ModelFolder:
        path = Path(self._spec)
        return ModelFolder(path.resolve() if path.is_dir() else fetched(str(self._spec)))

    @property
    def _causal(self) -> bool:
        return FAMILIES[self._folder.architecture].kind == "causal"

    def _applied(self, given: Activation | None) -> Function:
        return self.activation_fn if given is None else activation(given)

    def _scores(self, pairs: list[Pair], given: Activation | None, progress: bool) -> NDArray[np.float64]:
        several = self.num_labels > 1
        found = np.zeros((len(pairs), self.num_labels) if several else len(pairs))
        for part in slices(len(pairs), progress):
            found[part] = self._logits(pairs[part]) if several else self.scorer.score(pairs[part])
        return self._applied(given)(found)

    def _logits(self, pairs: list[Pair]) -> Scores:
        """Every label's logit, shape ``(len(pairs), labels)``: a Scorer gives one number a pair."""
        if not isinstance(self.scorer, Scoring):
            raise InputError(f"{self.scorer.name} has no labels")
        return self.scorer.logits(pairs)

    def _asked(self, rows: list[tuple[str, str]], prompt: str | None, prompt_name: str | None) -> list[Pair]:
        """Pairs with the prompt where the model reads it."""
        if prompt is None and prompt_name is not None:
            prompt = self._named(prompt_name)
        template = self.scorer.template if isinstance(self.scorer, Scoring) else None
        instructed = isinstance(template, PromptTemplate) and template.prompt.instructed
        own = self._folder.prompt if template is not None and prompt is not None else ""
        if own and not (instructed and prompt):
            raise InputError(
                f"prompt={prompt!r}: the folder's own prompt, {own!r}, cannot be left out or replaced here"
            )
        told = prompt or ""
        if instructed:
            return [(Query(query, instruction=told), Document("", text)) for query, text in rows]
        return [(Query(told + query), Document("", text)) for query, text in rows]

    def _named(self, name: str) -> str:
        known = (self._folder.settings.get("prompts") or {}) if isinstance(self.scorer, Scoring) else {}
        if name not in known:
            raise InputError(f"no prompt {name!r}: the model's folder lists {', '.join(map(repr, known)) or 'none'}")
        return str(known[name])


def _engine(engine: Engine, backend: str | None) -> Engine:
    if backend is None:
        return engine
    if backend not in ("torch", "onnx"):
        raise InputError(f"backend={backend!r}: expected 'torch' or 'onnx'")
    if engine not in ("auto", backend):
        raise InputError(f"engine={engine!r} and backend={backend!r} say two things: give one of them")
    return "torch" if backend == "torch" else "onnx"


def _refuse(value: object, name: str, instead: str) -> None:
    if value:
        raise InputError(f"{name}={value!r} cannot be honoured: {instead}")


def _check_run(batch_size: int, device: object, pool: object, chunk_size: object) -> None:
    if batch_size <= 0:
        raise InputError(f"batch_size must be at least 1, got {batch_size}")
    _refuse(device, "device", "give it to the constructor, where the model is loaded")
    _refuse(pool or chunk_size, "pool", "the model uses all processors of this process by itself")
