"""The model card: README.md of a trained model's folder, with what hubs read at its head."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.core import BM25
from tamis.data import atomic_write, read_lines
from tamis.errors import InputError
from tamis.train.after.families import FAMILIES, Family
from tamis.train.after.figures import AFTER, BEFORE, RANDOM, TITLES, Figures
from tamis.train.after.result import Outcome

CARD = "README.md"
TEACHER = "teacher"
HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
PATH = re.compile(r"^(?:[A-Za-z]:[\\/]|[\\/]|~|\.{1,2}[\\/]|file:)|\\")
NAMES = {
    RANDOM: "random order",
    BM25: "BM25",
    TEACHER: "the teacher",
    BEFORE: "before training",
    AFTER: "after training",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What a model card is written from.

    Attributes:
        name: of the model, as a heading: the folder's name.
        outcome: what the run did.
        figures: on the dev queries; None where there were none.
        languages: of the training texts, such as ("zh", "en").
        license: of the weights, where it is known; empty leaves it out.
    """

    name: str
    outcome: Outcome
    figures: Figures | None = None
    languages: tuple[str, ...] = ()
    license: str = ""

    @property
    def family(self) -> Family:
        """What there is to say of the kind of model.

        Raises:
            InputError: the outcome's family is not known.
        """
        if self.outcome.family not in FAMILIES:
            raise InputError(f"family must be one of {', '.join(FAMILIES)}, got {self.outcome.family!r}")
        return FAMILIES[self.outcome.family]


def write_card(folder: str | Path, card: Card) -> None:
    """Write ``README.md`` into a model folder; it appears whole or not at all.

    Raises:
        InputError: the folder does not exist, or the family of the model is not known.
        StorageError: the disk refused it.
    """
    text = card_text(card)
    with atomic_write(Path(folder) / CARD) as out:
        out.write(text)


def card_text(card: Card) -> str:
    """The card: a YAML head for hubs, then for people what the model is, its figures beside baselines, and its limits.

    It names no path of the machine it was made on, and no text of the data.

    Raises:
        InputError: the family of the model is not known.

    >>> text = card_text(Card("mine", Outcome("org/base", "cross-encoder", data="abc")))
    >>> text.splitlines()[:3]
    ['---', 'library_name: "sentence-transformers"', 'pipeline_tag: "text-ranking"']
    """
    sections = (_about(card), _figures(card), _teacher(card), _use(card), _training(card), _limits(card))
    return f"{_head(card)}\n# {_plain(card.name)}\n\n" + "\n\n".join(part for part in sections if part) + "\n"


def card_body(folder: str | Path) -> str:
    """The card of a model folder as people read it, without what hubs read at its head; empty where there is none.

    Raises:
        DataError: it cannot be read.
    """
    path = Path(folder) / CARD
    text = "".join(read_lines(path)) if path.is_file() else ""
    head, _, body = text.partition("\n---\n")
    return body.lstrip("\n") if head.startswith("---") else text


def shown_base(base: str) -> str:
    """A base as others may see it: a hub id or a name as it is, of a path the last part.

    >>> shown_base("cross-encoder/ms-marco-MiniLM-L-6-v2"), shown_base("/srv/weights/bert")
    ('cross-encoder/ms-marco-MiniLM-L-6-v2', 'bert')
    """
    return base if _is_hub_id(base) else _last(base)


def shown_command(arguments: Sequence[str]) -> str:
    """A command as others may see it: of paths that name places of this machine, only the last part.

    >>> shown_command(["tamis", "train", "--data", "/srv/my data.jsonl", "--base=~/m/bert", "--output", "out"])
    "tamis train --data 'my data.jsonl' --base=bert --output out"
    """
    return shlex.join(_shown(argument) for argument in arguments)


def _shown(value: str) -> str:
    name, equals, rest = value.partition("=")
    if equals and name.startswith("-"):
        return f"{name}={_shown(rest)}"
    return _last(value) if PATH.search(value) else value


def _last(path: str) -> str:
    parts = [part for part in re.split(r"[\\/]+", path) if part not in ("", ".", "..", "~")]
    return parts[-1] if parts else "model"


def _is_hub_id(base: str) -> bool:
    # A relative path such as models/bert looks like a hub's id: what is there on the disk is a path.
    return HUB.fullmatch(base) is not None and not Path(base).exists()


def _head(card: Card) -> str:
    """YAML whose values are JSON strings, which YAML reads as they are."""
    family, base = card.family, card.outcome.base
    others = {"sentence-transformers": family.sentence_transformers, "transformers": family.transformers}
    known: dict[str, Any] = {
        "library_name": next((name for name, code in others.items() if code), "tamis"),
        "pipeline_tag": family.task,
        "tags": list(family.tags),
        "language": list(card.languages),
        "license": card.license,
        "base_model": base if _is_hub_id(base) else "",
    }
    lines = ["---"]
    for name, value in known.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"- {_quoted(item)}" for item in value)] if value else []
        elif value:
            lines.append(f"{name}: {_quoted(value)}")
    if card.figures is not None and not _copied(card):
        lines += _index(card, card.figures)
    return "\n".join([*lines, "---", ""])


def _index(card: Card, figures: Figures) -> list[str]:
    """The figures in the form that hubs show beside a model."""
    lines = [
        "model-index:",
        f"- name: {_quoted(card.name)}",
        "  results:",
        "  - task:",
        f"      type: {_quoted(card.family.task)}",
        "    dataset:",
        '      name: "dev queries kept back from the training data"',
        '      type: "unknown"',
        "    metrics:",
    ]
    for measure, one in figures[figures.subject].intervals.items():
        lines += [
            f"    - type: {_quoted(str(measure).replace('@', '_at_'))}",
            f"      name: {_quoted(TITLES[measure])}",
            f"      value: {one.mean:.4f}",
        ]
    return lines


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """A text on one line in which nothing is markup."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _code(text: str, language: str = "") -> str:
    """A block of code; its fence is longer than any within."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _about(card: Card) -> str:
    done = card.outcome
    languages = f" for {', '.join(card.languages)}" if card.languages else ""
    made = f" with tamis {done.versions['tamis']}" if "tamis" in done.versions else ""
    return (
        f"A {done.family}{languages}, trained from {_plain(shown_base(done.base))}{made}. It gives "
        f"{card.family.scores}. The order of scores is what it was trained for: a score is no probability."
    )


def _figures(card: Card) -> str:
    if card.figures is None:
        return "## Figures\n\nNone: no dev queries were kept back, so how good it is has not been measured."
    figures = card.figures
    head = ["system", *TITLES.values(), "gain of training (nDCG@10)", "p"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, *cells in figures.rows():
        lines.append(f"| {' | '.join([_plain(NAMES.get(name, name)), *cells])} |")
    remarks = "\n".join(f"- {remark[0].upper()}{remark[1:]}." for remark in figures.remarks())
    table = "\n".join(lines)
    said = (
        "On dev queries kept back from the training data, means with 95 % bootstrap intervals over queries; p: paired "
        "randomisation test on nDCG@10."
    )
    if _copied(card):
        said = (
            "**Agreement with the teacher, not quality**: nobody labelled the dev queries. A document at the teacher's "
            f"place r has the gain 1 / r; MAP and MRR look for the teacher's first two. {said}"
        )
    return f"## Figures\n\n{said}\n\n{table}\n\n{remarks}"


def _copied(card: Card) -> bool:
    """Whether the dev labels are the teacher's order."""
    return (card.outcome.distilled or {}).get("labels") == TEACHER


def _teacher(card: Card) -> str:
    """The teacher beside the student."""
    if (found := card.outcome.distilled) is None:
        return ""
    lines = ["| system | rank correlation with the teacher | MB | pairs/s |", "|---|---|---|---|"]
    alike, costs = found["agreement"], found["costs"]
    for name in dict.fromkeys((TEACHER, *alike, AFTER)):
        cost = costs.get("student" if name == AFTER else name, {})
        mean = f"{alike[name]['mean']:.3f}" if name in alike else ""
        numbers = (f"{value:,.1f}" if value else "" for value in (cost.get("megabytes"), cost.get("pairs_per_second")))
        lines.append(f"| {' | '.join([NAMES.get(name, name), mean, *numbers])} |")
    said = (
        f"It learnt the scores that {_plain(found['teacher'])} gave {found['pairs']:,} pairs, multiplied by "
        f"{found['factor']:g}. The rank correlation is Spearman's within each dev query."
    )
    return "## Teacher\n\n" + said + "\n\n" + "\n".join(lines)


def _use(card: Card) -> str:
    family = card.family
    parts = [
        f"### {name}\n\n{_code(code.replace('FOLDER', 'path/to/this/folder'), 'python')}"
        for name, code in (
            ("tamis", family.tamis),
            ("sentence-transformers", family.sentence_transformers),
            ("transformers", family.transformers),
        )
        if code
    ]
    return "\n\n".join(["## Use", *parts])


def _training(card: Card) -> str:
    done = card.outcome
    rows: dict[str, Any] = {
        "training data": done.data and f"digest {done.data}",
        "dev data": done.dev and f"digest {done.dev}",
        **{name.replace("_", " "): f"{count:,}" for name, count in done.counts.items()},
        "steps": done.steps or "",
        "weights of step": done.best_step or "",
        "ended because": done.stopped,
        "duration": f"{done.seconds:.0f} s" if done.seconds else "",
        "speed": f"{done.pairs_per_second:.1f} pairs a second" if done.pairs_per_second else "",
        "model": done.fingerprint,
        "made on": done.created,
    }
    lines = ["| what | value |", "|---|---|"]
    lines += [f"| {_plain(name)} | {_plain(str(value))} |" for name, value in rows.items() if value]
    options = {name: _shown(value) if isinstance(value, str) else value for name, value in done.options.items()}
    parts = ["## Training", "\n".join(lines)]
    if options:
        parts += ["Options:", _code(json.dumps(options, ensure_ascii=False, indent=1, default=str), "json")]
    if done.command:
        parts += ["Made by:", _code(done.command, "sh")]
    if done.versions:
        parts.append("Versions: " + ", ".join(f"{name} {one}" for name, one in done.versions.items()) + ".")
    return "\n\n".join(parts)


def _limits(card: Card) -> str:
    limits = [
        "Measured on queries like those it was trained on; queries of other kinds, domains and languages are not "
        "measured.",
        "Measured by reordering given lists of labelled documents; search over a whole collection is not measured, and "
        "a document that nobody labelled counts nowhere.",
        "Whether the training data are free of the dev queries' near-copies, fair to groups of people, or free of "
        "personal data, is not known here: the data are known by their digest only.",
        "A threshold, calibration or policy made for another model, its base included, does not hold for it.",
    ]
    if card.figures is not None:
        early = (
            "The dev queries also chose the checkpoint where training stopped early: the figures are then optimistic."
        )
        limits.insert(0, early)
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits)
