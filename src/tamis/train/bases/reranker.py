"""Rerankers to be trained: from a model folder to a network with its weights, a new head where it has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

from tamis.core import Scorer
from tamis.errors import ModelError
from tamis.score.cross import CrossEncoder
from tamis.score.families import FAMILIES, Family, family, prompt_for, template_for
from tamis.score.folder import ModelFolder
from tamis.score.load_bi import scores_pairs
from tamis.score.nets.build import NETWORKS, causal, classifier, modules
from tamis.score.nets.heads import Classifier
from tamis.score.nets.lib import F, Tensor, nn, torch
from tamis.score.nets.weights import Checkpoint, filled, renamed
from tamis.score.template import Template
from tamis.score.torch_engine import TorchEngine, answer_ids
from tamis.train.bases.base import Config, live
from tamis.train.bases.files import WEIGHTS, copy_settings, state_window, trained_config, write_json, write_tensors
from tamis.train.bases.table import BODIES
from tamis.train.options import Batches, Kind
from tamis.train.pairs import Pairs
from tamis.train.steps import Positives

Tensors: TypeAlias = dict[str, Callable[[], Tensor]]
NEW = 0.02  # spread of the numbers a new head begins with, as BERT's
NO_RERANKER = {"modules.json", "config_sentence_transformers.json", "sentence_bert_config.json"}  # of an encoder


@dataclass(frozen=True)
class Reranker:
    """A cross-encoder or causal reranker about to be trained; see ``Start``.

    Attributes:
        template: pair to token ids.
        config: config.json of the model to be written.
        row: its family.
        answers: ids of the answers' tokens, for causal models.
        length: tokens of a pair that it was told to read; None is the base's window.
    """

    kind: ClassVar[Kind] = "cross-encoder"

    folder: ModelFolder
    network: nn.Module
    template: Template
    config: Config
    row: Family
    new: tuple[str, ...] = ()
    answers: tuple[int, ...] = ()
    length: int | None = None

    def shortened(self, max_length: int) -> Self:
        """The same, reading at most so many tokens of a pair."""
        length = min(max_length, self.template.max_length)
        return replace(self, template=self.template.shortened(length), length=length)

    def task(self, batches: Batches, device: torch.device, positives: Positives | None = None) -> Pairs:
        """Pairs of query and document, packed; none but those of the lists."""
        return Pairs(self.template, device, batches.tokens)

    def scorer(self, network: nn.Module, device: str) -> Scorer:
        """The network as it is now as a cross-encoder."""
        engine = TorchEngine(network.eval(), device, "float32", shares=self.row.network == "decoder")
        return CrossEncoder("trained", self.template, engine, live)

    def write(self, tensors: Mapping[str, Tensor], folder: Path) -> None:
        """Write the folder as that of the base's architecture; of a plain encoder, as a classifier of pairs."""
        if self.row.kind == "modules":
            self._write_modules(tensors, folder)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_tensors(self._whole(tensors), folder / WEIGHTS)
        base = self.folder.base
        copy_settings(base, folder, deep=False, without={"config.json"} | (NO_RERANKER if self.new else set()))
        if self.length:
            state_window(folder, self.length)
        write_json(folder / "config.json", trained_config(self.config))

    def _write_modules(self, tensors: Mapping[str, Tensor], folder: Path) -> None:
        root = self.folder.path
        places = {f"head.{at}.": m.path.relative_to(root) for at, m in enumerate(self.folder.modules) if at}
        write_parts(tensors, {"body.": self.folder.base.relative_to(root), **places}, folder)
        copy_settings(root, folder, deep=True, without={"config.json"})
        base = folder / self.folder.base.relative_to(root)
        if self.length:
            state_window(base, self.length)
        write_json(base / "config.json", trained_config(self.config))

    def _whole(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of one weights file, under the names of Hugging Face."""
        found = {theirs(self.row.network, name): tensor for name, tensor in tensors.items()}
        if self.row.kind != "causal":
            return found
        source = Checkpoint(self.folder.base)
        head = found.pop(theirs(self.row.network, "head.score.weight"), None)
        rest = {name: source[name].float() for name in source.names if name not in found}
        if head is None:  # tied: the word vectors are the head, and a copy of the base's would be out of date
            rest.pop("lm_head.weight", None)
        else:  # the answers' rows of a head of its own
            rest["lm_head.weight"] = rest["lm_head.weight"].index_copy(0, torch.tensor(self.answers), head.cpu())
        return found | rest


class TiedAnswers(nn.Module):
    """The head of a causal model whose answers' rows are word vectors: they learn as word vectors do."""

    tied = True

    def __init__(self, words: nn.Embedding, answers: list[int]) -> None:
        super().__init__()
        self._words, self._answers = [words], answers  # in a list: the parameters stay the body's

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self._words[0].weight[self._answers])


def start_reranker(folder: ModelFolder, seed: int = 0) -> Reranker:
    """A cross-encoder or causal reranker to be trained, from one or from an encoder that has no head for pairs.

    Args:
        folder: a reranker; or an encoder, which gets a new head: BERT, RoBERTa, XLM-R, ELECTRA, ModernBERT or DeBERTa,
            also as sentence-transformers write it.
        seed: decides the numbers of a new head.

    Raises:
        ModelError: nothing here starts from such a folder, or its weights do not fit.
    """
    known = FAMILIES.get(folder.architecture)
    if known is None or (known.kind == "modules" and not scores_pairs(folder)):
        return _with_new_head(folder, seed)
    row, tokens = family(folder), folder.tokens()
    template = template_for(folder, row, tokens)
    if row.kind == "causal":
        prompt = prompt_for(folder, row)
        assert prompt is not None  # causal families have prompts
        answers = answer_ids(prompt, tokens)
        return Reranker(folder, _answering(folder, row, answers), template, folder.config, row, (), tuple(answers))
    network = (modules if row.kind == "modules" else classifier)(folder, row.network, torch.float32)
    return Reranker(folder, network, template, folder.config, row)


def _answering(folder: ModelFolder, row: Family, answers: list[int]) -> nn.Module:
    """A causal network; a head that is tied to the word vectors stays so."""
    network = causal(folder, row.network, torch.float32, answers)
    if folder.config.get("tie_word_embeddings", "lm_head.weight" not in Checkpoint(folder.base)):
        body: Any = network.body
        network.head = TiedAnswers(body.embed_tokens, answers)
    return network


def _with_new_head(folder: ModelFolder, seed: int) -> Reranker:
    """An encoder with a new head of one logit."""
    if folder.architecture not in BODIES:
        known = [name for name, row in FAMILIES.items() if row.kind != "modules"]
        known += [name for name in BODIES if name.endswith("Model")]
        raise ModelError(
            f"{folder.path}: training a reranker cannot start from {folder.architecture!r}; it can from "
            f"{', '.join(known)}"
        )
    architecture = BODIES[folder.architecture].reranker
    row = FAMILIES[architecture]
    config = {**folder.config, "architectures": [architecture], "num_labels": 1}
    config |= {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    with torch.device("meta"):
        parts = NETWORKS[row.network]
        empty = Classifier(parts.body(config), parts.head(config))
    tensors = _of_encoder(Checkpoint(folder.base), row.network)
    wanted = dict(empty.named_parameters())
    # What predicts hidden words stands outside the body, and is of no use here.
    tensors = {name: get for name, get in tensors.items() if name in wanted or name.startswith("body.")}
    new = [n for n, p in wanted.items() if n.startswith("head.") and not _fits(tensors.get(n), p)]
    network = filled(empty, tensors | _fresh({name: wanted[name] for name in new}, seed), folder.base, torch.float32)
    template = template_for(ModelFolder(folder.base) if folder.modules else folder, row, folder.tokens())
    return Reranker(folder, network, template, config, row, tuple(new))


def _of_encoder(checkpoint: Checkpoint, network: str) -> Tensors:
    """What reads each tensor of an encoder, under our names; checkpoints of a body alone have bare names."""
    table = NETWORKS[network].names
    prefix = next(theirs for theirs, ours in table if ours == "body.")
    if not any(name.startswith(prefix) for name in checkpoint.names):
        table = (("pooler.", "head.pooler."), ("", "body."))
    names = renamed(checkpoint.names, table)
    return {ours: partial(checkpoint.__getitem__, old) for old, ours in names.items()}


def _fits(read: Callable[[], Tensor] | None, parameter: Tensor) -> bool:
    return read is not None and read().shape == parameter.shape


def _fresh(wanted: Mapping[str, Tensor], seed: int) -> Tensors:
    """The parameters of a new head: biases 0, norms 1, square products the identity, others small random numbers.

    A dense layer that begins as the identity hands the encoder's own vector on, which is worth something already.
    """
    random = torch.Generator().manual_seed(seed)

    def tensor(name: str, shape: torch.Size) -> Tensor:
        if len(shape) == 1:
            return torch.ones(shape) if name.endswith("weight") else torch.zeros(shape)
        return torch.eye(shape[0]) if shape[0] == shape[1] else torch.normal(0.0, NEW, shape, generator=random)

    made = {name: tensor(name, parameter.shape) for name, parameter in wanted.items()}
    return {name: partial(torch.clone, value) for name, value in made.items()}


def theirs(network: str, name: str) -> str:
    """What a parameter of our network is called in a checkpoint.

    >>> theirs("bert", "body.encoder.layer.0.output.dense.bias")
    'bert.encoder.layer.0.output.dense.bias'
    """
    prefix, ours = next(((p, o) for p, o in NETWORKS[network].names if name.startswith(o)), ("", ""))
    return prefix + name.removeprefix(ours)


def write_parts(tensors: Mapping[str, Tensor], places: Mapping[str, Path], folder: Path) -> None:
    """Write the weights of every sentence-transformers module; ``places`` by the prefix of their names."""
    found: dict[Path, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        prefix = next(p for p in places if name.startswith(p))
        found.setdefault(places[prefix], {})[name.removeprefix(prefix)] = tensor
    for place, content in found.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        write_tensors(content, folder / place / WEIGHTS)
