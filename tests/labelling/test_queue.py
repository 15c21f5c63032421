"""The queue's properties: nobody sees a pair twice, each pair gets the labels it takes, in planned order."""

from hypothesis import given
from hypothesis import strategies as st

from tamis.labelling import Entry
from tamis.labelling.log import Said
from tamis.labelling.queue import disputed, is_open, next_pair, shared, wanted

PEOPLE = ("ann", "bob", "eve", "joe")
ORDER = [f"p{at}" for at in range(12)]
acts = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["yes", "no", "skip", "undo"]), st.booleans()), max_size=120
)
shares = st.sampled_from([0.0, 0.2, 0.5, 1.0])


def played(steps, share):
    """Annotators ask and answer in turn; a pair that somebody leaves on the table is held meanwhile."""
    said, table, seen = Said(), {}, []
    for who, act, leaves in steps:
        if act == "undo":
            if (last := said.last(who)) is not None:
                said.take(Entry(last.item, who, "undo"))
                seen.remove((who, last.item))
            continue
        held = {item for other, item in table.items() if other != who}
        item = table.pop(who, None) or next_pair(ORDER, who, said, share, lambda x, held=held: int(x in held))
        if item is None:
            continue
        if leaves:
            table[who] = item
            continue
        seen.append((who, item))
        said.take(Entry(item, who, "skip") if act == "skip" else Entry(item, who, label=act))
    return said, table, seen


@given(acts, shares)
def test_nobody_is_given_a_pair_twice_and_none_gets_more_labels_than_it_takes(steps, share):
    said, _, seen = played(steps, share)
    assert len(seen) == len(set(seen))
    for item in ORDER:
        labels = said.labels(item)
        assert len(labels) <= 3 if shared(item, share) else len(labels) <= 1
        if len(labels) == 3:
            assert len({entry.label for entry in labels[:2]} | {labels[2].label}) > 1


@given(acts, shares)
def test_four_who_never_pass_over_a_pair_finish_everything(steps, share):
    said, _, _ = played([step for step in steps if step[1] in ("yes", "no")], share)
    for _ in range(len(ORDER)):
        for who in PEOPLE:
            while (item := next_pair(ORDER, who, said, share)) is not None:
                said.take(Entry(item, who, label="yes"))
    assert not any(is_open(item, said, share) or disputed(item, said) for item in ORDER)
    assert all(len(said.labels(item)) == wanted(item, said, share) for item in ORDER)


@given(acts, shares)
def test_without_skips_and_undos_the_labelled_pairs_begin_the_order_but_for_those_on_the_table(steps, share):
    said, table, _ = played([step for step in steps if step[1] in ("yes", "no")], share)
    touched = [item in table.values() or bool(said.labels(item)) for item in ORDER]
    assert touched == sorted(touched, reverse=True)


def test_a_disputed_pair_goes_to_a_third_only():
    said = Said()
    for who, label in (("ann", "yes"), ("bob", "no")):
        said.take(Entry("p0", who, label=label))
    assert disputed("p0", said) and wanted("p0", said, 0.0) == 3
    assert [next_pair(["p0"], who, said, 0.0) for who in ("ann", "bob", "eve")] == [None, None, "p0"]
    assert next_pair(["p0"], "eve", said, 0.0, lambda _: 1) is None
    said.take(Entry("p0", "eve", label="yes"))
    assert not disputed("p0", said) and next_pair(["p0"], "joe", said, 0.0) is None


def test_the_share_that_two_see_is_a_fact_of_the_name():
    assert [shared(item, 0.0) for item in ORDER] == [False] * 12 and all(shared(item, 1.0) for item in ORDER)
    assert abs(sum(shared(str(at), 0.2) for at in range(5000)) - 1000) < 100
