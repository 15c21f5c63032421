"""tamis in Haystack: a ranker component."""

# No postponed annotations: Haystack makes sockets of what the annotations of ``run`` are.
import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tamis.calibrate import Calibration
from tamis.core import Policy, Scorer
from tamis.extras import require
from tamis.integrations.ranked import Content, Reranking, count, remarks, told

if TYPE_CHECKING:
    from haystack import Document, component, default_from_dict, default_to_dict
else:
    _haystack = require("haystack")
    Document, component = _haystack.Document, _haystack.component
    default_from_dict, default_to_dict = _haystack.default_from_dict, _haystack.default_to_dict


@component
class TamisRanker:
    """Documents ordered by how well they answer the query, best first; with a policy, only what it accepts.

    Comes back as copies. ``score`` is the calibrated probability where there is a calibration, else the raw logit;
    ``meta["tamis_score"]`` is always the logit, and ``meta["tamis_probability"]`` the probability or None. Documents of
    one id all come back. A pipeline that was dumped is loaded with
    ``Pipeline.loads(text, allowed_modules=["tamis.*"])``: Haystack imports only what it was told to trust.

    Args:
        model: any spec that ``tamis.load_scorer`` takes, loaded by ``warm_up`` or when first needed; or a scorer, with
            which a pipeline cannot be dumped.
        top_k: most documents that come back, after the policy; None gives all.
        instruction: task description, for scorers that read one.
        policy: a ``tamis`` policy, its file, or what its ``as_json`` gave; its rules read strings, numbers and dates of
            ``meta``.
        calibration: a calibration, its file, what its ``as_json`` gave, or ``"default"``: the model's own.

    Raises:
        InputError: an option cannot be used.

    >>> ranker = TamisRanker(top_k=1)
    >>> found = ranker.run("如何退货", [Document(content="今天下雨"), Document(content="退货需在七天内申请")])
    >>> [document.content for document in found["documents"]]
    ['退货需在七天内申请']
    """

    def __init__(
        self,
        model: str | Path | Scorer = "tamis-mini",
        *,
        top_k: int | None = None,
        instruction: str = "",
        policy: Policy | str | Path | Content | None = None,
        calibration: Calibration | str | Path | Content | None = None,
    ) -> None:
        self.top_k = count(top_k, "top_k")
        component.set_output_types(self, documents=list[Document])
        self._reranking = Reranking(model, instruction=instruction, policy=policy, calibration=calibration)

    def warm_up(self) -> None:
        """Load the model, the policy and the calibration.

        Raises:
            ModelError: the spec names no scorer.
            PolicyError: the policy or calibration cannot be used, or was made for another scorer.
            InputError: there is a calibration beside a policy that has its own.
        """
        _ = self._reranking.pipeline

    def run(self, query: str, documents: list[Document], top_k: int | None = None) -> dict[str, list[Document]]:
        """Copies of the documents that are shown, best first, as ``{"documents": [...]}``.

        Args:
            query: what is asked.
            documents: what may answer; one without content is an empty text.
            top_k: most that come back; None is what the constructor was given.

        Raises:
            InputError: the query is blank, or ``top_k`` is below 1; and what ``warm_up`` raises.
            NotCertifiedError: the policy has no threshold, since none was certified.
        """
        top = self.top_k if top_k is None else count(top_k, "top_k")
        found = self._reranking.accepted(query, [d.content or "" for d in documents], [d.meta for d in documents], top)
        ranked = [
            replace(documents[at], score=told(candidate), meta={**documents[at].meta, **remarks(candidate)})
            for at, candidate in found
        ]
        return {"documents": ranked}

    async def run_async(
        self, query: str, documents: list[Document], top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """As ``run``, in a thread of its own."""
        return await asyncio.to_thread(self.run, query, documents, top_k)

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON values; a policy or calibration that is no file is written out.

        Raises:
            InputError: the model is a scorer and no spec.
        """
        written: dict[str, Any] = default_to_dict(self, top_k=self.top_k, **self._reranking.as_json())
        return written

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """What ``to_dict`` gave."""
        made: Self = default_from_dict(cls, data)
        return made
