"""What ``tamis label`` shows; and labelling in the terminal: a pair on the screen, a key for its grade."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from tamis.cli import show
from tamis.cli.agree import TITLES

if TYPE_CHECKING:
    from rich.text import Text

    from tamis.data.agree import Agreement
    from tamis.labelling import Exported, Guide, Item, Project, Standing

SHOWN = ("percent_agreement", "cohen_kappa", "krippendorff_alpha", "gwet_ac1")  # figures that ``status`` lists
SKIP, UNDO, QUIT = "s", "u", "q"
KEYS = "0123456789abcdefghijklmnop"  # of grades whose numbers are no single digits: their places


def work(project: Project, annotator: str) -> int:
    """Show pair after pair until none is left or the annotator has enough; returns how many were labelled."""
    keys, count = keys_of(project.guide), 0
    if project.guide.guidelines:
        show.out(_text(project.guide.guidelines))
    while (item := project.next(annotator)) is not None:
        key, seconds = _asked(item, keys)
        if key == QUIT:
            return count
        if key == UNDO:
            count -= _taken_back(project, annotator)
        elif key == SKIP:
            project.skip(item.id, annotator, seconds=seconds)
        else:
            project.label(item.id, annotator, keys[key], seconds=seconds)
            count += 1
    show.say(f"nothing is left for {annotator}")
    return count


def keys_of(guide: Guide) -> Mapping[str, str]:
    """The key of each grade: its number where all are single digits, else its place.

    >>> from tamis.labelling import Guide
    >>> keys_of(Guide(grades=("no", "yes")))
    {'0': 'no', '1': 'yes'}
    """
    numbers = [f"{number:g}" for number in guide.numbers]
    digits = all(len(number) == 1 for number in numbers)
    return dict(zip(numbers if digits else KEYS, guide.grades, strict=False))


def _asked(item: Item, keys: Mapping[str, str]) -> tuple[str, float]:
    """The key that was pressed for a pair, and after how many seconds."""
    show.out("")
    show_pair(item)
    shown = "  ".join(f"{key} {grade}" for key, grade in keys.items())
    show.say(f"{shown}  {SKIP} skip  {UNDO} undo  {QUIT} quit")
    start = time.monotonic()
    while True:
        key = typer.getchar().lower()
        if key in (QUIT, "\x03", "\x04", "\x1b"):  # Ctrl-C, Ctrl-D and Escape end it, too
            return QUIT, 0.0
        if key in keys or key in (SKIP, UNDO):
            return key, round(time.monotonic() - start, 3)


def _taken_back(project: Project, annotator: str) -> int:
    """Take the last act back; 1 where it was a label, else 0."""
    before = project.history(annotator)
    project.undo(annotator)
    return int(bool(before) and before[0].act == "label")


def show_pair(item: Item) -> None:
    """Print a pair; line breaks stay, and what could steer a terminal does not."""
    show.out(_text(item.query, "bold"))
    for text in filter(None, (item.title, item.document)):
        show.out(_text(text))


def _text(text: str, style: str = "") -> Text:
    """A text as it stands: rich colours numbers and reads markup in strings only."""
    from rich.text import Text

    return Text(show.safe(text), style)


def show_people(project: Project, standing: Standing) -> None:
    """Print each annotator's part."""
    name = show.printable(project.guide.title)
    table = show.table(f"{name}: {standing.labels} labels", "annotator", "labels", "skipped", "seconds a label")
    for who, part in standing.by_annotator.items():
        pace = "" if part.seconds is None else f"{part.seconds:.1f}"
        table.add_row(show.printable(who), str(part.labels), str(part.skipped), pace)
    table.caption = f"{standing.open} labels to give; annotators differ on {standing.disputed} pairs"
    table.caption_justify = "left"
    show.out(table)


def show_agreement(agreed: Agreement) -> None:
    """Print how far annotators agree."""
    table = show.table(f"{len(agreed.table.items)} pairs with two annotators", "figure", "value", "95 %")
    for name in SHOWN:
        found = agreed.coefficients[name]
        low_high = "" if found.interval is None else "{:.3f} to {:.3f}".format(*found.interval)
        value = show.printable(f"not defined: {found.reason}") if found.value is None else f"{found.value:.3f}"
        table.add_row(TITLES[name], value, low_high)
    show.out(table)


def show_exported(project: Project, made: Exported, every_round: bool) -> None:
    """Say what was exported, what is missing, and what to do with it."""
    show.say(f"{made.path}: {made.pairs} labelled pairs")
    if made.disputed:
        show.say(f"annotators differ on {made.disputed} of them, and no third has spoken")
    if made.left_out:
        show.say(
            f"{made.left_out} labels of earlier rounds are left out: they chose this round's region (--every-round)"
        )
    if made.left and not every_round:
        show.say(f"{made.left} pairs of the round have no label yet: state no promise before they have")
    whose = f" --model {project.charter.stage}" if project.charter.stage else ""
    least = "" if project.guide.binary else f" --relevant-if {project.guide.least:g}"
    share = f"{project.charter.target.least:g} --confidence {project.charter.target.confidence:g}"
    verb = (
        f"calibrate {made.path}{whose}{least}" if every_round else f"tune {made.path}{whose}{least} --precision {share}"
    )
    show.say(f"then: tamis {verb}")
