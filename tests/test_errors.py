"""The error tree: as drawn, each also the built-in kind a caller would expect, places named in order."""

import inspect
import pickle
import re

import pytest

from tamis import errors
from tamis.errors import DataError, IndexStoreError, InputError, MissingExtraError, TamisError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, TamisError)]


def test_the_drawing_in_the_docstring_is_the_tree():
    drawn, above = {}, {}
    for line in errors.__doc__.splitlines():
        if found := re.match(r"^ *((?:│ *| )*(?:[├└]── )?)(\w+(?:Error|Mismatch|Expired))\b", line):
            depth = len(found[1]) // 4
            above[depth] = found[2]
            drawn[found[2]] = above.get(depth - 1, "Exception")
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}


def test_errors_are_also_the_built_in_kind():
    assert issubclass(InputError, ValueError)
    assert issubclass(DataError, InputError)
    assert issubclass(MissingExtraError, ImportError)
    assert not issubclass(IndexStoreError, ValueError)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "bad"),
        ({"path": "a.jsonl"}, "a.jsonl: bad"),
        ({"path": "a.jsonl", "line": 0}, "a.jsonl, line 0: bad"),
        ({"path": "a.jsonl", "line": 3, "field": "text"}, "a.jsonl, line 3, field 'text': bad"),
        ({"field": "text"}, "field 'text': bad"),
    ],
)
def test_a_data_error_names_file_line_and_field(place, text):
    error = DataError("bad", **place)
    assert str(error) == text
    assert (error.message, error.line, error.field) == ("bad", place.get("line"), place.get("field"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_survive_the_way_between_processes(kind):
    error = kind("what, where, remedy")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error)


def test_a_data_error_keeps_its_place_between_processes():
    again = pickle.loads(pickle.dumps(DataError("bad", path="a.jsonl", line=3, field="text")))
    assert str(again) == "a.jsonl, line 3, field 'text': bad"
    assert (again.message, again.path, again.line, again.field) == ("bad", "a.jsonl", 3, "text")
