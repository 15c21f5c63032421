"""A labelling project as HTML: the pair to judge, how far everybody is, how far they agree, where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tamis.data.agree import Agreement, Estimate
from tamis.labelling import Charter, Entry, Guide, Item, Outlook, Standing
from tamis.workbench.marks import Markup, bar, note, table, text
from tamis.workbench.words import Said

FIGURES = ("percent_agreement", "cohen_kappa", "krippendorff_alpha", "gwet_ac1")
FILES: Mapping[str, str] = {  # what is offered, by the word that names it
    "labels_jsonl": "labels.jsonl",
    "labels_csv": "labels.csv",
    "rounds_jsonl": "labels-every-round.jsonl",
    "annotations_jsonl": "annotations.jsonl",
    "annotations_csv": "annotations.csv",
}


def pair(item: Item, words: Said) -> str:
    """A pair, large; its score is not shown, nor is anything marked: nobody shall be swayed."""
    title = f"<h4>{text(item.title)}</h4>" if item.title else ""
    return (
        f'<article class="t-pair" data-item="{text(item.id)}">'
        f'<p class="t-small">{text(words("query"))}</p><p class="t-asked">{text(item.query)}</p>'
        f'<p class="t-small">{text(words("document"))}</p>{title}<div class="t-judged">{text(item.document)}</div>'
        "</article>"
    )


def guidelines(guide: Guide, words: Said) -> str:
    """What makes a document relevant, as whoever made the project has put it; foldable."""
    if not guide.guidelines.strip():
        return ""
    head = text(words("guidelines"))
    return f'<details class="t-guide" open><summary>{head}</summary><div>{text(guide.guidelines)}</div></details>'


def so_far(counts: tuple[int, int], mine: int, last: str, words: Said) -> str:
    """How far it has come, in a line."""
    labelled, planned = counts
    said = text(words("so_far", labelled=labelled, planned=planned, mine=mine))
    told = f' <span class="t-small">· {text(words("last", label=last))}</span>' if last else ""
    return f'<p class="t-sofar" id="labels-line">{bar(labelled / planned if planned else 1.0)} {said}{told}</p>'


def standing(found: Standing, charter: Charter, words: Said) -> str:
    """How far everybody is, and what the labels let expect of the promise."""
    target = charter.target
    kind = {"shown": "good", "on": "good", "hopeless": "warning", "refused": "warning"}.get(found.outlook.kind, "plain")
    rows = [
        (name, part.labels, part.skipped, "" if part.seconds is None else f"{part.seconds:.1f}")
        for name, part in found.by_annotator.items()
    ]
    parts = [
        f"<p>{text(words('promise', least=target.least, confidence=target.confidence))}</p>",
        note(outlook(found.outlook, words), kind),
        note(words("round", round=found.round, earlier=found.earlier)) if found.round > 1 else "",
        note(words("passed", passed=found.passed), "warning") if found.passed else "",
        table([words(head) for head in ("annotator", "labels", "skips", "pace")], rows) if rows else "",
    ]
    return "".join(parts)


def outlook(found: Outlook, words: Said) -> str:
    """What the labels let expect, in the page's language."""
    values = found.values
    said = [words(f"outlook_{found.kind}", **values)]
    if "planned" in values:
        said.append(words("outlook_short", **values))
    if values.get("unplanned"):
        said.append(words("outlook_unplanned", **values))
    if "least" in values:
        said.append(words("outlook_near", **values))
    return " ".join(said)


def agreement(found: Agreement | None, words: Said) -> str:
    """How far annotators agree; None where no pair has labels of two."""
    if found is None:
        return note(words("no_agreement"))
    rows = [(words(name), *_estimate(found.coefficients[name], words)) for name in FIGURES]
    heads = [words(head) for head in ("figure", "value", "interval")]
    return table(heads, rows, label=words("agreement", pairs=len(found.table.items)))


def disputes(found: Sequence[tuple[Item, Sequence[Entry]]], words: Said, *, openly: bool) -> str:
    """The pairs on which two differ and no third has spoken.

    Args:
        found: each with what was said of it.
        words: says the sentences of the tab.
        openly: show who said what.
    """
    head = f'<h4 class="t-head">{text(words("disputes", count=len(found)))}</h4>'
    if not found:
        return head
    heads = [words("query"), words("document"), *([words("said")] if openly else [])]
    rows = [
        (item.query, f"{item.title} {item.document}".strip()[:300], *([_by(said, words)] if openly else []))
        for item, said in found
    ]
    hidden = "" if openly else f'<p class="t-small">{text(words("hidden"))}</p>'
    return head + hidden + table(heads, rows)


def files(links: Mapping[str, str], guide: Guide, words: Said, *, rounds: int) -> str:
    """The files of a project, as links.

    Args:
        links: by the word that names the file.
        guide: the project's.
        words: says the sentences of the tab.
        rounds: how many there are; with one, there is no file of all rounds.
    """
    head = f'<h4 class="t-head">{text(words("files"))}</h4>'
    if not links:
        return head + note(words("no_files"))
    least = "" if guide.binary else words("least_of", grade=f"{guide.least:g}")
    shown = "".join(
        f'<a class="t-file" download href="{text(link)}">{text(words(f"file_{name}"))}</a>'
        for name, link in links.items()
        if name != "rounds_jsonl" or rounds > 1
    )
    lead = text(words("files_lead", least=least))
    return f'{head}<p>{lead}</p><p class="t-files">{shown}</p>'


def code(invitation: str, words: Said) -> str:
    """An invitation code, large."""
    return f'<p>{text(words("invite"))}</p><p><code class="t-code">{text(invitation)}</code></p>'


def _estimate(found: Estimate, words: Said) -> tuple[str, str]:
    if found.value is None:
        return words("undefined"), ""
    low_high = found.interval
    told = "" if low_high is None else words("range", low=_number(low_high[0]), high=_number(low_high[1]))
    return _number(found.value), told


def _number(value: float) -> str:
    """Three digits; a zero has no sign."""
    return f"{round(value, 3) + 0.0:.3f}"


def _by(said: Sequence[Entry], words: Said) -> Markup:
    return Markup("<br>".join(text(words("by", name=one.annotator, label=one.label)) for one in said))
