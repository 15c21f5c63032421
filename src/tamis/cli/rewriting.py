"""Options about rewriting that several verbs share, and the rewriter that they choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli.options import Shared, in_place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tamis.core import Query, Retriever
    from tamis.rewrite import Rewriter

OFFLINE = "offline"  # the rewriter that needs no model
VARIANTS = 3

History = Annotated[
    list[str] | None,
    typer.Option(
        "--history", metavar="TEXT", help="What was said before, oldest first; may be repeated.", show_default=False
    ),
]
TermFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--terms",
        metavar="FILE.tsv",
        help="Your own dictionary of entities, abbreviations and terms (kind, from, to); may be repeated.",
        show_default=False,
    ),
]
Variants = Annotated[int, typer.Option("--variants", min=1, help="Texts to search with, at most.")]
By = Annotated[
    str,
    typer.Option(
        "--rewrite",
        metavar="offline|URL",
        help="Search with the query in other words, too: by rules and dictionaries, or by a language model behind an "
        "OpenAI-compatible server, whose key is read from TAMIS_LLM_KEY.",
    ),
]
ByModel = Annotated[str, typer.Option("--rewrite-model", help="The model's name at the server that rewrites.")]


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What options say of rewriting.

    Attributes:
        by: ``"offline"``, a server's URL, or empty for no rewriting.
        model: the model's name at the server.
        history: what was said before.
        terms: the user's dictionaries.
        variants: texts to search with, at most.
    """

    by: str = ""
    model: str = ""
    history: tuple[str, ...] = ()
    terms: tuple[Path, ...] = ()
    variants: int = VARIANTS

    def check(self) -> None:
        """Refuse options that nothing would read.

        Raises:
            typer.BadParameter: a model without a server, or a conversation without a rewriter.
        """
        if self.model and self.by in ("", OFFLINE):
            raise typer.BadParameter("--rewrite-model names a model at a server: expected --rewrite URL, too")
        for option, given in (("--history", self.history), ("--terms", self.terms)):
            if given and not self.by:
                raise typer.BadParameter(
                    f"{option} is what a rewriter reads: expected --rewrite offline, or a URL, too"
                )

    def rewriter(self) -> Rewriter:
        """The rewriter."""
        return rewriter("" if self.by == OFFLINE else self.by, self.model, self.variants, terms=self.terms)

    def asked(self, query: Query) -> Query:
        """The query with the conversation before it."""
        from dataclasses import replace

        return replace(query, history=self.history)

    def widened(self, retriever: Retriever) -> Retriever:
        """The retriever, which searches with all variants of a query where rewriting is wanted."""
        if not self.by:
            return retriever
        from tamis.widening import Widened

        return Widened(retriever, self.rewriter())


NOT = Rewriting()  # what a verb has before ``rewritten_by`` hands it the options


def rewriter(
    url: str, model: str, variants: int, *, terms: Sequence[Path] = (), glossary: Path | None = None
) -> Rewriter:
    """The language model at a URL, or rules and dictionaries where there is none.

    Raises:
        DataError: a dictionary or the glossary cannot be read.
        InputError: the URL cannot be used.
    """
    from tamis.rewrite import Llm, Offline, Terms

    own = Terms.read(*terms)
    offline = Offline(own, variants=variants)
    if not url:
        return offline
    from tamis.answer import Chat
    from tamis.data import read_lines

    words = "".join(read_lines(glossary)) if glossary else ""
    return Llm(Chat(url, model), fallback=offline, variants=variants, glossary=own.glossary() + words)


def rewritten_by() -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What puts the options about rewriting in the place of a verb's parameter ``rewriting``."""
    shared: Shared = {"rewrite": (By, ""), "rewrite_model": (ByModel, ""), "history": (History, None)}
    shared |= {"terms": (TermFiles, None)}
    return in_place_of(
        "rewriting",
        shared,
        lambda given: Rewriting(
            given["rewrite"], given["rewrite_model"], tuple(given["history"] or ()), tuple(given["terms"] or ())
        ),
    )
