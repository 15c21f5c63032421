"""``tamis ask``: recall from an index, rerank, decide, and answer with numbered sources."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.found import Wanted, found
from tamis.cli.options import (
    USUAL,
    AsJson,
    Chosen,
    Depth,
    FirstStage,
    IndexFolder,
    Instruction,
    Model,
    PolicyFile,
    Where,
    choosing,
)
from tamis.cli.rewriting import NOT, Rewriting, rewritten_by

if TYPE_CHECKING:
    from tamis.answer import Answer, Generator
    from tamis.core import Decision, Scorer


@rewritten_by()
@choosing(Model, "tamis-mini", passages=True)
def command(
    index: IndexFolder,
    query: Annotated[str, typer.Argument(help="What is asked.")],
    llm: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="OpenAI-compatible server that writes the answer; its key is read from TAMIS_LLM_KEY. "
            "Without it, the answer is the passages' own sentences.",
        ),
    ] = "",
    llm_model: Annotated[str, typer.Option("--llm-model", help="The model's name at the server.")] = "",
    k: Annotated[int, typer.Option("-k", min=1, help="Passages to answer from.")] = 5,
    recall: FirstStage = None,
    depth: Depth = 100,
    where: Where = None,
    chosen: Chosen = USUAL,
    instruction: Instruction = "",
    policy: PolicyFile = None,
    rewriting: Rewriting = NOT,
    as_json: AsJson = False,
) -> None:
    """Answer a question from an index, with numbered sources, or say that the answer is not known.

    With --policy, only passages that the policy accepts are answered from; if it accepts none, no model is asked.
    Citations are checked against their passages: words and numbers that do not stand there are told.

    With --rewrite, the question is searched and answered as --history means it.

    Example: tamis ask ./law "试用期最长多久" --policy policy.json
    """
    from tamis.core import Query
    from tamis.filters import Filter

    if llm_model and not llm:
        raise typer.BadParameter("--llm-model names a model at a server: expected --llm URL, too")
    scorer = chosen.or_none()
    generator = _generator(llm, llm_model, scorer, k)
    done = found(
        Query(query, instruction=instruction, where=Filter.of(where) if where else None),
        scorer,
        Wanted(index, recall, depth, policy, k, rewriting),
    )
    if as_json:
        show.as_json(generator.answer(done.decision).as_json())
    else:
        _told(_streamed(generator, done.decision) if sys.stdout.isatty() else _whole(generator, done.decision))


def _generator(llm: str, llm_model: str, scorer: Scorer | None, k: int) -> Generator:
    """What answers: the model at a server, or the passages' own sentences."""
    from tamis.answer import Chat, Extractive, Written

    return Written(Chat(llm, llm_model), passages=k) if llm else Extractive(scorer, passages=k)


def _whole(generator: Generator, decision: Decision) -> Answer:
    """The answer, printed once it is checked."""
    answer = generator.answer(decision)
    sys.stdout.write(f"{show.safe(answer.text)}\n")
    return answer


def _streamed(generator: Generator, decision: Decision) -> Answer:
    """The answer, printed as it comes; what the check took out of it afterwards is told with the sources."""
    from tamis.answer import Answer

    answer = None
    try:
        for piece in generator.stream(decision):
            if isinstance(piece, Answer):
                answer = piece
            else:
                sys.stdout.write(show.safe(piece))
                sys.stdout.flush()
    finally:
        sys.stdout.write("\n")  # an error has a line of its own
    assert answer is not None, "a generator's stream ends with the answer"
    return answer


def _told(answer: Answer) -> None:
    """Print the sources of an answer, and on stderr what the checks found."""
    if answer.sources:
        table = show.table("sources", "number", "id", "document")
        for number, item in answer.sources.items():
            table.add_row(f"[{number}]", show.printable(item.doc.id), show.excerpt(item))
        show.out(table)
    for line in doubts(answer):
        show.say(show.safe(line))


def doubts(answer: Answer) -> list[str]:
    """What the checks found, a line each; nothing of an answer that says it is not known."""
    if answer.abstained:
        return []
    lines = [f"not grounded: {answer.reason}"] if answer.reason else []
    if answer.unknown:
        lines.append(f"cites passages that do not exist: {', '.join(map(str, answer.unknown))}")
    for citation in answer.citations:
        if not citation.supported:
            missing = ", ".join(citation.missing_numbers)
            why = f"number {missing} stands in no cited passage" if missing else "few of its words stand there"
            sentence = " ".join(answer.text[slice(*citation.sentence)].split())
            lines.append(f"not supported by [{citation.number}] ({why}): {sentence}")
    if answer.uncited and answer.citations:
        lines.append(f"sentences without a citation: {len(answer.uncited)}")
    if answer.notes.get("ended_by_length"):
        lines.append("the answer was ended by the limit of its length")
    return lines
