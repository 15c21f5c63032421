"""What the tabs of one page share: what the server can do, long work, and who is asking."""

from __future__ import annotations

import asyncio
import functools
import html
import inspect
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.errors import TamisError
from tamis.jobs import Job, Jobs, Work
from tamis.serve.added import Added
from tamis.serve.policies import NONE
from tamis.serve.service import Service
from tamis.workbench.kept import Kept
from tamis.workbench.lib import gr
from tamis.workbench.translated import translated
from tamis.workbench.visitors import Visitor
from tamis.workbench.words import Language, Said, said, saying

_log = logging.getLogger("tamis")


@dataclass(frozen=True, slots=True)
class Desk:
    """One page's way to everything.

    Attributes:
        service: models, policies, index, rewriter.
        jobs: long work.
        language: of the page.
        path: where the pages stand, such as ``"/workbench"``.
        kept: what visitors save under names.
        added: models and policies beside the configuration.
        may_exchange: whether a key's holder may exchange models and policies.
        rows: most rows of an upload.
    """

    service: Service
    jobs: Jobs
    language: Language
    path: str
    kept: Kept
    added: Added
    may_exchange: Callable[[str], bool]
    rows: int

    def words(self, tab: str) -> Said:
        """What says the sentences of a tab in the page's language."""
        return saying(tab, self.language)

    def link(self, job: str, name: str) -> str:
        """Where a file of a job is fetched."""
        return f"{self.path}/files/{job}/{name}"

    async def begin(
        self,
        request: gr.Request,
        kind: str,
        title: str,
        work: Work,
        *,
        options: Mapping[str, Any] = {},
        files: Mapping[str, Path] = {},
    ) -> Job:
        """Begin work of the visitor's, as ``Jobs.start``; its files are copied outside of the server's loop."""
        owner = visitor(request).name
        return await asyncio.to_thread(self.jobs.start, owner, kind, title, work, options=options, files=files)

    def policies(self, words: Said) -> list[Any]:
        """The policies to choose from: the active one, none, or one by its name.

        Args:
            words: the tab's; it says what the first two are to it.
        """
        return [(words("active"), ""), (words("none"), NONE), *((name, name) for name in self.service.policies.known)]

    def plain(self, message: str) -> str:
        """A message in the page's language, without the places on this machine in which uploads lie."""
        uploads = re.escape(str(self.added.folder / "uploads"))
        return translated(re.sub(rf"{uploads}[/\\][^/\\\s]+[/\\]", "", message), self.language)

    def opened(self, work: Callable[..., Any], outputs: Any) -> None:
        """Have a function fill outputs whenever the page is opened; called while the page is being made."""
        page = gr.context.Context.root_block
        assert page is not None
        page.load(self.told(work), None, outputs, show_progress="hidden")

    def told(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """An event's function whose errors reach people as a sentence; what is ours to mend goes to the log."""

        def shown(error: Exception) -> gr.Error:
            if isinstance(error, TamisError):
                return gr.Error(
                    html.escape(self.plain(str(error))), title=said("page.refused", self.language), **_SHORT
                )
            _log.error("the workbench has failed", exc_info=error)
            return gr.Error(said("page.failed", self.language), title=said("page.error", self.language), **_SHORT)

        if inspect.iscoroutinefunction(work):

            @functools.wraps(work)
            async def later(*given: Any, **named: Any) -> Any:
                try:
                    return await work(*given, **named)
                except gr.Error:
                    raise
                except Exception as error:
                    raise shown(error) from None

            return later

        @functools.wraps(work)
        def now(*given: Any, **named: Any) -> Any:
            try:
                return work(*given, **named)
            except gr.Error:
                raise
            except Exception as error:
                raise shown(error) from None

        return now


_SHORT: dict[str, Any] = {"print_exception": False, "duration": 15}


def visitor(request: gr.Request) -> Visitor:
    """Who asks."""
    assert request.request is not None
    found: Visitor = request.request.scope["state"]["visitor"]
    return found
