"""tamis in LlamaIndex: a node postprocessor that reranks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tamis.calibrate import Calibration
from tamis.core import Candidate, Policy, Scorer
from tamis.errors import InputError
from tamis.extras import require
from tamis.integrations.ranked import PROBABILITY, SCORE, Content, Reranking, count, remarks, told

if TYPE_CHECKING:
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
else:
    get_dispatcher = require("llama_index.core.instrumentation").get_dispatcher
    _events, _schema = map(require, ("llama_index.core.instrumentation.events.rerank", "llama_index.core.schema"))
    ReRankEndEvent, ReRankStartEvent = _events.ReRankEndEvent, _events.ReRankStartEvent
    BaseNodePostprocessor = require("llama_index.core.postprocessor.types").BaseNodePostprocessor
    MetadataMode, NodeWithScore, QueryBundle = _schema.MetadataMode, _schema.NodeWithScore, _schema.QueryBundle

RETRIEVAL = "retrieval_score"  # where LlamaIndex's rerankers keep the score that they replace

_dispatcher = get_dispatcher(__name__)


class TamisRerank(BaseNodePostprocessor):  # type: ignore[misc]  # LlamaIndex is not installed where types are checked
    """Nodes ordered by how well they answer the query, best first; with a policy, only what it accepts.

    Comes back as copies. ``score`` is the calibrated probability where there is a calibration, else the raw logit;
    ``metadata["tamis_score"]`` is always the logit, and ``metadata["tamis_probability"]`` the probability or None. None
    of these is shown to a language model or to the next reranker. The asynchronous methods work in a thread of their
    own. ``to_dict`` and ``from_dict`` keep the options, where the model is a spec.

    Args:
        model: any spec that ``tamis.load_scorer`` takes, loaded when first needed; or a scorer.
        top_n: most nodes that come back, after the policy; None gives all.
        instruction: task description, for scorers that read one.
        policy: a ``tamis`` policy or its file; its rules read strings, numbers and dates of the metadata.
        calibration: a calibration or its file, or ``"default"``: the one that comes with the model.
        keep_retrieval_score: keep the score that a node came with in ``metadata["retrieval_score"]``.

    Raises:
        InputError: an option cannot be used.

    >>> from llama_index.core.schema import TextNode
    >>> nodes = [NodeWithScore(node=TextNode(text=text)) for text in ("今天下雨", "七天内退货")]
    >>> [node.text for node in TamisRerank(top_n=1).postprocess_nodes(nodes, query_str="如何退货")]
    ['七天内退货']
    """

    model: Any
    top_n: Any
    instruction: Any
    policy: Any
    calibration: Any
    keep_retrieval_score: bool
    _kept: Reranking

    def __init__(
        self,
        model: str | Path | Scorer = "tamis-mini",
        *,
        top_n: int | None = None,
        instruction: str = "",
        policy: Policy | str | Path | Content | None = None,
        calibration: Calibration | str | Path | Content | None = None,
        keep_retrieval_score: bool = False,
    ) -> None:
        # Checked here and not by pydantic, which would hide an InputError in one of its own.
        options: dict[str, Any] = {"instruction": instruction, "policy": policy, "calibration": calibration}
        kept = Reranking(model, **options)
        top = count(top_n, "top_n")
        super().__init__(model=model, top_n=top, keep_retrieval_score=keep_retrieval_score, **options)
        self._kept = kept

    @classmethod
    def class_name(cls) -> str:
        """What the class is called in LlamaIndex's files."""
        return "TamisRerank"

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """The options as JSON values; a policy or calibration that is no file is written out.

        Raises:
            InputError: the model is a scorer and no spec.
        """
        return {**super().to_dict(**kwargs), **self._current().as_json()}

    def _current(self) -> Reranking:
        self._kept = self._kept.with_options(
            model=self.model, instruction=self.instruction, policy=self.policy, calibration=self.calibration
        )
        return self._kept

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            raise InputError("reranking needs the query: pass query_str=... or query_bundle=...")
        if not nodes:
            return []
        kept, top = self._current(), count(self.top_n, "top_n")
        told_top = len(nodes) if top is None else top  # the event wants a number
        _dispatcher.event(ReRankStartEvent(query=query_bundle, nodes=nodes, top_n=told_top, model_name=kept.name))
        texts = [node.node.get_content(metadata_mode=MetadataMode.EMBED) for node in nodes]
        found = kept.accepted(query_bundle.query_str, texts, [node.node.metadata for node in nodes], top)
        ranked = [self._scored(nodes[at], candidate) for at, candidate in found]
        _dispatcher.event(ReRankEndEvent(nodes=ranked))
        return ranked

    def _scored(self, given: NodeWithScore, candidate: Candidate) -> NodeWithScore:
        """A copy with its scores; their keys are left out of the text that models read."""
        node = given.node
        before = {RETRIEVAL: given.score} if self.keep_retrieval_score else {}
        ours = [SCORE, PROBABILITY, *before]
        copy = node.model_copy(
            update={
                "metadata": {**node.metadata, **before, **remarks(candidate)},
                "excluded_embed_metadata_keys": _with(node.excluded_embed_metadata_keys, ours),
                "excluded_llm_metadata_keys": _with(node.excluded_llm_metadata_keys, ours),
            }
        )
        return NodeWithScore(node=copy, score=told(candidate))


def _with(keys: list[str], more: list[str]) -> list[str]:
    return [*keys, *(key for key in more if key not in keys)]
