"""The forms that are known, and how a row's or a file's form is found."""

from __future__ import annotations

import difflib

from tamis.data.forms.base import Form
from tamis.data.forms.lists import read_list, write_list
from tamis.data.forms.messages import read_messages, write_messages
from tamis.data.forms.pairs import PairColumns
from tamis.data.forms.traits import ALL
from tamis.data.forms.triplets import FLAG, Columns, each_with_all, each_with_each, read_flag, write_flag
from tamis.data.rows import Row
from tamis.errors import InputError


def recognise(row: Row) -> Form:
    """The form a row is written in: the first of ``FORMS`` whose columns it has.

    Raises:
        DataError: none fits; the message lists the columns found, the forms known and the name perhaps meant.

    >>> recognise(Row("f.csv", 2, {"query": "q", "positive_doc": "a", "negative_doc": "b"})).name
    'triplets'
    """
    for form in FORMS:
        if all(column in row.values for column in form.columns):
            return form
    known = sorted({column for form in FORMS for column in form.columns})
    near = [(c, *difflib.get_close_matches(c, known, 1)) for c in row.values if c not in known]
    meant = "".join(f" Did you mean {pair[1]!r} instead of {pair[0]!r}?" for pair in near if len(pair) > 1)
    forms = "; ".join(f"{form.name} ({', '.join(form.columns)})" for form in FORMS)
    raise row.error(f"unknown form: found the columns {', '.join(row.values) or 'none'}. Known: {forms}.{meant}")


def form_named(word: str) -> Form:
    """The form that the command line calls so.

    Raises:
        InputError: there is none; the message lists the words known.

    >>> form_named("ms-swift3").columns
    ('query', 'response', 'rejected_response')
    """
    words = {form.word: form for form in FORMS}
    if found := words.get(word):
        return found
    near = difflib.get_close_matches(word, words, 1)
    meant = f". Did you mean {near[0]!r}?" if near else ""
    raise InputError(f"unknown form {word!r}: expected one of {', '.join(sorted(words))}{meant}")


def _triplets(name: str, word: str, columns: Columns) -> Form:
    """Triplets of sentence-transformers, whose losses take each column for an input: nothing but texts stands there."""
    needed, write = (columns.query, columns.positive), each_with_each(columns, blank=False, carries_instruction=False)
    more = (columns.negative, columns.more, "instruction")
    return Form(name, word, needed, columns.read, write, optional=more, same_columns=True)


def _pairs(name: str, word: str, columns: PairColumns) -> Form:
    needed = (columns.query, columns.document, columns.label)
    carries = frozenset({"grades", "no positive", "blank documents"})
    return Form(name, word, needed, columns.read, columns.rows, optional=("instruction",), carries=carries)


_TRIPLETS = Columns("query", "positive_doc", "negative_doc")
_SWIFT_3 = Columns("query", "response", "rejected_response", "system")
_ANCHOR = Columns("anchor", "positive", "negative")
_QUERY = Columns("query", "positive", "negative")
_PAIRS = PairColumns("query", "document", "label", more=True)
_SCORES = PairColumns("sentence1", "sentence2", "score")
_LABELS = PairColumns("sentence1", "sentence2", "label")

# The first whose columns are all there is the form, so that richer forms stand before the forms they contain.
FORMS: tuple[Form, ...] = (
    Form(
        "triplets",
        "triplets",
        ("query", "positive_doc", "negative_doc"),
        _TRIPLETS.read,
        each_with_each(_TRIPLETS, blank=True, carries_instruction=True),
        optional=(_TRIPLETS.more, "instruction"),
        carries=frozenset({"instruction"}),
    ),
    Form(
        "ms-swift messages",
        "messages",
        ("messages", "positive_messages"),
        read_messages,
        write_messages,
        optional=("negative_messages", "instruction"),
        carries=frozenset({"instruction", "blank documents"}),
    ),
    Form(
        "ms-swift",
        "ms-swift3",
        ("query", "response", "rejected_response"),
        _SWIFT_3.read,
        each_with_all(_SWIFT_3),
        optional=(_SWIFT_3.more, "system", "instruction"),
        carries=frozenset({"instruction"}),
    ),
    _triplets("sentence-transformers triplets", "sentence-transformers", _ANCHOR),
    _triplets("sentence-transformers query triplets", "sentence-transformers-query", _QUERY),
    Form(
        "FlagEmbedding",
        "flagembedding",
        ("query", "pos"),
        read_flag,
        write_flag,
        optional=(FLAG.negative, FLAG.more, "pos_scores", "neg_scores", "prompt", "instruction"),
        carries=frozenset({"instruction", "scores"}),
    ),
    _pairs("sentence-transformers scores", "sentence-transformers-scores", _SCORES),
    _pairs("sentence-transformers labels", "sentence-transformers-labels", _LABELS),
    Form(
        "lists",
        "lists",
        ("query", "documents"),
        read_list,
        write_list,
        optional=("labels", "scores", "weights", "instruction"),
        carries=ALL,
    ),
    Form(
        "pairs",
        "pairs",
        ("query", "document"),
        _PAIRS.read,
        _PAIRS.rows,
        optional=("label", "teacher_score", "weight", "instruction"),
        carries=ALL - {"no documents"},
    ),
)
