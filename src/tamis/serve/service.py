"""What a server can do: the one place where models, policies, index and what is observed come together."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.answer import Chat, Extractive, Generator, ScoredSpan, Written, relevant_spans
from tamis.core import Candidate, Decision, Document, Kind, Pair, Query, Ranking, Vectors
from tamis.decide.policies.policy import Policy
from tamis.decide.rules.table import limited
from tamis.errors import InputError, NotCertifiedError, NotFoundError, PolicyError
from tamis.observe.lifecycle.rollout import CANARY
from tamis.rewrite import Offline, Rewriter, Variant
from tamis.score import first_tokens
from tamis.serve.aside import Aside
from tamis.serve.bounds import USUAL, Bounds
from tamis.serve.dialects.call import Answered, Call, Item, Spans
from tamis.serve.lineup import ASIDE, short
from tamis.serve.models import Models
from tamis.serve.policies import NONE, Policies
from tamis.serve.queue import length
from tamis.serve.recalling import Embedding, InRecall, Recall
from tamis.serve.recording import Made
from tamis.serve.served import InQueue, Served, Shown, Terms
from tamis.widening import Widened

if TYPE_CHECKING:
    from tamis.serve.observing import Observing


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model and which policy a request asks for, by name; empty for the server's own.

    Attributes:
        explore: whether a document that was left out may be shown now and then, to learn about it.
    """

    model: str = ""
    policy: str = ""
    explore: bool = True


@dataclass(frozen=True, slots=True)
class Scored:
    """Numbers of pairs: who gave them, about how many tokens were read, and what they are shown as."""

    model: str
    scores: Sequence[float]
    tokens: int
    shown: Shown


@dataclass(slots=True)
class Service:
    """Models, and what else a server was given; what it was not given, it refuses with a sentence that says so.

    Attributes:
        models: score.
        policies: decide.
        bounds: of one request.
        recall: finds candidates; None where there is no index.
        embedding: turns texts into vectors; None where there is no encoder.
        chat: writes answers; None where passages answer in their own words.
        observing: keeps decisions and what users did, and follows who decides; None where nothing is kept.
        rewriter: says queries in other words.
        aside: where answers are written, and queries rewritten.
    """

    models: Models
    policies: Policies = field(default_factory=Policies)
    bounds: Bounds = USUAL
    recall: Recall | None = None
    embedding: Embedding | None = None
    chat: Chat | None = None
    observing: Observing | None = None
    rewriter: Rewriter = field(default_factory=Offline)
    aside: Aside = field(default_factory=Aside)

    def __post_init__(self) -> None:
        """Refuse policies for models that are not here."""
        self.policies.check(self.models)

    async def rerank(self, call: Call, id: str) -> Answered:
        """A call's documents, best first; of equal scores the earlier document comes first.

        Raises:
            InputError: the query is blank, there are too many documents, or a name is not known.
            UnavailableError: the queue takes no more, or the time ran out.
        """
        texts = call.documents if call.longest is None else [first_tokens(t, call.longest) for t in call.documents]
        documents = [Document(str(at), text) for at, text in enumerate(texts)]
        ranking = self.given(Query(call.query, instruction=call.instruction), documents)
        served = self.models.named(call.model)
        policy = self.policies.deciding("", served)
        found = await served.rank(ranking, self.terms(call.priority))
        shown = served.shown(found, policy) if call.scores == "share" else served.logits(found)
        items = [Item(int(c.doc.id), score) for c, score in zip(found, shown.scores.tolist(), strict=True)]
        if call.spans is not None:
            items = [*await self._with_spans(served, call, items, call.spans), *items[call.limit or len(items) :]]
        return Answered(id, served.name, items, served.tokens(found), shown.scale, shown.policy)

    async def score(self, pairs: Sequence[Pair], model: str, scale: str) -> Scored:
        """A number a pair, in the pairs' order.

        Raises:
            InputError: a query is blank, there are too many pairs, or the model's name is not known.
            UnavailableError: the queue takes no more, or the time ran out.
        """
        for query in {query.text for query, _ in pairs}:
            check_query(query)
        self._check_count(len(pairs), "pairs")
        served = self.models.named(model)
        logits = await served.scores(pairs, self.terms())
        shown = self._shown(served, logits, raw=scale == "logit")
        read = sum(length(document.full_text) for _, document in pairs)
        return Scored(served.name, shown.scores.tolist(), read, shown)

    async def embed(self, texts: Sequence[str], kind: Kind) -> tuple[str, Sequence[Vectors]]:
        """The encoder's name, and a unit vector a text, in order.

        Raises:
            InputError: there is no encoder, or there are too many texts.
            UnavailableError: the queue takes no more, or the time ran out.
        """
        if self.embedding is None:
            raise NotFoundError("this server has no encoder: start it with --encoder e5-small")
        self._check_count(len(texts), "texts")
        return self.embedding.name, await self.embedding.encode(texts, kind, within=self.bounds.seconds)

    async def decide(
        self,
        ranking: Ranking,
        choice: Choice,
        *,
        k: int | None = None,
        priority: int = 0,
        request: str = "",
        user: str = "",
    ) -> Decision:
        """What to show of candidates, ``k`` at most; without a policy everything, best first.

        Where the request names no policy, the ledger says which decides for whom; what is decided is recorded.

        Args:
            ranking: the candidates.
            choice: which model and policy.
            k: most that is shown; None for all that is accepted.
            priority: 0 comes first.
            request: the id that the answer carries, by which feedback finds the decision.
            user: a name of the user or session, who stays with one policy while a canary runs.

        Raises:
            InputError: a name is not known.
            PolicyError: the policy has expired, or was tuned for another model.
            NotCertifiedError: the policy has no threshold.
            UnavailableError: the queue takes no more, or the time ran out.
        """
        served, request = self.models.named(choice.model), request or uuid.uuid4().hex
        ruling = self.policies.ruling(choice.policy, served, user or request)
        if ruling.policy is None and not ruling.arm and served is not self.models.named(""):
            ruling = replace(ruling, arm=ASIDE)  # scores of two models in one arm would look like drift
        try:
            found, decision = await self._decided(ranking, served, ruling.policy, priority)
        except (PolicyError, NotCertifiedError) as error:
            if ruling.arm != CANARY or ruling.policy is None or self.observing is None:
                raise
            self.observing.failed(f"the canary {short(ruling.policy.digest)} cannot decide", error)
            ruling = self.policies.otherwise(served)
            found, decision = await self._decided(ranking, served, ruling.policy, priority)
        decision = limited(decision, k)
        if self.observing is None:
            return decision
        known = (served.name, served.scorer.fingerprint, request, user, k)
        return await self.observing.recorded(Made(decision, found, ruling, *known, explore=choice.explore))

    async def _decided(
        self, ranking: Ranking, served: Served, policy: Policy | None, priority: int
    ) -> tuple[Ranking, Decision]:
        """The candidates as they were scored, and what is decided on them."""
        found = await served.rank(ranking, self.terms(priority), policy)
        return found, policy.decide(found) if policy else Decision(served.calibrated(found))

    def watched(self) -> Observing:
        """What observes.

        Raises:
            NotFoundError: this server observes nothing.
        """
        if self.observing is None:
            raise NotFoundError("this server observes nothing: start it with --observe STORE")
        return self.observing

    async def activate(self, name: str, actor: str = "http") -> None:
        """Let another policy decide from now on, in all replicas of a store; ``"none"`` or empty lets none.

        Raises:
            NotFoundError: there is no such policy.
            PolicyExpired: its last day is over.
            StaleError: somebody else has acted meanwhile.
        """
        if self.observing is None:
            self.policies.activate(name)
            return
        policy = None if name in ("", NONE) else self.policies.named(name)
        work, called = self.observing.watch.lifecycle.activate, name if policy else ""
        await self.observing.act(work, policy, actor=actor, name=called)

    def generator(self, choice: Choice, passages: int) -> Generator:
        """What answers: a language model, or the passages' own sentences, as the model scores them.

        Raises:
            InputError: the model's name is not known, or it cannot score a sentence by itself.
        """
        if self.chat is not None:
            return Written(self.chat, passages=passages)
        return Extractive(InQueue(self.models.named(choice.model), self.terms()), passages=passages)

    async def _with_spans(self, served: Served, call: Call, items: Sequence[Item], wanted: Spans) -> list[Item]:
        """The best items of a call, with the sentences of each that speak to the query, best first."""
        query = Query(call.query, instruction=call.instruction)
        best = items[: call.limit]
        documents = [Document(str(item.index), call.documents[item.index]) for item in best]
        scorer = InQueue(served, self.terms(call.priority))
        found = await asyncio.to_thread(relevant_spans, query, documents, scorer)
        return [
            replace(item, spans=self._above(served, spans, wanted)) for item, spans in zip(best, found, strict=True)
        ]

    def _above(self, served: Served, spans: Sequence[ScoredSpan], wanted: Spans) -> list[ScoredSpan]:
        shown = self._shown(served, [span.score for span in spans]).scores.tolist()
        found = [span._replace(score=score) for span, score in zip(spans, shown, strict=True)]
        return [span for span in found if span.score >= wanted.threshold][: wanted.most]

    async def recalled(self, query: Query, k: int, *, rewrite: bool = False) -> Ranking:
        """Candidates of the index; with ``rewrite``, of the query as it can stand alone and in other words.

        Raises:
            InputError: there is no index, or the query is blank.
            UnavailableError: the queue takes no more, the time ran out, or too many queries are being rewritten.
        """
        check_query(query.text)
        if self.recall is None:
            raise NotFoundError("this server has no index: start it with --index DIR, or send documents to /v1/decide")
        if not rewrite:
            return await self.recall.search(query, k, within=self.bounds.seconds)
        widened = Widened(InRecall(self.recall, within=self.bounds.seconds), self.rewriter)
        (found,) = await self.aside.run(widened.search, [query], k)
        return found

    async def rewritten(self, query: Query) -> list[Variant]:
        """The query as it can stand alone, then in other words.

        Raises:
            InputError: the query is blank.
            BusyError: too many queries are being rewritten.
        """
        check_query(query.text)
        return await self.aside.run(self.rewriter.rewrite, query)

    def given(self, query: Query, documents: Sequence[Document]) -> Ranking:
        """Documents that a request brought, as candidates.

        Raises:
            InputError: the query is blank, or there are too many documents.
        """
        check_query(query.text)
        self._check_count(len(documents), "documents")
        return Ranking(query, tuple(Candidate(document, 0.0) for document in documents))

    def terms(self, priority: int = 0) -> Terms:
        """How a request is worked on here."""
        return Terms(priority, self.bounds.seconds)

    def _shown(self, served: Served, logits: ArrayLike, *, raw: bool = False) -> Shown:
        """What logits of texts alone are shown as, in their order: that depends on each by itself."""
        scores = np.asarray(logits, dtype=np.float64)
        alone = tuple(Candidate(Document(str(at), ""), 0.0) for at in range(len(scores)))
        found = Ranking(Query(""), alone).rescored(served.scorer.name, scores, fingerprint=served.scorer.fingerprint)
        shown = served.logits(found) if raw else served.shown(found, self.policies.deciding("", served))
        places = np.argsort([int(candidate.doc.id) for candidate in found], kind="stable")
        return replace(shown, scores=shown.scores[places])

    def _check_count(self, many: int, what: str) -> None:
        if many > (most := self.bounds.documents):
            raise InputError(f"expected at most {most:,} {what}, got {many:,}: send several requests")

    def described(self) -> dict[str, dict[str, Any]]:
        """What answers, by name, as JSON; of each model what its scores are shown as."""
        rows = self.models.described()
        for name, served in self.models.served.items():
            policy = self.policies.deciding("", served)
            if policy is not None and policy.calibration is not None and policy.stage in ("", served.scorer.name):
                rows[name] |= {"scores": "probability", "policy": policy.digest}
        return rows

    async def close(self) -> None:
        """Take no more requests, and return when all that were let in are done."""
        await self.models.close()
        for part in (self.recall, self.embedding):
            if part is not None:
                await part.queue.close()
        if self.observing is not None:
            await self.observing.close()


def check_query(text: str) -> None:
    """Refuse what asks for nothing.

    Raises:
        InputError: the query is blank.
    """
    if not text.strip():
        raise InputError("the query is blank: expected what is to be found")
