"""Options that several verbs share, written once; and the scorer that those about models choose."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from tamis.core import Scorer
    from tamis.labels import LabelledSet

NONE = "none"  # the name of the model that leaves the first stage's order

Recall: TypeAlias = Literal["bm25", "dense", "hybrid"]
EngineName: TypeAlias = Literal["auto", "onnx", "torch"]
DtypeName: TypeAlias = Literal["auto", "float32", "bfloat16", "float16", "int8"]

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="Scorer: tamis-mini, e5-small, a model folder, a hub id (BAAI/bge-reranker-v2-m3), a server's URL "
        "(tei+http://127.0.0.1:8080), or none (first stage only).",
    ),
]
TrialModel = Annotated[
    str | None, typer.Option("--model", "-m", help="Try this one: a folder, a hub id or a URL.", show_default=False)
]
Engine = Annotated[
    EngineName, typer.Option(help="What runs a model folder; auto takes its ONNX graph if there is one.")
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps; auto takes the fastest that is there.")]
Dtype = Annotated[DtypeName, typer.Option(help="What a model computes in; auto is bfloat16 on CUDA, else float32.")]
MaxLength = Annotated[
    int | None, typer.Option(min=1, help="Tokens of a pair that are read; without it, the model's window.")
]
Template = Annotated[
    str,
    typer.Option(
        help="A causal reranker's prompt: qwen3, qwen3-eval, bge-gemma, mxbai-v2, pair; auto is what its folder says."
    ),
]
Passages = Annotated[
    int | None,
    typer.Option(min=8, metavar="TOKENS", help="Score long documents by their best passage of this many tokens."),
]
Columns = Annotated[
    str,
    typer.Option(
        help="What rows of a file call their columns.", metavar="query=NAME,document=NAME", show_default=False
    ),
]
CalibrationFile = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="FILE|default",
        help="Give probabilities, too, by this calibration or by the one that comes with the model.",
        show_default=False,
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="Show only what this policy accepts, and say of the rest why it is left out.",
        show_default=False,
    ),
]
Scores = Annotated[
    Path,
    typer.Argument(
        metavar="SCORES",
        help="Rows with score and label (best with query_id; .jsonl, .csv), a test set, or an evaluation set's folder.",
    ),
]
RelevantIf = Annotated[
    float | None, typer.Option(help="Labels from this grade on are relevant; needed where they are not 0 and 1.")
]
Recalled = Annotated[
    int, typer.Option("-k", min=1, help="Candidates of a query that BM25 recalls from an evaluation set's folder.")
]
LabelledBy = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="Whose scores these are; scores what has none yet (then without it, tamis-mini).",
        show_default=False,
    ),
]
FirstStage = Annotated[
    Recall | None, typer.Option("--recall", help="First stage; hybrid where the index has vectors, bm25 elsewhere.")
]
Depth = Annotated[int, typer.Option("--depth", min=1, help="Candidates that are recalled and reranked.")]
IndexFolder = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="An index folder made by tamis index, or a collection's URL.")
]
ToEngine = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="URL",
        help="An engine in place of a folder: qdrant://HOST/NAME, postgresql://HOST/DATABASE?table=NAME, "
        "opensearch+https://HOST/NAME, elasticsearch+https://HOST/NAME.",
        show_default=False,
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help='Find only documents whose field is so: lang=zh, lang!=zh, year>=1990, lang=["zh", "en"]; all must hold.',
        show_default=False,
    ),
]
TopK = Annotated[int | None, typer.Option("--top-k", "-k", min=1, help="Keep this many of the best.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of a table.")]


def _instruction(text: str) -> str:
    from tamis.score.instructions import instruction_of

    return instruction_of(text)


INSTRUCTIONS = (  # the rows of tamis.score.instructions.PRESETS, whose file no start of the command line waits for
    "web", "faq", "support", "law", "medical", "products", "code", "papers", "claims", "news", "duplicates",
    "full-answer", "background",
)  # fmt: skip
Instruction = Annotated[
    str,
    typer.Option(
        callback=_instruction,
        help="Task description, for models that read one: a text, or a ready one by name: @"
        + ", @".join(INSTRUCTIONS)
        + ".",
    ),
]


Lang = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of the page and the table.")]


def named_columns(columns: str) -> dict[str, str]:
    """``query=NAME,document=NAME`` as a mapping.

    >>> named_columns('query=问题,"document=answer, long"')
    {'query': '问题', 'document': 'answer, long'}
    """
    (cells,) = csv.reader([columns])  # a name that holds a comma stands in quotation marks
    pairs = [cell.partition("=") for cell in cells]
    if wrong := next((name for name, mark, value in pairs if not (mark and name and value)), None):
        raise typer.BadParameter(f"--columns: expected query=NAME,document=NAME, got {wrong!r} without a name")
    return {name.strip(): value.strip() for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model that options choose; it is loaded when its scorer is asked for.

    >>> Chosen("none").or_none() is None
    True
    """

    given: str | None
    engine: EngineName = "auto"
    device: str = "auto"
    dtype: str = "auto"
    max_length: int | None = None
    template: str = "auto"
    passages: int | None = None

    @property
    def model(self) -> str:
        """The model's spec; tamis-mini where none was given."""
        return self.given or "tamis-mini"

    def options(self) -> dict[str, Any]:
        """The options beside the model, by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "given"}

    def scorer(self) -> Scorer:
        """The scorer.

        Raises:
            ModelError: the model is not known or cannot be used.
            InputError: an option has a value that the model cannot honour.
            MissingExtraError: the engine needs a package that is not installed.
        """
        from tamis.score import Passages, load_scorer

        options = self.options()
        passages = options.pop("passages")
        scorer = load_scorer(self.model, **options)
        return scorer if passages is None else Passages(scorer, tokens=passages)

    def labelled(self, source: Path, relevant_if: float | None, k: int = 100) -> LabelledSet:
        """Labelled scores; a file that holds scores needs the scorer only where one is given, to say whose they are.

        Raises:
            DataError: the file cannot be used; with file, line and field.
            InputError: labels are grades and ``relevant_if`` is missing.
        """
        from tamis.cli import show
        from tamis.labels import is_scored, open_labelled

        scorer = self.scorer() if self.given or not is_scored(source) else None
        with show.progress("scoring") as progress:
            return open_labelled(source, scorer=scorer, relevant_if=relevant_if, k=k, progress=progress)

    def or_none(self) -> Scorer | None:
        """The scorer; None where the model is called ``none``."""
        return None if self.model == NONE else self.scorer()


Shared: TypeAlias = dict[str, tuple[Any, object]]

USUAL = Chosen(None)  # what a verb has before ``choosing`` hands it the options


def choosing(
    model: Any, default: str | None, *, passages: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What puts the options that choose a model in the place of a verb's parameter ``chosen``.

    Args:
        model: the option that names the model.
        default: its default.
        passages: whether long documents may be scored by their passages.
    """
    shared: Shared = {
        "model": (model, default),
        "engine": (Engine, "auto"),
        "device": (Device, "auto"),
        "dtype": (Dtype, "auto"),
        "max_length": (MaxLength, None),
        "template": (Template, "auto"),
        **({"passages": (Passages, None)} if passages else {}),
    }
    return in_place_of("chosen", shared, lambda given: Chosen(given.pop("model"), **given))


def in_place_of(
    name: str, shared: Shared, made: Callable[[dict[str, Any]], object]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What puts options that several verbs share in the place of one parameter of theirs.

    Args:
        name: the parameter.
        shared: the options, each with its type as typer reads it and its default.
        made: from the options' values to the parameter's.
    """
    options = [Parameter(name, Parameter.KEYWORD_ONLY, default=d, annotation=a) for name, (a, d) in shared.items()]

    def with_options(verb: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(verb, eval_str=True).parameters.values()
        flat = [one for p in own for one in (options if p.name == name else [p.replace(kind=Parameter.KEYWORD_ONLY)])]

        @wraps(verb)
        def command(**given: Any) -> None:
            values = {option: given.pop(option) for option in shared}
            verb(**given, **{name: made(values)})

        command.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]  # what typer reads
        command.__annotations__ = {p.name: p.annotation for p in flat}
        return command

    return with_options
