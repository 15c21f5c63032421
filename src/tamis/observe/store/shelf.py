"""Policies and baselines as they were: contents kept by their digest, or by the policy they belong to."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from tamis.data.artefacts import canonical, digest
from tamis.errors import InputError, NotFoundError
from tamis.observe.store.database import Database
from tamis.observe.store.lib import sa
from tamis.observe.store.schema import BASELINES, POLICIES


class Shelf:
    """Contents that decisions refer to, kept beside them.

    Args:
        database: the store's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_policy(self, content: Mapping[str, Any], name: str) -> str:
        """Keep a policy's content; returns its digest, which is ``Policy.digest`` for ``Policy.as_json()``.

        A content that is there already stays as it is, with the name that it was first kept under.

        Raises:
            InputError: no JSON values.
        """
        text = _text(content)
        made = digest(content)
        row = {"digest": made, "name": name, "content": text, "created": time.time()}
        with self._database.writing() as connection:
            connection.execute(self._database.insert(POLICIES).on_conflict_do_nothing(), row)
        return made

    def policy_content(self, digest: str) -> dict[str, Any]:
        """A policy's content by its digest.

        Raises:
            NotFoundError: none was kept under it.
        """
        with self._database.reading() as connection:
            found = connection.scalar(sa.select(POLICIES.c.content).where(POLICIES.c.digest == digest))
        if found is None:
            raise NotFoundError(f"no policy with the digest {digest!r:.80} is kept: see policies() for those that are")
        content: dict[str, Any] = json.loads(found)
        return content

    def policies(self) -> dict[str, str]:
        """Names of the policies that are kept, by their digests, the oldest first."""
        with self._database.reading() as connection:
            found = connection.execute(sa.select(POLICIES.c.digest, POLICIES.c.name).order_by(POLICIES.c.created))
            return {digest: name for digest, name in found}

    def keep_baseline(self, policy: str, content: Mapping[str, Any]) -> None:
        """Keep what a policy's figures were when it began; earlier ones of the same policy stay."""
        row = {"policy": policy, "at": time.time(), "content": _text(content)}
        with self._database.writing() as connection:
            connection.execute(sa.insert(BASELINES), row)

    def baseline(self, policy: str) -> dict[str, Any] | None:
        """The newest baseline of a policy; None where there is none."""
        newest = sa.select(BASELINES.c.content).where(BASELINES.c.policy == policy).order_by(BASELINES.c.id.desc())
        with self._database.reading() as connection:
            found = connection.scalar(newest.limit(1))
        return None if found is None else json.loads(found)


def _text(content: Mapping[str, Any]) -> str:
    try:
        return canonical(dict(content))
    except (TypeError, ValueError) as error:
        raise InputError(f"what is to be kept is no JSON value: {error}") from error
