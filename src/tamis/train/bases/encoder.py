"""Bi-encoders to be trained: from a model folder to a network that gives vectors of length 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from tamis.core import Scorer
from tamis.score.bi import BiEncoder
from tamis.score.cosine import Cosine
from tamis.score.folder import ModelFolder
from tamis.score.load_bi import bi_family, dimension_of, text_template
from tamis.score.nets.build import encoder
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.text_template import TextTemplate
from tamis.score.torch_engine import TorchEngine
from tamis.train.bases.base import live
from tamis.train.bases.files import copy_settings, state_window, trained_config, write_json, write_modules
from tamis.train.bases.reranker import write_parts
from tamis.train.options import Batches, Kind
from tamis.train.steps import Positives
from tamis.train.vectors import Vectors


@dataclass(frozen=True)
class Encoder:
    """A bi-encoder about to be trained; see ``Start``.

    Attributes:
        template: text to token ids.
        length: tokens of a text that it was told to read; None is the base's window.
    """

    kind: ClassVar[Kind] = "bi-encoder"

    folder: ModelFolder
    network: nn.Module
    template: TextTemplate
    new: tuple[str, ...] = ()
    length: int | None = None

    def shortened(self, max_length: int) -> Self:
        """The same, reading at most so many tokens of a text."""
        length = min(max_length, self.template.max_length)
        return replace(self, template=self.template.shortened(length), length=length)

    def task(self, batches: Batches, device: torch.device, positives: Positives | None = None) -> Vectors:
        """Vectors of queries and documents, and their products."""
        return Vectors(self.template, device, batches.tokens, batches.in_batch, positives)

    def scorer(self, network: nn.Module, device: str) -> Scorer:
        """The cosine of the network's vectors as they are now."""
        engine = TorchEngine(network.eval(), device, "float32", shares=False)
        return Cosine("trained", BiEncoder(self.template, engine, dimension_of(self.folder), live))

    def write(self, tensors: Mapping[str, Tensor], folder: Path) -> None:
        """Write the folder as sentence-transformers modules: the encoder, its pooling, length 1."""
        source = self.folder
        places = {f"head.{at}.": m.path.relative_to(source.path) for at, m in enumerate(source.modules) if at}
        base = source.base.relative_to(source.path)
        folder.mkdir(parents=True, exist_ok=True)
        write_parts(tensors, {"body.": base, **places}, folder)
        copy_settings(source.path, folder, deep=bool(source.modules), without={"config.json"})
        if self.length:
            state_window(folder / base, self.length)
        if not source.modules:
            prefixes = self.template.prefixes
            prompts = {"query": prefixes.query, "document": prefixes.document}
            body: Any = self.network.body
            write_modules(folder, body.pooling, dimension_of(source), prompts)
        write_json(folder / base / "config.json", {**trained_config(source.config), "architectures": [self._body()]})

    def _body(self) -> str:
        """The architecture of the encoder by itself: what predicts words is not written."""
        for ending in ("ForMaskedLM", "ForPreTraining", "ForCausalLM"):
            if self.folder.architecture.endswith(ending):
                return self.folder.architecture.removesuffix(ending) + "Model"
        return self.folder.architecture


def start_encoder(folder: ModelFolder) -> Encoder:
    """A bi-encoder to be trained.

    Raises:
        ModelError: the architecture or a module is not implemented, or weights do not fit.
    """
    return Encoder(folder, encoder(folder, bi_family(folder), torch.float32), text_template(folder))
