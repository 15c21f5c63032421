"""One query's documents ranked in several ways, side by side: what moved, by which scores, decided how, and why."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tamis.answer import ScoredSpan, relevant_spans
from tamis.core import Candidate, Decision, Ranking
from tamis.decide import Reading, read
from tamis.errors import InputError
from tamis.rewrite import Variant
from tamis.score import depends_on_companions
from tamis.serve.lineup import WORKBENCH, Ruling
from tamis.serve.recording import Made
from tamis.serve.served import InQueue, Scale, Served
from tamis.serve.service import Service

READ = 10  # best documents whose passages are looked for
MOST = 4  # ways side by side


@dataclass(frozen=True, slots=True)
class Way:
    """A model and an instruction.

    Attributes:
        model: a name of the server's; empty for the default.
        instruction: what counts as relevant, for models that read instructions.
    """

    model: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A document in one ranking.

    Attributes:
        candidate: the document with its scores and notes.
        before: its place in the first order, from 0; None where it was not there.
        after: its place by this way's scores, from 0.
        shown: its number as clients see it: a probability, or the sigmoid of its logit where nothing is calibrated.
        reason: why the policy leaves it out; empty where it is accepted.
        span: the sentence of its text that speaks most to the query; None where none was looked for.
    """

    candidate: Candidate
    before: int | None
    after: int
    shown: float
    reason: str = ""
    span: ScoredSpan | None = None

    @property
    def moved(self) -> int:
        """Places that it has gained; none where it was not there before."""
        return 0 if self.before is None else self.before - self.after


@dataclass(frozen=True, slots=True)
class Compared:
    """What one way made of the documents.

    Attributes:
        way: the model's name and the instruction.
        places: the documents, best score first.
        scale: what the shown numbers are.
        reading: what the scores say of the query and the documents.
        decision: what is accepted, and why the rest is not; of all documents where no policy decides.
        policy: the policy's name; empty where none decides.
        thresholds: scores that documents had to reach, lowest first; none without a policy.
    """

    way: Way
    places: tuple[Place, ...]
    scale: Scale
    decision: Decision
    reading: Reading
    policy: str = ""
    thresholds: tuple[float, ...] = ()


async def compared(
    service: Service, ranking: Ranking, ways: Sequence[Way], *, policy: str = "", passages: bool = True
) -> list[Compared]:
    """Candidates ranked in several ways.

    Args:
        service: what the server can do.
        ranking: the candidates in their first order.
        ways: models and instructions, ``MOST`` at most.
        policy: what decides where it fits a way's model; empty for the active one, "none" for none.
        passages: whether the best sentence of the best documents is looked for.

    Raises:
        InputError: no way or too many, or a name that is not known.
        PolicyError, NotCertifiedError: the policy cannot decide.
        UnavailableError: the queue takes no more, or the time ran out.
    """
    if not 0 < len(ways) <= MOST:
        raise InputError(f"expected 1 to {MOST} models and instructions side by side, got {len(ways)}")
    first = {candidate.doc.id: at for at, candidate in enumerate(ranking)}
    return list(await asyncio.gather(*(_one(service, ranking, way, policy, passages, first) for way in ways)))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query as it was typed beside the query as it can stand alone.

    Attributes:
        variants: ways to ask, the one that stands alone first.
        typed: the documents found and ranked for what was typed.
        meant: those found with all variants and ranked for the one that stands alone; moved against the former.
    """

    variants: tuple[Variant, ...]
    typed: Compared
    meant: Compared


async def rewritten(service: Service, ranking: Ranking, way: Way = Way(), *, k: int = 0, policy: str = "") -> Rewritten:
    """What rewriting changes for one query of a conversation.

    Args:
        service: what the server can do.
        ranking: the candidates of the query as it was typed, with its history.
        way: the model.
        k: candidates to recall with the variants from the server's index; 0 ranks the same documents anew.
        policy: what decides; empty for the active one.

    Raises:
        InputError: a name is not known, the query is blank, or the index is asked for and there is none.
        UnavailableError: the queue takes no more, or the time ran out.
    """
    variants = await service.rewritten(ranking.query)
    again = replace(ranking, query=variants[0].query)
    if k:
        again = await service.recalled(ranking.query, k, rewrite=True)
    typed = await _one(service, ranking, way, policy, False, {c.doc.id: at for at, c in enumerate(ranking)})
    ranked = {place.candidate.doc.id: place.after for place in typed.places}
    return Rewritten(tuple(variants), typed, await _one(service, again, way, policy, False, ranked))


async def _one(
    service: Service, ranking: Ranking, way: Way, policy: str, passages: bool, first: Mapping[str, int]
) -> Compared:
    """One way's ranking; ``first`` is each document's place before."""
    served = service.models.named(way.model)
    query = replace(ranking.query, instruction=way.instruction)
    deciding = service.policies.deciding(policy, served)
    found = await served.rank(replace(ranking, query=query), service.terms(), deciding)
    shown = served.shown(found, deciding)
    decision = deciding.decide(found) if deciding else Decision(served.calibrated(found))
    if service.observing is not None:  # what people try is told apart from what users get
        ruling, id = Ruling(deciding, WORKBENCH), uuid.uuid4().hex
        service.observing.record(Made(decision, found, ruling, served.name, served.scorer.fingerprint, id))
    said = {c.doc.id: (c, "") for c in decision.ranking} | {c.doc.id: (c, why) for c, why in decision.rejected}
    spans = await _spans(service, served, found) if passages else {}
    places = [
        Place(said[c.doc.id][0], first.get(c.doc.id), at, number, said[c.doc.id][1], spans.get(c.doc.id))
        for at, (c, number) in enumerate(zip(found, shown.scores.tolist(), strict=True))
    ]
    cuts = deciding.thresholds.cuts(found.items, query) if deciding else []
    return Compared(
        Way(served.name, way.instruction),
        tuple(places),
        shown.scale,
        decision,
        read(found if deciding else served.calibrated(found), policy=deciding),
        (policy or service.policies.active) if deciding else "",
        tuple(sorted({cut.threshold for cut in cuts if cut.threshold is not None})),
    )


async def _spans(service: Service, served: Served, found: Ranking) -> Mapping[str, ScoredSpan]:
    """The best sentence of each of the best documents, by the document's id."""
    if depends_on_companions(served.scorer):  # a sentence by itself has no score there
        return {}
    best = [candidate.doc for candidate in found[:READ]]
    scorer = InQueue(served, service.terms(priority=1))
    spans = await asyncio.to_thread(relevant_spans, found.query, best, scorer, most=1)
    return {document.id: own[0] for document, own in zip(best, spans, strict=True) if own}
