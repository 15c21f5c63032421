"""tamis in LangChain: a document compressor that reranks, and a retriever over an index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tamis.calibrate import Calibration
from tamis.core import Candidate, Policy, Scorer
from tamis.extras import require
from tamis.integrations.ranked import Content, Reranking, Searching, count, remarks, told
from tamis.recall import Index, Mode

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun, Callbacks
    from langchain_core.documents import BaseDocumentCompressor, Document
    from langchain_core.retrievers import BaseRetriever
else:
    _documents = require("langchain_core.documents")
    BaseDocumentCompressor, Document = _documents.BaseDocumentCompressor, _documents.Document
    BaseRetriever = require("langchain_core.retrievers").BaseRetriever

RELEVANCE = "relevance_score"  # where LangChain's rerankers write their score


class TamisRerank(BaseDocumentCompressor):  # type: ignore[misc]  # LangChain is not installed where types are checked
    """Documents ordered by how well they answer the query, best first; with a policy, only what it accepts.

    Comes back as copies. ``metadata["relevance_score"]`` is the calibrated probability where there is a calibration,
    else the raw logit; ``metadata["tamis_score"]`` is always the logit, and ``metadata["tamis_probability"]`` the
    probability or None. The asynchronous methods work in a thread of their own. Picklable, where the model is a spec.

    Args:
        model: any spec that ``tamis.load_scorer`` takes, loaded when first needed; or a scorer.
        top_n: most documents that come back, after the policy; None gives all.
        instruction: task description, for scorers that read one.
        policy: a ``tamis`` policy or its file; its rules read strings, numbers and dates of the metadata.
        calibration: a calibration or its file, or ``"default"``: the one that comes with the model.

    Raises:
        InputError: an option cannot be used.

    >>> reranker = TamisRerank(top_n=1)
    >>> best = reranker.compress_documents([Document("今天下雨"), Document("退货需在七天内申请")], "如何退货")
    >>> best[0].page_content, best[0].metadata["tamis_probability"]
    ('退货需在七天内申请', None)
    """

    model: Any
    top_n: Any
    instruction: Any
    policy: Any
    calibration: Any
    _kept: Reranking

    def __init__(
        self,
        model: str | Path | Scorer = "tamis-mini",
        *,
        top_n: int | None = None,
        instruction: str = "",
        policy: Policy | str | Path | Content | None = None,
        calibration: Calibration | str | Path | Content | None = None,
    ) -> None:
        # Checked here and not by pydantic, which would hide an InputError in one of its own.
        options: dict[str, Any] = {"instruction": instruction, "policy": policy, "calibration": calibration}
        kept = Reranking(model, **options)
        super().__init__(model=model, top_n=count(top_n, "top_n"), **options)
        self._kept = kept

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Copies of the documents that are shown, best first.

        Raises:
            InputError: the query is blank.
            ModelError: the spec names no scorer.
            PolicyError: the policy or calibration cannot be used, or was made for another scorer.
            NotCertifiedError: the policy has no threshold, since none was certified.
        """
        self._kept = kept = self._kept.with_options(
            model=self.model, instruction=self.instruction, policy=self.policy, calibration=self.calibration
        )
        top = count(self.top_n, "top_n")
        found = kept.accepted(query, [d.page_content for d in documents], [d.metadata for d in documents], top)
        return [
            documents[at].model_copy(update={"metadata": {**documents[at].metadata, **_scores(candidate)}})
            for at, candidate in found
        ]


class TamisRetriever(BaseRetriever):  # type: ignore[misc]  # LangChain is not installed where types are checked
    """Search of a ``tamis`` index: recall, then rerank, then the policy.

    Documents carry the index's id, title and fields, and scores as ``TamisRerank`` writes them.

    Args:
        index: an index or its folder, which is opened when first needed; a folder makes the retriever picklable.
        model, instruction, policy, calibration: as for ``TamisRerank``. What a first stage says (``"bm25"``) is weighed
            in as the policy or calibration was made for; without either, as the scorer can.
        top_n: most documents that come back; None gives all that were recalled and accepted.
        recall: ``"bm25"``, ``"dense"``, ``"hybrid"``, or ``"auto"``.
        depth: most candidates that are recalled and reranked.
        name, tags, metadata: as for any LangChain retriever.

    Raises:
        InputError: an option cannot be used.

    >>> index = Index.build(["A tamis is a fine sieve.", "A drum is loud.", "筛子"], encoder=None)
    >>> [document.id for document in TamisRetriever(index, top_n=2).invoke("which sieve is fine?")]
    ['0']
    """

    index: Any
    model: Any
    top_n: Any
    instruction: Any
    policy: Any
    calibration: Any
    recall: Any
    depth: Any
    _kept: Searching

    def __init__(
        self,
        index: Index | str | Path,
        *,
        model: str | Path | Scorer = "tamis-mini",
        top_n: int | None = 10,
        instruction: str = "",
        policy: Policy | str | Path | Content | None = None,
        calibration: Calibration | str | Path | Content | None = None,
        recall: Mode = "auto",
        depth: int = 100,
        name: str | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        options: dict[str, Any] = {"instruction": instruction, "policy": policy, "calibration": calibration}
        options |= {"model": model, "index": index, "recall": recall, "depth": depth}
        kept = Searching(**options)
        super().__init__(top_n=count(top_n, "top_n"), name=name, tags=tags, metadata=metadata, **options)
        self._kept = kept

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        options = ("index", "model", "instruction", "policy", "calibration", "recall", "depth")
        self._kept = kept = self._kept.with_options(**{option: getattr(self, option) for option in options})
        return [_document(candidate) for candidate in kept.found(query, count(self.top_n, "top_n"))]


def _document(candidate: Candidate) -> Document:
    doc = candidate.doc
    title = {"title": doc.title} if doc.title else {}
    return Document(doc.text, id=doc.id, metadata={**title, **doc.fields, **_scores(candidate)})


def _scores(candidate: Candidate) -> dict[str, float | None]:
    return {RELEVANCE: told(candidate), **remarks(candidate)}
