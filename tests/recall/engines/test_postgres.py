"""PostgreSQL: counts are exact whoever writes, HNSW is never short under a filter, broken connections are mended."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis import Document, Query
from tamis.errors import IndexStoreError, RemoteError
from tamis.filters import Filter
from tamis.recall import Index
from tamis.recall.engines import create_collection, open_collection

from .conftest import HashingEncoder, make_documents

psycopg = pytest.importorskip("psycopg", reason="needs tamis[pg]")


@pytest.fixture
def table():
    return f"T {secrets.token_hex(4)}"  # a name that must be quoted


@pytest.fixture
def url(postgresql, table):
    return f"{postgresql}{'&' if '?' in postgresql else '?'}table={table}"


@pytest.fixture
def held(url):
    made = create_collection(url, encoder=HashingEncoder())
    yield made
    made.close()


@pytest.fixture
def direct(postgresql):
    with psycopg.connect(postgresql, autocommit=True) as connection:
        yield connection


def recounted(direct, table):
    """What the tables of counts say, and what counting again gives."""
    kept = dict(direct.execute(f'SELECT token, documents FROM "{table}_tokens" WHERE documents <> 0').fetchall())
    fresh = dict(direct.execute(f'SELECT lexeme, count(*) FROM "{table}", unnest(words) GROUP BY 1').fetchall())
    sizes = direct.execute(f'SELECT documents, tokens FROM "{table}_made"').fetchone()
    again = direct.execute(f'SELECT count(*), coalesce(sum(length), 0) FROM "{table}"').fetchone()
    return (kept, sizes), (fresh, again)


def test_counts_stay_exact_with_four_writers(held, url, table, direct):
    def write(seed):
        own = open_collection(url, encoder=HashingEncoder())
        for part in range(3):
            own.add(make_documents(40, seed=seed * 10 + part, start=20 * seed))
        own.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    held.delete([f"d{at:05d}" for at in range(5, 25)])
    kept, fresh = recounted(direct, table)
    assert kept == fresh and len(held) == 100 - 20 and kept[0]


def test_a_block_is_written_whole_or_not_at_all(held, table, direct):
    held.add(make_documents(20))
    before = recounted(direct, table)[0]
    engine = held._engine
    rows = held._rows(make_documents(5, seed=3))
    with pytest.raises(RemoteError, match="PostgreSQL table"):
        engine.put([*rows, rows[0]])  # an id that stands twice in a block
    kept, fresh = recounted(direct, table)
    assert kept == fresh == before and len(held) == 20


def test_hnsw_is_used_and_a_rare_filter_finds_all(held, table, direct):
    documents = [
        Document(d.id, d.text, fields={"rare": at % 250 == 0, "at": at}) for at, d in enumerate(make_documents(2000))
    ]
    held.add(documents)
    direct.execute(f'ANALYZE "{table}"')
    plan = "\n".join(
        row[0]
        for row in direct.execute(
            f'EXPLAIN SELECT id FROM "{table}" ORDER BY vector <#> %s::halfvec LIMIT 10', ["[" + "0.1," * 31 + "1]"]
        )
    )
    assert "using" in plan and "vector" in plan, plan
    index = Index.build(documents, encoder=HashingEncoder())
    for text in ("drum sieve", "法院 wing", "soup"):
        exact = {c.doc.id: c.score for c in index.search(text, 50, mode="dense")}
        found = {c.doc.id: c.score for c in held.search([text], 50, mode="dense")[0]}
        least = min(exact.values())
        assert sum(score >= least - 5e-4 for score in found.values()) >= 48
        (rare,) = held.search([Query(text, where=Filter.of({"rare": True}))], 50, mode="dense")
        assert {c.doc.id for c in rare} == {d.id for d in documents if d.fields["rare"]}
        (few,) = held.search([Query(text, where=Filter.of({"at": {"lt": 3}}))], 2, mode="dense")
        assert len(few) == 2


def test_a_connection_that_broke_while_idle_is_opened_anew(held, direct):
    held.add(make_documents(5))
    direct.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert len(held) == 5
    held.add(make_documents(5, start=5))
    assert len(held) == 10


def test_a_table_that_others_made_is_refused(url, table, direct):
    direct.execute(f'CREATE TABLE "{table}" (id int)')
    with pytest.raises(IndexStoreError, match="tamis did not"):
        open_collection(url)
    with pytest.raises(IndexStoreError, match="is there already"):
        create_collection(url, encoder=None)


def test_a_table_that_went_away_is_one_clear_error(held, table, direct):
    direct.execute(f'DROP TABLE "{table}"')
    with pytest.raises(RemoteError, match="does not exist"):
        held.search(["drum"], 5)


def test_twelve_threads_share_a_collection(held):
    held.add(make_documents(50))
    expected = [c.doc.id for c in held.search(["drum court"], 20)[0]]
    with ThreadPoolExecutor(12) as threads:
        for found in threads.map(lambda _: held.search(["drum court"], 20)[0], range(24)):
            assert [c.doc.id for c in found] == expected


def test_a_writer_that_is_killed_loses_and_doubles_nothing(url, table, direct, tmp_path):
    """``kill -9`` in the middle; the same command with --add brings the rest."""
    corpus = tmp_path / "corpus.jsonl"
    rows = [json.dumps({"id": d.id, "title": d.title, "text": d.text}) for d in make_documents(2500)]
    corpus.write_text("\n".join(rows) + "\n")
    command = [sys.executable, "-m", "tamis", "index", "--docs", corpus, "--to", url, "--encoder", "none"]
    writer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    kept = 0
    while not kept and writer.poll() is None:
        time.sleep(0.01)
        if direct.execute("SELECT to_regclass(quote_ident(%s)) IS NOT NULL", [f"{table}_made"]).fetchone()[0]:
            kept = (direct.execute(f'SELECT documents FROM "{table}_made"').fetchone() or [0])[0]
    writer.kill()
    writer.wait()
    assert 0 < len(open_collection(url)) < 2500
    counts, again = recounted(direct, table)
    assert counts == again
    subprocess.run([*command, "--add"], check=True, capture_output=True)
    counts, again = recounted(direct, table)
    assert counts == again and counts[1][0] == 2500


def test_searches_that_skip_common_tokens_find_what_all_rows_say(held):
    """Common words in most documents, rare ones in few: small lists are cut by tokens that cannot matter."""
    random = np.random.default_rng(0)
    words = [f"w{at}" for at in range(60)]
    chance = 1 / np.arange(1, 61)
    documents = [
        Document(f"d{at:04}", " ".join(random.choice(words, random.integers(3, 40), p=chance / chance.sum())))
        for at in range(800)
    ]
    held.add(documents)
    for _ in range(25):
        query = " ".join(random.choice(words, random.integers(1, 12)))
        (whole,) = held.search([query], 800, mode="bm25")
        for k in (1, 5, 30):
            (short,) = held.search([query], k, mode="bm25")
            assert [(c.doc.id, c.score) for c in short] == [(c.doc.id, c.score) for c in whole[:k]]
