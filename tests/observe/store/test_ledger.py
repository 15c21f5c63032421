"""The ledger and what lies beside it: rows follow each other one by one, and nobody changes one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tamis.errors import InputError, NotFoundError, StaleError, StorageError, StoreError


def test_rows_come_back_as_they_were_given(store):
    first = store.append("propose", actor="ann", subject="shop", policy="d1", details={"x": [0.1, "é"]})
    second = store.append("adopt", actor="bo", subject="shop")
    assert (first.id, second.id) == (1, 2)
    assert store.entries() == [first, second] and store.entries(after=1) == [second] and store.head() == second
    assert first.details == {"x": [0.1, "é"]}
    assert store.verify() == 2


def test_an_empty_ledger_is_whole(store):
    assert (store.entries(), store.head(), store.verify()) == ([], None, 0)


def test_what_follows_another_row_than_the_caller_knows_is_refused(store):
    store.append("propose", actor="a", subject="s", expected=0)
    with pytest.raises(StaleError, match="newest row is 1, not 0: adopt was not done"):
        store.append("adopt", actor="a", subject="s", expected=0)
    assert store.append("adopt", actor="a", subject="s", expected=1).id == 2


@pytest.mark.parametrize("expected", [None, 0])
def test_eight_that_append_at_once_follow_each_other(opened, expected):
    stores = [opened() for _ in range(4)]

    def work(number):
        done = 0
        for turn in range(5):
            try:
                stores[number % 4].append("turn", actor=str(number), subject=str(turn), expected=expected)
                done += 1
            except StaleError:
                assert expected is not None
        return done

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(work, range(8)))
    assert done == (40 if expected is None else 1)
    assert stores[0].verify() == done
    if expected is None:
        for number in range(8):  # each one's own rows are in its order
            assert [e.subject for e in stores[0].entries() if e.actor == str(number)] == list("01234")


REPLACED = "SELECT id, at, 'x', act, subject, policy, details, parent, digest FROM ledger"
FORBIDDEN = {
    "UPDATE ledger SET actor = 'x'": "both",
    "DELETE FROM ledger": "both",
    "TRUNCATE ledger": "postgresql",
    f"INSERT OR REPLACE INTO ledger {REPLACED}": "sqlite",
}


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_itself_refuses_to_change_a_row(store, statement):
    if FORBIDDEN[statement] not in ("both", store.database.engine.dialect.name):
        pytest.skip("the other database's words")
    kept = store.append("propose", actor="ann", subject="shop")
    refused = pytest.raises((StorageError, sa.exc.IntegrityError), match="the ledger only grows")
    with refused, store.database.writing() as connection:
        connection.execute(sa.text(statement))
    assert store.entries() == [kept]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE ledger SET actor = 'x' WHERE id = 2", r"broken at row 2 \(a1 of s\)"),
        ("UPDATE ledger SET at = at + 1 WHERE id = 1", "broken at row 1"),
        ("UPDATE ledger SET details = '{}' WHERE id = 3", "broken at row 3"),
        ("DELETE FROM ledger WHERE id = 2", "row 2 is missing"),
    ],
)
def test_a_row_changed_behind_the_triggers_is_named(store, change, says):
    for number in range(3):
        store.append(f"a{number}", actor="ann", subject="s", details={"n": number})
    with store.database.writing() as connection:
        if store.database.path is None:
            connection.execute(sa.text("ALTER TABLE ledger DISABLE TRIGGER ALL"))
        else:
            connection.execute(sa.text("DROP TRIGGER ledger_no_update"))
            connection.execute(sa.text("DROP TRIGGER ledger_no_delete"))
        connection.execute(sa.text(change))
    with pytest.raises(StoreError, match=says):
        store.verify()


@pytest.mark.parametrize(
    "bad",
    [{"act": ""}, {"actor": None}, {"subject": "a\x00b"}, {"details": {"x": float("nan")}}, {"details": {"x": {1}}}],
)
def test_what_is_no_row_is_refused(store, bad):
    with pytest.raises(InputError):
        store.append(bad.get("act", "a"), **{"actor": "a", "subject": "s", **{k: bad[k] for k in bad if k != "act"}})
    assert store.entries() == []


def test_policies_are_kept_by_their_digest(store):
    digest = store.keep_policy({"threshold": 0.25, "名": "é"}, "first")
    assert store.keep_policy({"名": "é", "threshold": 0.25}, "second") == digest
    assert store.policy_content(digest) == {"threshold": 0.25, "名": "é"}
    assert store.policies() == {digest: "first"}
    with pytest.raises(NotFoundError, match="no policy with the digest 'x'"):
        store.policy_content("x")


def test_the_newest_baseline_of_a_policy_counts(store):
    assert store.baseline("p") is None
    for content in ({"ks": 1}, {"ks": 2}):
        store.keep_baseline("p", content)
    store.keep_baseline("q", {"ks": 3})
    assert store.baseline("p") == {"ks": 2}
    with pytest.raises(InputError, match="no JSON value"):
        store.keep_baseline("p", {"x": float("inf")})
