"""The rewriter that asks a language model, takes nothing from it that it cannot check, and never loses a query."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace

from tamis.answer.chat import Chat
from tamis.core import Query
from tamis.errors import InputError, RemoteError
from tamis.rewrite.base import Change, Rewriter, Variant, variant
from tamis.rewrite.model.cache import Cache, key
from tamis.rewrite.model.checks import Ground, alike, distinct
from tamis.rewrite.model.pause import Pause
from tamis.rewrite.model.prompts import SCHEMA, VERSION, prompt, recent, relevant
from tamis.rewrite.model.replies import Said, UnusableReply, read
from tamis.rewrite.offline import VARIANTS, Offline
from tamis.text import normalise

LONGEST = 2_000  # characters of a query that a model is asked about
SECONDS = 5.0  # that rewriting may take: it stands before a search

_log = logging.getLogger("tamis")


class Llm:
    """Asks a language model; where it fails, or says what nobody said, another rewriter answers.

    The standalone form may hold words of the query, the conversation and the glossary only; further variants may hold
    synonyms, but no other names and numbers. Nothing may praise, deny what was not denied, change the language, or drop
    what was asked. What is refused stands as a change of the first variant, with the reason. A server that fails three
    times in a row is left alone for half a minute. Threads may share one.

    Attributes:
        pause: how many failures in a row lead to a pause, and how long that is.
        counted: how many queries were ``asked``, ``remembered``, ``failed`` at the server, ``refused`` for what the
            model said, or fell into a ``pause``; and variants that were ``left out``.

    >>> Llm(Chat("http://127.0.0.1:8000", "qwen3")).name
    'llm:qwen3'
    """

    def __init__(
        self,
        chat: Chat,
        *,
        fallback: Rewriter | None = None,
        variants: int = VARIANTS,
        glossary: str = "",
        seconds: float = SECONDS,
        cache: Cache | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            chat: the model.
            fallback: what rewrites where the model does not; the offline rewriter where none is given.
            variants: most texts to search with, the standalone form among them.
            glossary: terms with what they stand for, one a line; the model may use their words.
            seconds: that all tries of a query may take together.
            cache: what remembers replies; one in memory where none is given. Failures are not remembered.

        Raises:
            InputError: ``variants`` below 1, or ``seconds`` not above 0.
        """
        if variants < 1:
            raise InputError(f"variants must be at least 1, got {variants}")
        if not 0 < seconds < float("inf"):
            raise InputError(f"seconds must be a number above 0, got {seconds}")
        self.chat, self.variants, self.glossary, self.seconds = chat, variants, glossary, seconds
        self.fallback: Rewriter = Offline(variants=variants) if fallback is None else fallback
        self.cache = Cache() if cache is None else cache
        self.pause, self.counted, self._lock = Pause(), Counter[str](), threading.Lock()

    @property
    def name(self) -> str:
        """That a language model rewrites, and which."""
        return f"llm:{self.chat.model}" if self.chat.model else "llm"

    @property
    def fingerprint(self) -> str:
        """What exactly rewrites: server, model, prompt, glossary, number of variants, and what answers in its place."""
        return f"{self.name}:{key(*self._identity()).hex()}|{self.fallback.fingerprint}"

    def rewrite(self, query: Query) -> list[Variant]:
        """The query as it can stand alone, then further ways to say it; whatever the server does, at least the query.

        The first variant's last change says why the model was not followed, where it was not.
        """
        try:
            return self._by_model(query)
        except UnusableReply as error:
            return self._instead(query, str(error))
        except RemoteError as error:
            _log.warning("%s failed (status %s): queries are rewritten by %s", self.name, error.status, self._other)
            return self._instead(query, str(error))

    @property
    def _other(self) -> str:
        return self.fallback.name

    def _identity(self) -> tuple[str, ...]:
        chat = self.chat
        asked = (chat.client.url, chat.model, str(chat.temperature), str(chat.most_tokens))
        return (VERSION, *asked, str(self.variants), self.glossary)

    def _by_model(self, query: Query) -> list[Variant]:
        if len(query.text) > LONGEST:
            raise UnusableReply(f"the query is longer than {LONGEST:,} characters")
        seen = replace(query, history=recent(query.history))
        ground = Ground(seen, relevant(self.glossary, seen))  # what the model does not see, it cannot have from there
        place = key(*self._identity(), query.text, str(len(query.history)), *query.history)
        if (known := self.cache.get(place)) is not None:
            with suppress(UnusableReply):  # an older tamis may have taken what this one does not
                found = self._checked(read(known), ground, query)
                self._count("remembered")
                return found
        text = self._reply(ground)
        try:
            found = self._checked(read(text), ground, query)
        except UnusableReply:
            self._count("refused")
            raise
        self.cache.put(place, text)
        return found

    def _reply(self, ground: Ground) -> str:
        """What the model says.

        Raises:
            RemoteError: the server failed or refused.
            UnusableReply: it is not asked now, or its answer was cut.
        """
        if left := self.pause.left():
            self._count("pause")
            what = f"its server failed {self.pause.failures} times in a row"
            raise UnusableReply(f"{what} and is not asked for {left:.0f} s")
        self._count("asked")
        alive = False
        try:
            system, user = prompt(ground.query, ground.glossary, self.variants - 1)
            reply = self.chat.reply(system, user, schema=SCHEMA, within=self.seconds)
            alive = True
        except RemoteError as error:
            self._count("failed")
            alive = error.status == 200
            raise
        finally:
            (self.pause.succeeded if alive else self.pause.failed)()
        if reply.cut:
            self._count("refused")
            raise UnusableReply("its answer was ended by the limit of its length")
        return reply.text

    def _checked(self, said: Said, ground: Ground, query: Query) -> list[Variant]:
        """The variants that hold nothing but what may be said.

        Raises:
            UnusableReply: the standalone form cannot stand for the query.
        """
        if fault := ground.fault_of_standalone(said.standalone):
            raise UnusableReply(f"its rewrite was not taken, since {fault}")
        same = alike(said.standalone) == alike(query.text)
        text = query.text if same else said.standalone
        first = variant(query, text, () if same else _fitting(said, query))
        sound = [one for one in said.variants if not ground.fault_of_variant(one, text)]
        self._count("left out", len(said.variants) - len(sound))
        why = "said in other words by a language model"
        further = [one for one in distinct([text, *sound])[1 : self.variants] if alike(one) != alike(query.text)]
        return [first, *(variant(query, one, (Change("model", text, one, why),)) for one in further)]

    def _instead(self, query: Query, why: str) -> list[Variant]:
        """What the other rewriter says, and why it was asked."""
        first, *further = self.fallback.rewrite(query)
        told = Change("model", "", "", f"the language model was not followed: {why}")
        return [replace(first, changes=(*first.changes, told)), *further][: self.variants]

    def _count(self, what: str, many: int = 1) -> None:
        with self._lock:
            self.counted[what] += many


def _fitting(said: Said, query: Query) -> tuple[Change, ...]:
    """The changes that lead from the query to the standalone form; one for all where the model named none."""
    before, after = normalise(query.text), normalise(said.standalone)
    fitting = [one for one in said.changes if normalise(one.before) in before and normalise(one.after) in after]
    whole = Change("model", query.text, said.standalone, "put in other words by a language model")
    return tuple(fitting) or (whole,)
