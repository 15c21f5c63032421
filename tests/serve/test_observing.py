"""A server that observes: who decides for whom, what is recorded of it, and what owners and Prometheus are told."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import replace

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.core import Document, Query
from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.errors import StorageError
from tamis.observe.clicks import Exploration
from tamis.observe.lifecycle.lifecycle import Lifecycle
from tamis.observe.options import WatchOptions
from tamis.observe.store import Store
from tamis.score import load_scorer
from tamis.serve import build
from tamis.serve.added import Added
from tamis.serve.app import Settings
from tamis.serve.comparing import Way, compared
from tamis.serve.config import Configuration, ModelOptions
from tamis.serve.keys import Keys
from tamis.serve.models import Models
from tamis.serve.served import Served

from .servers import ASKED, Overlap, alone, observed, running

STRICT = Policy(Thresholds(2.0), scorer="overlap:1", stage="overlap", target=PrecisionAtLeast(0.9).as_json())
LOOSE = replace(STRICT, thresholds=Thresholds(0.0))
OTHER = replace(STRICT, thresholds=Thresholds(2.5))
KNOWN = {"strict": STRICT, "loose": LOOSE, "other": OTHER}
DECIDE = {
    "query": ASKED["query"],
    "documents": [{"id": f"d{at}", "text": t} for at, t in enumerate(ASKED["documents"])],
}


@pytest.fixture
def where(tmp_path):
    return tmp_path / "kept.db"


def shown(client, **more):
    """Ids of what a decision shows."""
    answer = client.post("/v1/decide", json={**DECIDE, **more})
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]


def kept(where):
    """All decisions, once the server has written them."""
    with Store.open(where) as store:
        return [*store.decisions()]


def told(client, act, **body):
    answer = client.post(f"/v1/watch/{act}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def gauges(client):
    """All numbers whose names begin with what observing has, by name and labels."""
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def test_a_decision_is_recorded_with_what_it_rests_on_and_no_text(where):
    with running(observed(where, KNOWN, "strict")) as client:
        answer = client.post("/v1/decide", json={**DECIDE, "user": "ann"}, headers={"x-request-id": "r1"})
        assert answer.json()["id"] == "r1"
        client.post("/v1/feedback", json={"kind": "click", "request": "r1", "document": "d2", "user": "ann"})
    with Store.open(where) as store:
        (session,) = store.sessions()
        one, (event,) = session.decided, session.events
        assert (one.request, one.model, one.scorer, one.policy, one.arm, one.segment) == (
            "r1", "overlap", "overlap:1", STRICT.digest, "", "en",
        )  # fmt: skip
        assert [(i.document, i.score, i.position, i.propensity) for i in one.items] == [
            ("d2", 3.0, 1, 1.0), ("d1", 1.0, 0, 1.0), ("d0", -1.0, 0, 1.0),
        ]  # fmt: skip
        assert one.user == event.user == store.veil.user("ann") and event.document == "d2"
        assert one.query == store.veil.text("drum sieve") and "drum" not in repr(one)
        assert one.items[1].reason.startswith("threshold:")


def test_dialects_decide_nothing_and_are_not_recorded(where):
    with running(observed(where, KNOWN, "strict")) as client:
        assert client.post("/v2/rerank", json=ASKED).status_code == 200
    assert not kept(where)


def test_a_policy_that_is_named_belongs_to_no_trial(where):
    with running(observed(where, KNOWN, "strict")) as client:
        assert shown(client, policy="none") == ["d2", "d1", "d0"] and shown(client, policy="loose") == ["d2", "d1"]
    assert [(one.arm, one.policy) for one in kept(where)] == [("named", ""), ("named", LOOSE.digest)]


def test_a_canary_gets_its_share_and_users_stay_with_their_policy(where):
    with running(observed(where, KNOWN, "strict")) as client:
        told(client, "propose", policy="loose")
        assert told(client, "approve", policy="loose", to="canary", share=0.3)["state"] == "canary"
        first = {user: shown(client, user=f"u{user}") for user in range(150)}
        again = {user: shown(client, user=f"u{user}") for user in range(150)}
        assert first == again
        told(client, "approve", policy="loose", to="canary", share=0.6)
        more = {user: shown(client, user=f"u{user}") for user in range(150)}
    canary = {user for user, ids in first.items() if len(ids) == 2}
    assert 25 < len(canary) < 65 and canary < {user for user, ids in more.items() if len(ids) == 2}
    arms = [(one.arm, one.policy) for one in kept(where)]
    assert {*arms} == {("canary", LOOSE.digest), ("", STRICT.digest)}
    assert sum(arm == "canary" for arm, _ in arms[:150]) == len(canary)


def test_shadows_decide_beside_for_the_record_only(where, caplog):
    broken = replace(STRICT, stage="overlap+bm25", thresholds=Thresholds(1.0))
    with running(observed(where, {**KNOWN, "broken": broken}, "strict")) as client:
        for name in ("loose", "broken"):
            told(client, "propose", policy=name)
            told(client, "approve", policy=name)
        with caplog.at_level(logging.ERROR, "tamis"):
            assert [shown(client) for _ in range(3)] == [["d2"]] * 3
        assert shown(client, policy="strict") == ["d2"]
    assert len([record for record in caplog.records if "the shadow" in record.message]) == 1, "once"
    found = kept(where)
    beside = [one for one in found if one.arm == "shadow"]
    assert len(beside) == 3 and {one.policy for one in beside} == {LOOSE.digest}
    assert [one.accepted for one in beside] == [2] * 3
    mark = LOOSE.digest.removeprefix("sha256:")[:12]
    assert {one.request for one in beside} == {f"{one.request}#{mark}" for one in found if one.arm == ""}


def test_a_canary_that_cannot_decide_hurts_nobody(where):
    broken = replace(STRICT, stage="overlap+bm25")
    with running(observed(where, {"strict": STRICT, "broken": broken}, "strict")) as client:
        told(client, "propose", policy="broken")
        told(client, "approve", policy="broken", to="canary", share=0.9)
        assert {tuple(shown(client, user=f"u{user}")) for user in range(20)} == {("d2",)}
    arms = [one.arm for one in kept(where)]
    assert {*arms} == {"", "aside"} and arms.count("aside") > 10


def test_exploring_shows_what_was_left_out_at_known_chances(where):
    with running(observed(where, KNOWN, "strict", exploration=Exploration(0.05, depth=2))) as client:
        found = [shown(client) for _ in range(400)]
        told(client, "propose", policy="loose")
        named = [shown(client, policy="strict") for _ in range(100)]
    assert {*map(tuple, found)} == {("d2",), ("d2", "d1"), ("d2", "d0")} and {*map(tuple, named)} == {("d2",)}
    assert 5 < sum(len(ids) == 2 for ids in found) < 45
    chances = {(i.shown, i.propensity) for one in kept(where) if not one.arm for i in one.items if i.document != "d2"}
    assert chances == {(True, 0.025), (False, 0.975)}


def test_a_restart_keeps_who_was_promoted_until_the_configuration_changes(where):
    with running(observed(where, KNOWN, "strict")) as client:
        told(client, "propose", policy="loose")
        assert [told(client, "approve", policy="loose")["state"] for _ in range(3)] == ["shadow", "canary", "active"]
        assert shown(client) == ["d2", "d1"]
    with running(observed(where, KNOWN, "strict")) as client:
        assert shown(client) == ["d2", "d1"]
        assert client.get("/v1/policies").json()["active"] == "loose"
    with running(observed(where, KNOWN, "other")) as client:
        assert shown(client) == ["d2"] and client.get("/v1/policies").json()["active"] == "other"
    with running(observed(where, {"other": OTHER}, "other")) as client:
        assert told(client, "rollback", reason="complaints")["policy"] == LOOSE.digest
        assert shown(client) == ["d2", "d1"], "also where the configuration has it no more"
        rows = {row["name"]: row["state"] for row in client.get("/v1/policies").json()["policies"]}
        assert rows == {"other": "retired", "loose": "active"}


def test_what_somebody_else_writes_into_the_ledger_is_followed(where):
    with running(observed(where, KNOWN, "strict")) as client, Store.open(where) as store:
        assert shown(client) == ["d2"]
        Lifecycle(store).activate(LOOSE, actor="shell", name="loose")
        ends = time.monotonic() + 10
        while shown(client) != ["d2", "d1"]:
            assert time.monotonic() < ends
            time.sleep(0.02)


def test_putting_a_policy_in_charge_goes_through_the_ledger(where):
    with running(observed(where, KNOWN, "strict")) as client:
        assert client.put("/v1/policies/active", json={"name": "loose"}).json() == {"active": "loose"}
        assert shown(client) == ["d2", "d1"]
        assert client.put("/v1/policies/active", json={"name": "none"}).json() == {"active": None}
        assert shown(client) == ["d2", "d1", "d0"]
        entries = client.get("/v1/watch/ledger").json()["entries"]
        assert [(e["act"], e["actor"], e["policy"]) for e in entries] == [
            ("activate", "configuration", STRICT.digest), ("activate", "http", LOOSE.digest), ("activate", "http", ""),
        ]  # fmt: skip
        later = client.get("/v1/watch/ledger", params={"after": 2}).json()
        assert [entry["id"] for entry in later["entries"]] == [3] and later["more"] is False


def test_only_owners_move_policies_and_the_ledger_has_their_names(where):
    keys = Keys.of(["shop=0123456789abcdef", "boss=fedcba9876543210"])
    with running(observed(where, KNOWN, "strict"), Settings(keys, owners=("boss",))) as client:
        for act in ("look", "propose", "approve", "retire", "rollback", "acknowledge"):
            answer = client.post(f"/v1/watch/{act}", json={}, headers={"x-api-key": "0123456789abcdef"})
            assert answer.status_code == 403, act
        assert client.get("/v1/watch").status_code == 401
        client.headers["x-api-key"] = "0123456789abcdef"
        assert client.get("/v1/watch").json()["active"]["name"] == "strict", "reading needs no owner"
        client.headers["x-api-key"] = "fedcba9876543210"
        told(client, "propose", policy="loose", reason="complaints")
        entry = client.get("/v1/watch/ledger").json()["entries"][-1]
        assert (entry["actor"], entry["act"], entry["details"]["evidence"]) == (
            "boss",
            "propose",
            {"reason": "complaints"},
        )


@pytest.mark.parametrize(
    ("act", "body", "status", "says"),
    [
        ("approve", {"policy": "nobody"}, 404, "no policy 'nobody'"),
        ("approve", {"policy": "strict"}, 400, "cannot be approved any further"),
        ("approve", {"policy": "strict", "share": 1.5}, 422, "share"),
        ("approve", {"policy": "strict", "to": "retired"}, 422, "to"),
        ("propose", {"policy": "nobody"}, 404, "no policy 'nobody'"),
        ("propose", {"policy": "strict"}, 400, "can be made candidate only from"),
        ("retire", {"policy": "strict"}, 400, "can be made retired only from"),
        ("rollback", {}, 400, "nothing decided before"),
        ("acknowledge", {}, 400, "no alarm stands"),
        ("acknowledge", {"why": "x"}, 422, "why"),
    ],
)
def test_what_cannot_be_done_is_said(where, act, body, status, says):
    with running(observed(where, KNOWN, "strict")) as client:
        answer = client.post(f"/v1/watch/{act}", json=body)
        assert answer.status_code == status and says in answer.json()["message"]


def test_without_a_store_there_is_nothing_to_watch():
    with running(alone(Overlap())) as client:
        for answer in (
            *(client.get(path) for path in ("/v1/watch", "/v1/watch/ledger", "/v1/watch/replay?policy=p")),
            *(client.post(f"/v1/watch/{act}", json={}) for act in ("look", "propose", "rollback", "acknowledge")),
            *(client.post(f"/v1/watch/{act}", json={"policy": "p"}) for act in ("approve", "retire")),
        ):
            assert answer.status_code == 404
            assert answer.json()["message"] == "this server observes nothing: start it with --observe STORE"
        assert "tamis_watch" not in client.get("/metrics").text


def test_replaying_says_what_a_policy_would_have_changed(where):
    with running(observed(where, KNOWN, "strict")) as client:
        shown(client)
        told(client, "propose", policy="loose")
        ends = time.monotonic() + 10
        while (answer := client.get("/v1/watch/replay", params={"policy": "loose"})).status_code != 200:
            assert time.monotonic() < ends, answer.text  # the decision is written behind the answer
        assert (answer.json()["both"], answer.json()["only_new"]) == (1, 1)
        assert client.get("/v1/watch/replay", params={"policy": "x"}).status_code == 404


def test_the_status_and_the_gauges_follow_what_is_decided(where):
    with running(observed(where, KNOWN, "strict", every=0.05)) as client:
        told(client, "propose", policy="loose")
        told(client, "approve", policy="loose")
        for at in range(10):
            client.post("/v1/decide", json={**DECIDE, "query": "drum sieve" if at else "rain"})
        client.post("/v1/feedback", json={"events": [{"kind": "click", "document": "d2"}] * 3})
        ends = time.monotonic() + 10
        while client.get("/v1/watch").json()["decisions"] < 20:
            assert time.monotonic() < ends
        status, found = client.get("/v1/watch").json(), gauges(client)
    assert status["active"]["name"] == "strict" and status["events"] == {"click": 3} and status["alarm"] is None
    assert found['tamis_decisions_total{arm="",policy="strict"}'] == 10
    assert found['tamis_decisions_total{arm="shadow",policy="loose"}'] == 10
    assert found['tamis_events_total{kind="click"}'] == 3 and found["tamis_dropped_decisions_total"] == 0
    assert found["tamis_watch_alarm"] == 0 and found["tamis_canary_share"] == 0
    assert found['tamis_empty_share{arm="",policy="strict"}'] == pytest.approx(0.1)
    assert "tamis_promise_holds" not in found, "nothing was promised"


def test_a_look_that_alarms_is_told_everywhere_until_it_is_answered(where):
    with running(observed(where, KNOWN, "strict", every=0.05)) as client:
        lifecycle = Lifecycle(Store.open(where))
        finding = {"measure": "ks", "segment": "", "effect": 0.4}
        lifecycle.say("alarm", {"sentence": "scores fell", "findings": [finding]})
        ends = time.monotonic() + 10
        while gauges(client).get("tamis_watch_alarm") != 1:
            assert time.monotonic() < ends
        assert gauges(client)['tamis_score_shift{measure="ks"}'] == 0.4
        assert client.get("/v1/watch").json()["sentence"] == "ALARM: scores fell"
        told(client, "acknowledge", reason="known")
        while gauges(client)["tamis_watch_alarm"] != 0:
            assert time.monotonic() < ends


def test_decisions_that_cannot_be_kept_are_counted_and_answered_all_the_same(where, monkeypatch, caplog):
    service = observed(where, KNOWN, "strict")

    def refused():
        raise StorageError("disk full")

    with running(service) as client:
        monkeypatch.setattr(service.observing.watch.store.database, "writing", refused)
        with caplog.at_level(logging.ERROR, "tamis"):
            assert [shown(client) for _ in range(3)] == [["d2"]] * 3
            unnameable = {"query": "sieve", "documents": [{"id": "\x00", "text": "sieve"}]}
            assert client.post("/v1/decide", json=unnameable).status_code == 200
            ends = time.monotonic() + 10
            while gauges(client)["tamis_dropped_decisions_total"] < 4:
                assert time.monotonic() < ends
    assert len([record for record in caplog.records if "not kept: disk full" in record.message]) == 1, "said once"


def test_a_store_that_fails_later_stops_no_server(where, monkeypatch, caplog):
    service = observed(where, KNOWN, "strict", every=0.05)

    def gone(*_):
        raise StorageError("the database is gone")

    with running(service) as client, caplog.at_level(logging.ERROR, "tamis"):
        monkeypatch.setattr(service.observing.watch.store, "entries", gone)
        time.sleep(0.5)
        assert shown(client) == ["d2"]
    assert len([record for record in caplog.records if re.search("gone", record.message)]) == 2, "each way of it once"


def test_what_people_try_on_the_page_counts_as_no_traffic(where):
    service = observed(where, KNOWN, "strict")

    async def tried():
        documents = [Document(row["id"], row["text"]) for row in DECIDE["documents"]]
        ranking = service.given(Query(DECIDE["query"]), documents)
        await compared(service, ranking, [Way()], passages=False)
        await service.close()

    asyncio.run(tried())
    assert [(one.arm, one.policy) for one in kept(where)] == [("workbench", STRICT.digest)]


def test_another_model_than_the_policys_is_kept_apart(where):
    service = observed(where, KNOWN, "strict")
    service.models = Models({**service.models.served, "second": Served(Overlap(2), name="second")})
    with running(service) as client:
        assert shown(client, model="second") == ["d2", "d1", "d0"]
        client.put("/v1/policies/active", json={"name": "none"})
        assert shown(client, model="second") == shown(client) == ["d2", "d1", "d0"]
    assert [(one.arm, one.model) for one in kept(where)] == [("aside", "second"), ("aside", "second"), ("", "overlap")]


def test_what_owners_add_decides_and_the_ledger_remembers_it(tmp_path):
    mini = Policy(Thresholds(99.0), scorer=load_scorer("tamis-mini").fingerprint, stage="tamis-mini")
    told = Configuration(models={"m": ModelOptions("tamis-mini")}, encoder="", observe=WatchOptions("kept.db"))

    async def lived(acts):
        added = Added(tmp_path / "added", lambda: told, tmp_path)
        service = build.service(added.configuration(), tmp_path, kept=added.policies)
        try:
            return [(await act(added, service), service.policies.active)[1] for act in acts]
        finally:
            await service.close()

    add = lambda added, service: added.add_policy(service, "mine", mini)  # noqa: E731
    none = lambda added, service: added.activate(service, "none")  # noqa: E731
    reload = lambda added, service: added.reload(service)  # noqa: E731
    assert asyncio.run(lived([add, reload, none, reload])) == ["mine", "mine", "", ""]
    assert asyncio.run(lived([reload, add, reload])) == ["", "mine", "mine"]
    assert asyncio.run(lived([reload])) == ["mine"]
    with Store.open(tmp_path / "kept.db") as store:
        acts = [(entry.act, entry.actor) for entry in store.entries()]
    by = [("activate", "configuration")] * 2
    assert acts == [*by, ("activate", "workbench"), ("activate", "workbench")], "nothing is written twice"


def test_a_policy_in_charge_that_no_model_serves_is_said(tmp_path, caplog):
    with Store.open(tmp_path / "kept.db") as store:
        life = Lifecycle(store)
        life.begin(None)
        life.activate(STRICT, actor="ann", name="strict")
    told = Configuration(models={"m": ModelOptions("tamis-mini")}, encoder="", observe=WatchOptions("kept.db"))
    service = build.service(told, tmp_path)
    asyncio.run(service.close())
    assert "policy 'strict' was put in charge for scores of overlap:1" in caplog.text
