"""Replies of models, whatever they send: read where they can be, refused in one sentence where not."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.rewrite.model.replies import Said, UnusableReply, read

values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
fields = st.fixed_dictionaries({}, optional=dict.fromkeys(("standalone", "variants", "changes"), values | st.text()))
strings = st.text().filter(lambda text: text.isprintable() and text.strip())


@given(st.text() | values.map(json.dumps) | fields.map(json.dumps))
def test_any_text_is_read_or_refused(text):
    try:
        said = read(text)
    except UnusableReply as error:
        assert "\n" not in str(error) and len(str(error)) < 100
    else:
        assert said.standalone and all(said.variants) and "\n" not in said.standalone


@given(strings, st.lists(strings, max_size=3), st.text(alphabet='ab{}[]\n`" ', max_size=20))
def test_what_was_sent_is_what_is_read(standalone, variants, around):
    sent = json.dumps({"standalone": standalone, "variants": variants, "changes": []})
    said = Said(" ".join(standalone.split()), tuple(" ".join(one.split()) for one in variants))
    assert read(sent) == read(f"```json\n{sent}\n```") == said
    if "{" not in around and "`" not in around:
        assert read(f"{around}{sent}{around}") == said


@pytest.mark.parametrize(
    "text", ["{" * 200_000, '{"a":' * 100_000, "[" * 200_000, '{"a": 1} ' * 50_000, "```\n" * 50_000]
)
def test_long_nonsense_is_refused_soon(text):
    begun = time.process_time()
    with pytest.raises(UnusableReply):
        read(text)
    assert time.process_time() - begun < 2


def test_changes_that_say_nothing_are_left_out():
    changes = [{"before": "a", "after": "a", "why": "x"}, {"before": "it", "after": "rain"}, 7, None]
    good = {"before": "it", "after": "rain", "why": "w" * 500}
    (one,) = read(json.dumps({"standalone": "rain?", "changes": [*changes, good]})).changes
    assert (one.kind, one.before, one.after, len(one.why)) == ("model", "it", "rain", 200)
    assert read('{"standalone": "rain?", "variants": null, "changes": {}}') == Said("rain?")
