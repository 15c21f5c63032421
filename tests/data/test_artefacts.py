"""Artefacts come back as they were written, byte for byte, and what was changed is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import canonical, digest, read_artefact, write_artefact
from tamis.data.artefacts import VERSION, artefact
from tamis.errors import InputError, PolicyError

KIND = "tamis-policy"
KEYS = st.text(max_size=8).filter(lambda key: key not in ("kind", "version", "sha256"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)
CONTENTS = st.dictionaries(KEYS, VALUES, max_size=6)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "policy.json"


@settings(max_examples=150)
@given(CONTENTS)
def test_what_is_written_is_read_and_written_again_as_the_same_bytes(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "round.json"
    write_artefact(path, KIND, content)
    written = path.read_bytes()
    assert read_artefact(path, KIND) == content
    write_artefact(path, KIND, read_artefact(path, KIND))
    assert path.read_bytes() == written


@settings(max_examples=100)
@given(CONTENTS, st.randoms(use_true_random=False))
def test_equal_values_have_equal_text_and_digest(content, random):
    items = list(content.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(content) == canonical(json.loads(canonical(content)))
    assert digest(dict(items)) == digest(content)


def test_the_file_is_readable_and_says_what_it_is():
    text = artefact(KIND, {"阈值": 0.5})
    assert "阈值" in text and text.endswith("}\n") and len(text.splitlines()) > 4
    whole = json.loads(text)
    assert (whole["kind"], whole["version"]) == (KIND, VERSION)
    assert whole.pop("sha256") == digest(whole)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"threshold": 0.5', '"threshold": 0.4'),
        ('"threshold": 0.5', '"threshold": NaN'),
        ('"threshold": 0.5', '"threshold": 1e999'),
        ('"threshold": 0.5', '"threshold": "\\ud800"'),
        ('"sha256": "', '"sha256": "0'),
        ('"sha256"', '"sha"'),
        ('"threshold"', '"other": 1, "threshold"'),
    ],
)
def test_a_changed_file_is_refused(path, old, new):
    text = artefact(KIND, {"threshold": 0.5})
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(PolicyError, match=r"policy\.json was changed after it was written"):
        read_artefact(path, KIND)


def test_a_file_that_was_only_laid_out_anew_is_read(path):
    path.write_text(json.dumps(json.loads(artefact(KIND, {"b": [1, 2], "a": 0.1})), indent=8), "utf-8")
    assert read_artefact(path, KIND) == {"a": 0.1, "b": [1, 2]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be read as a tamis-policy"),
        (b"threshold = 0.5", "cannot be read as a tamis-policy"),
        (b"\xff\xfe\x00", "cannot be read as a tamis-policy"),
        (b"[" * 100_000, "cannot be read as a tamis-policy"),
        (b"[1, 2]", "expected a tamis-policy, got 'list'"),
        (b"{}", "expected a tamis-policy, got 'no kind'"),
        (b'{"kind": "tamis-calibration"}', "expected a tamis-policy, got 'tamis-calibration'"),
        (b'{"kind": "tamis-policy"}', f"written in version None, this tamis reads {VERSION}"),
        (b'{"kind": "tamis-policy", "version": 99}', f"written in version 99, this tamis reads {VERSION}"),
    ],
)
def test_what_is_no_artefact_is_refused(path, content, says):
    path.write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        read_artefact(path, KIND)
    assert says in str(caught.value) and str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(path, tmp_path):
    for place in (path, tmp_path):
        with pytest.raises(PolicyError, match="cannot be read as a tamis-policy"):
            read_artefact(place, KIND)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(InputError):
        write_artefact(tmp_path / "no" / "policy.json", KIND, {})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_artefact(tmp_path / "policy.json", KIND, {"threshold": float("nan")})
    assert list(tmp_path.iterdir()) == []
