"""From a configuration to a service, and from a new one to what is exchanged of a running service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from tamis.answer import Chat
from tamis.calibrate import Calibration, default_calibration
from tamis.core import Document, Encoder, Query, Scorer
from tamis.data import read_lines
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError, PolicyMismatch
from tamis.recall.engines import is_url, open_retriever
from tamis.rewrite import Cache, Llm, Offline, Rewriter, Terms
from tamis.score import Cached, Passages, load_encoder, load_scorer
from tamis.score.remote import HttpOptions
from tamis.serve import aside
from tamis.serve.config import SHIPPED, Configuration, IndexOptions, ModelOptions, RewriteOptions
from tamis.serve.models import Models
from tamis.serve.policies import NONE, Policies
from tamis.serve.queue import Limits
from tamis.serve.recalling import Embedding, Recall
from tamis.serve.served import Served
from tamis.serve.service import Service

if TYPE_CHECKING:
    from tamis.serve.observing import Observing

_log = logging.getLogger("tamis")

# As many answers at a time as there are threads.
PATIENT = HttpOptions(timeout=120.0, retries=1, connections=aside.MOST)
DEFAULT = "default"  # the calibration that comes with a model


def service(told: Configuration, beside: Path = Path(), *, kept: Collection[str] = ()) -> Service:
    """A service as told, with its store opened; see ``parts`` for the rest and what it raises.

    Raises:
        StoreError, StorageError: the store cannot be used.
    """
    made = parts(told, beside, kept=kept)
    if told.observe.store:
        made.observing = observing(told, beside, made.policies)
        active = made.policies.in_charge
        if active is not None and not any(served.fits(active) for served in made.models.served.values()):
            _log.warning("policy %r was put in charge for scores of %s: nothing here decides by it, and everything is "
                         "shown", made.policies.active, active.scorer)  # fmt: skip
    return made


def observing(told: Configuration, beside: Path, policies: Policies) -> Observing:
    """What keeps decisions and feedback in the store, and follows its ledger.

    Raises:
        InputError: no place that can be a store.
        StoreError, StorageError: it cannot be used.
    """
    from tamis.observe.watch import Watch
    from tamis.serve.observing import Observing

    found = Observing(Watch.open(store_at(told.observe.store, beside), told.observe), policies)
    found.begin(policies.asked, policies.configured)
    return found


def store_at(where: str, beside: Path) -> str:
    """A store's place; one that is no URL is a path from the configuration's folder.

    >>> store_at("postgresql://db/tamis", Path("/etc")), store_at("kept.db", Path("/etc"))
    ('postgresql://db/tamis', '/etc/kept.db')
    """
    return where if "://" in where else str(beside / where)


def parts(told: Configuration, beside: Path = Path(), *, kept: Collection[str] = ()) -> Service:
    """A service as told, less what observes; all models are loaded.

    Args:
        told: what there shall be.
        beside: the folder in which relative paths are looked for.
        kept: policies that may have expired: decisions by them are refused, the service is not.

    Raises:
        ModelError: a model is not known or cannot be used.
        PolicyError: a policy or calibration cannot be used, or is for another model.
        IndexStoreError: the index cannot be used.
        InputError: names do not fit each other.
    """
    return Service(
        models(told, beside),
        policies(told, beside, kept),
        told.bounds,
        recall=recall(told.index, beside) if told.index else None,
        embedding=Embedding(encoder(near(told.encoder, beside)), told.encoder) if told.encoder else None,
        chat=Chat(told.llm.url, **told.llm.options, options=PATIENT) if told.llm else None,
        rewriter=rewriter(told.rewrite, beside),
    )


def models(told: Configuration, beside: Path) -> Models:
    """The models by name.

    Raises:
        InputError: a name or alias stands for two.
    """
    rows = told.models or {SHIPPED: ModelOptions()}
    aliases: dict[str, str] = {}
    for name, options in rows.items():
        for alias in options.aliases:
            if alias in rows or aliases.setdefault(alias, name) != name:
                raise InputError(f"models.{name}.aliases: {alias!r} is the name of another model")
    return Models({name: served(name, options, told.queue, beside) for name, options in rows.items()}, aliases)


def served(name: str, options: ModelOptions, limits: Limits, beside: Path) -> Served:
    """One model, loaded, and asked once, so that the first request does not wait for what a model does but once."""
    spec = near(options.model, beside)
    scorer: Scorer = load_scorer(spec, **options.options)
    if options.passages is not None:
        scorer = Passages(scorer, tokens=options.passages)
    if options.cache:
        scorer = Cached(scorer, entries=options.cache)
    known = calibration(options.calibration, spec, beside)
    if known is not None and known.scorer not in ("", scorer.fingerprint):
        raise PolicyMismatch(
            f"the calibration {options.calibration!r} is for scores of {known.scorer}, and the model is "
            f"{scorer.fingerprint}: fit one on labelled scores of this model with tamis calibrate"
        )
    scorer.score([(Query("warm"), Document("warm", "up"))])
    return Served(scorer, known, limits, name=name)


def calibration(named: str, spec: str, beside: Path) -> Calibration | None:
    """The calibration of a file, or the model's own; None where none is named."""
    if not named:
        return None
    return default_calibration(spec) if named == DEFAULT else Calibration.load(beside / named)


def policies(told: Configuration, beside: Path, kept: Collection[str] = ()) -> Policies:
    """The policies by name."""
    known = {name: Policy.load(beside / file) for name, file in told.policies.items()}
    for name in known.keys() - set(kept):
        known[name].check_day()
    return Policies(known, "" if told.policy == NONE else told.policy)


def recall(options: IndexOptions, beside: Path) -> Recall:
    """The index, or the collection in an engine, opened."""
    where = options.path if is_url(options.path) else beside / options.path
    return Recall(open_retriever(where, mode=options.recall), every=options.every)


def rewriter(options: RewriteOptions, beside: Path) -> Rewriter:
    """What says queries in other words.

    Raises:
        InputError: an option cannot be used, or is for a model and no server is named.
        DataError: a dictionary or the glossary cannot be read.
    """
    terms = Terms.read(*(beside / name for name in options.terms))
    offline = Offline(terms, variants=options.variants)
    if not options.url:
        idle = [*(name for name in ("glossary", "cache") if getattr(options, name)), *options.options]
        if idle:
            raise InputError(f"rewrite.{idle[0]} is for a language model: expected rewrite.url, too")
        return offline
    return Llm(
        Chat(options.url, **options.options, options=PATIENT),
        fallback=offline,
        variants=options.variants,
        glossary=terms.glossary() + ("".join(read_lines(beside / options.glossary)) if options.glossary else ""),
        seconds=options.seconds,
        cache=Cache(beside / options.cache) if options.cache else None,
    )


def encoder(spec: str) -> Callable[[], Encoder]:
    """What loads the encoder when it is first asked."""
    return lambda: load_encoder(spec)


def near(spec: str, beside: Path) -> str:
    """A model's spec; one that begins with a dot is a path from the configuration's folder.

    >>> near("tamis-mini", Path("/etc")), near("./faq", Path("/etc"))
    ('tamis-mini', '/etc/faq')
    """
    return str(beside / spec) if spec.startswith(".") else spec


async def exchange(
    running: Service, told: Configuration, beside: Path = Path(), *, kept: Collection[str] = ()
) -> list[str]:
    """Put what a new configuration says in the place of what a service has; returns the names of what was exchanged.

    All that is new is loaded before anything is exchanged, and then all is exchanged at once: no request finds a new
    model beside old policies. What was let in is finished by what it was let in to. Where the server listens, keys and
    bounds stay as they are until it is started again, and so does the store.

    Raises:
        TamisError: as in ``service``; everything is as it was.
    """
    new = await asyncio.to_thread(parts, told, beside, kept=kept)
    before, after = running.models.served, new.models.served
    kept = {name: old for name, old in before.items() if name in after and _same(old, after[name])}
    changed = [name for name in [*after, *(name for name in before if name not in after)] if name not in kept]
    done = [f"model {name}" for name in changed]
    left: list[Served | Recall | Embedding | None] = [before.get(name) for name in changed]
    running.models.served = {name: kept.get(name, model) for name, model in after.items()}
    running.models.aliases = new.models.aliases
    if running.policies.told() != new.policies.told():
        done.append("policies")
    running.policies.known, running.policies.configured = new.policies.known, new.policies.configured
    if running.recall or new.recall:  # an index may have been written anew where it was
        left.append(running.recall)
        running.recall = new.recall
        done.append("index")
    if (running.embedding and running.embedding.name) != (new.embedding and new.embedding.name):
        left.append(running.embedding)
        running.embedding = new.embedding
        done.append("encoder")
    running.chat = new.chat
    if _told(running.rewriter) != _told(new.rewriter):
        running.rewriter = new.rewriter
        done.append("rewriter")
    for old in left:
        if old is not None:
            await old.queue.close()
    if running.observing is not None:
        await running.observing.run(running.observing.begin, running.policies.asked, running.policies.configured)
    return done


def _same(old: Served, new: Served) -> bool:
    """Whether two models give the same scores and probabilities."""
    calibrations = [
        one.as_json() if isinstance(one, Calibration) else one for one in (old.calibration, new.calibration)
    ]
    return old.scorer.fingerprint == new.scorer.fingerprint and calibrations[0] == calibrations[1]


def _told(rewriter: Rewriter) -> tuple[object, ...]:
    """What a rewriter was told; one that was told the same stays, with what it remembers."""
    if not isinstance(rewriter, Llm):
        return (rewriter.fingerprint,)
    return (rewriter.fingerprint, rewriter.seconds, rewriter.cache.path, rewriter.chat.key_env)
