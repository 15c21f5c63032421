"""The application on Ray Serve: answers are the server's, replicas share the store, and what is wrong is one error."""

from __future__ import annotations

import os
import re

import httpx
import pytest

from tamis.errors import InputError
from tamis.scale import rayserve

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

ASKED = {"query": "what sieves soup?", "documents": ["Rain fell.", "A tamis sieves soup.", "今天下雨。"]}


WRONG = [
    ({"replica": "1"}, "'replica' is not known"),
    ({"replicas": "many"}, "expected numbers"),
    ({"replicas": "0"}, "at least one replica"),
    ({"replicas": "3", "most": "2"}, "at least replicas"),
]


@pytest.mark.parametrize(("given", "says"), WRONG)
def test_what_cannot_be_deployed_is_said_before_ray_is_asked(given, says):
    with pytest.raises(InputError, match=says):
        rayserve.build(given)


def test_the_application_is_that_of_tamis_serve(tmp_path, monkeypatch):
    from fastapi.testclient import TestClient

    (tmp_path / "tamis.toml").write_text(
        'encoder = ""\n[models.mine]\nmodel = "tamis-mini"\n[observe]\nstore = "kept.db"\n'
    )
    monkeypatch.setenv("TAMIS_API_KEYS", "shop=" + "k" * 32)
    with TestClient(rayserve.asgi(tmp_path / "tamis.toml")) as client:
        assert client.post("/v2/rerank", json=ASKED).status_code == 401
        answer = client.post("/v1/decide", json=ASKED, headers={"x-api-key": "k" * 32}).json()
        assert answer["results"][0]["index"] == 1
    assert (tmp_path / "kept.db").exists()


def number(text, name):
    """A number of /metrics."""
    return float(re.search(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)[1])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_replicas_on_ray_answer_and_share_the_store(tmp_path):
    ray = pytest.importorskip("ray", reason='needs Ray: pip install "tamis[ray-serve]"')
    pytest.importorskip("ray.serve", reason='needs Ray Serve: pip install "tamis[ray-serve]"')
    from tamis.observe.store import Store

    from ..serve.servers import free_port

    (tmp_path / "tamis.toml").write_text('encoder = ""\n[observe]\nstore = "kept.db"\nkept_first = true\n')
    os.environ |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    port = free_port()
    paths = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": paths})
    try:
        ray.serve.start(http_options={"host": "127.0.0.1", "port": port})
        given = {"config": str(tmp_path / "tamis.toml"), "replicas": "2", "cpus": "0.5"}
        ray.serve.run(rayserve.build(given), name="tamis", route_prefix="/")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            assert client.get("/ready").status_code == 200
            assert client.post("/v2/rerank", json=ASKED).json()["results"][0]["index"] == 1
            for at in range(40):
                assert (
                    client.post("/v1/decide", json=ASKED, headers={"x-request-id": f"r{at}"}).json()["id"] == f"r{at}"
                )
            click, key = {"kind": "click", "document": "1", "request": "r0"}, {"idempotency-key": "k"}
            assert len({client.post("/v1/feedback", json=click, headers=key).text for _ in range(6)}) == 1
            texts = [client.get("/metrics").text for _ in range(40)]
        decided = {number(text, "process_start_time_seconds"): number(text, "tamis_decisions_total") for text in texts}
        assert len(decided) == 2 and sum(decided.values()) == 40, "two replicas, each with its own part"
    finally:
        ray.serve.shutdown()
        ray.shutdown()
    with Store.open(tmp_path / "kept.db") as store:
        assert {one.request for one in store.decisions()} == {f"r{at}" for at in range(40)} and len(
            [*store.events()]
        ) == 1
