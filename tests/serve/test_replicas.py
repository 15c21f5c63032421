"""Several server processes over one store: who decides is the same in all, and nothing that was let in is lost."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.decide import Policy, Thresholds
from tamis.observe.lifecycle.lifecycle import Lifecycle
from tamis.observe.store import Store
from tamis.score import load_scorer

from ..observe.store.conftest import where  # noqa: F401
from .servers import process

ASKED = {"query": "what sieves soup?", "documents": ["Rain fell.", "A tamis sieves soup.", "今天下雨。"]}
SOON = 10.0  # seconds; the ledger is read every second


@pytest.fixture
def told(tmp_path, where):  # noqa: F811
    """A configuration of a policy that shows nothing, beside one that shows everything."""
    strict = Policy(Thresholds(50.0), scorer=load_scorer("tamis-mini").fingerprint, stage="tamis-mini")
    strict.save(tmp_path / "strict.json")
    replace(strict, thresholds=Thresholds(-50.0)).save(tmp_path / "loose.json")
    store = f'[observe]\nstore = "{where}"\n'
    (tmp_path / "tamis.toml").write_text(
        f'policy = "strict"\nencoder = ""\n[policies]\nstrict = "strict.json"\nloose = "loose.json"\n{store}'
    )
    return tmp_path / "tamis.toml"


def shown(client, **more):
    answer = client.post("/v1/decide", json={**ASKED, **more})
    assert answer.status_code == 200, answer.text
    return len(answer.json()["results"])


def until(said):
    """Seconds until something is so."""
    began = time.monotonic()
    while not said():
        assert time.monotonic() - began < SOON
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize("where", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
def test_what_is_approved_through_one_decides_in_the_other(told, where):  # noqa: F811
    with process("--config", told) as (_, one, _), process("--config", told) as (other, two, lines):
        assert shown(one) == shown(two) == 0
        assert one.post("/v1/watch/propose", json={"policy": "loose"}).status_code == 200
        one.post("/v1/watch/approve", json={"policy": "loose", "to": "canary", "share": 0.4})
        assert until(lambda: "canary" in [row["state"] for row in two.get("/v1/policies").json()["policies"]]) < 3
        found = [[shown(client, user=f"u{at}") for at in range(60)] for client in (one, two)]
        assert found[0] == found[1] and 10 < found[0].count(3) < 40, "users get the same policy from both"
        assert one.post("/v1/watch/approve", json={"policy": "loose"}).json()["state"] == "active"
        assert shown(one) == 3, "at once where it was said"
        assert until(lambda: shown(two) == 3) < 3
        assert two.post("/v1/watch/rollback", json={}).status_code == 200 and shown(two) == 0
        assert until(lambda: shown(one) == 0) < 3
        with Store.open(where) as store:  # as tamis watch approve in a shell
            Lifecycle(store).activate(None, actor="ann")
        assert until(lambda: shown(one) == shown(two) == 3) < 3
        answers = [two.post("/v1/decide", json=ASKED).json()["id"] for _ in range(50)]
        other.send_signal(signal.SIGTERM)
        assert other.wait(60) in (0, -signal.SIGTERM)
        with Store.open(where) as store:
            assert {*answers} <= {decided.request for decided in store.decisions()}, "what waited was written"
            assert store.verify() == 6
    assert not [line for line in lines if "Traceback" in line]
