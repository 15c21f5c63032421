"""Models and policies put into a running server: kept over a restart, and all as it was where something is wrong."""

from __future__ import annotations

import asyncio
import datetime
import json
import shutil
from dataclasses import replace

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.calibrate import Calibration, Labelled
from tamis.core import Document, Query
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.errors import DataError, InputError, ModelError, NotFoundError, PolicyExpired, PolicyMismatch, StorageError
from tamis.score import load_scorer
from tamis.score.load import EMBEDDED
from tamis.serve import build
from tamis.serve.added import FILE, Added
from tamis.serve.config import Configuration, ModelOptions
from tamis.serve.service import Choice

ONE = Configuration(models={"m": ModelOptions("tamis-mini")}, encoder="")


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A model folder as training leaves it: under a name of its own, with a training beside the model's files."""
    folder = tmp_path_factory.mktemp("trained") / "faq"
    shutil.copytree(EMBEDDED / "tamis-blend", folder)
    (folder / "training" / "checkpoints").mkdir(parents=True)
    (folder / "training" / "result.json").write_text("{}")
    scorer = load_scorer(folder)
    data = Labelled.of([-2.0, -1.0, 0.5, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1], [0, 0, 1, 1, 2, 2])
    found = Calibration.fit(data, scorer=scorer.fingerprint, stage=scorer.name)
    found.save(folder / "training" / "calibration.json")
    Policy(Thresholds(-99.0), scorer=scorer.fingerprint, stage=scorer.name, calibration=found).save(
        folder / "training" / "policy.json"
    )
    return folder


@pytest.fixture
def policy(trained):
    return Policy.load(trained / "training" / "policy.json")


def put(tmp_path, told=ONE):
    """What is put into a server, and the server."""
    added = Added(tmp_path / "desk", lambda: told, tmp_path)
    return added, build.service(added.configuration(), tmp_path)


def ran(work):
    return asyncio.run(work)


def decided(running, model=""):
    ranking = running.given(Query("drum sieve"), [Document("a", "a drum sieve"), Document("b", "rain")])
    return ran(running.decide(ranking, Choice(model)))


def state(added, running):
    """All that an addition changes."""
    models = {name: served.scorer.fingerprint for name, served in running.models.served.items()}
    files = sorted(str(path) for path in added.folder.rglob("*") if path.is_file())
    return models, running.policies.told(), added.configuration(), files


def test_a_model_with_its_calibration_is_served_and_the_default_stays(tmp_path, trained):
    added, running = put(tmp_path)
    done = ran(added.add_model(running, "mine", trained, calibration=trained / "training" / "calibration.json"))
    assert done == ["model mine"] and [*running.models.served] == ["m", "mine"] and running.models.default == "m"
    assert running.described()["mine"]["scores"] == "probability"
    assert running.models.named("mine").scorer.fingerprint == load_scorer(trained).fingerprint
    assert not [*(tmp_path / "desk").rglob("training")]
    assert 0 < decided(running, "mine").ranking[0].probability < 1


def test_a_model_with_its_policy_decides_at_once_under_whatever_name(tmp_path, trained, policy):
    added, running = put(tmp_path)
    given = {"calibration": trained / "training" / "calibration.json", "policy": policy}
    done = ran(added.add_model(running, "meins", trained, **given))
    assert done == ["model meins", "policies"] and running.policies.active == "meins"
    assert decided(running, "meins").policy == policy.digest
    assert running.described()["meins"]["policy"] == policy.digest


def test_a_restart_keeps_models_policies_and_which_decides(tmp_path, trained, policy):
    added, running = put(tmp_path)
    ran(added.add_model(running, "mine", trained, calibration=trained / "training" / "calibration.json"))
    ran(added.add_policy(running, "strict", policy))
    again, after = put(tmp_path)
    assert state(again, after) == state(added, running)
    assert after.policies.active == "strict" and decided(after, "mine").policy == policy.digest
    ran(again.activate(after, "none"))
    assert put(tmp_path)[1].policies.active == ""
    ran(again.activate(after, "strict"))
    assert put(tmp_path)[1].policies.active == "strict"


def test_a_configuration_that_is_read_again_leaves_what_was_added(tmp_path, trained, policy):
    told = [ONE]
    added = Added(tmp_path / "desk", lambda: told[0], tmp_path)
    running = build.service(added.configuration(), tmp_path)
    ran(added.add_model(running, "mine", trained, policy=policy))
    told[0] = replace(ONE, models={"other": ModelOptions("tamis-mini")})
    assert ran(added.reload(running)) == ["model other", "model m"]
    assert [*running.models.served] == ["other", "mine"] and running.policies.active == "mine"


def test_the_shipped_model_stays_first_where_the_configuration_names_none(tmp_path, trained):
    added, running = put(tmp_path, Configuration(encoder=""))
    ran(added.add_model(running, "mine", trained))
    assert [*running.models.served] == ["tamis-mini", "mine"]
    with pytest.raises(InputError, match="'tamis-mini' stands in the server's configuration"):
        ran(added.add_model(running, "tamis-mini", trained))


def test_another_policy_under_the_name_takes_the_place_of_the_first(tmp_path, trained, policy):
    added, running = put(tmp_path)
    ran(added.add_model(running, "mine", trained, policy=policy))
    other = replace(policy, thresholds=Thresholds(99.0))
    ran(added.add_policy(running, "mine", other, active=False))
    assert running.policies.active == "mine" and running.policies.named("mine").digest == other.digest
    assert put(tmp_path)[1].policies.named("mine").digest == other.digest


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "a b", "none", "x" * 61, "-x", "a\n", ".hidden"])
def test_names_that_cannot_be(name, tmp_path, trained, policy):
    added, running = put(tmp_path)
    before = state(added, running)
    with pytest.raises(InputError, match="cannot be a name"):
        ran(added.add_model(running, name, trained))
    with pytest.raises(InputError, match="cannot be a name"):
        ran(added.add_policy(running, name, policy))
    assert state(added, running) == before


def test_names_that_are_taken(tmp_path, trained, policy):
    policy.save(tmp_path / "p.json")
    told = replace(ONE, models={**ONE.models, "faq": ModelOptions(str(trained))}, policies={"p": "p.json"})
    added, running = put(tmp_path, told)
    with pytest.raises(InputError, match="'m' stands in the server's configuration"):
        ran(added.add_model(running, "m", trained))
    with pytest.raises(InputError, match="'p' stands in the server's configuration"):
        ran(added.add_policy(running, "p", policy))
    with pytest.raises(InputError, match="'p' stands in the server's configuration"):
        ran(added.add_model(running, "p", trained, policy=policy))
    ran(added.add_model(running, "mine", trained))
    with pytest.raises(InputError, match="a model 'mine' was added before"):
        ran(added.add_model(running, "mine", trained))
    assert [*running.models.served] == ["m", "faq", "mine"]


def test_a_name_in_chinese(tmp_path, trained, policy):
    added, running = put(tmp_path)
    ran(added.add_model(running, "客服", trained, policy=policy))
    assert [*put(tmp_path)[1].models.served] == ["m", "客服"]


def test_a_policy_for_another_model_leaves_everything_as_it_was(tmp_path, trained, policy):
    added, running = put(tmp_path)
    before = state(added, running)
    with pytest.raises(PolicyMismatch, match="policy 'strict' was tuned on scores of"):
        ran(added.add_policy(running, "strict", policy))
    other = replace(policy, scorer="cross:other", calibration=None)
    with pytest.raises(PolicyMismatch, match="was tuned on scores of cross:other"):
        ran(added.add_model(running, "mine", trained, policy=other))
    assert state(added, running) == before


def test_a_calibration_for_another_model_leaves_everything_as_it_was(tmp_path, trained):
    added, running = put(tmp_path)
    before = state(added, running)
    (tmp_path / "c.json").write_bytes((EMBEDDED / "tamis-mini" / "calibration.json").read_bytes())
    with pytest.raises(PolicyMismatch, match="the calibration"):
        ran(added.add_model(running, "mine", trained, calibration=tmp_path / "c.json"))
    assert state(added, running) == before


@pytest.mark.parametrize("broken", ["nowhere", "empty", "file"])
def test_what_is_no_model_leaves_everything_as_it_was(broken, tmp_path):
    added, running = put(tmp_path)
    before = state(added, running)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no model")
    with pytest.raises((ModelError, InputError)):
        ran(added.add_model(running, "mine", tmp_path / broken))
    assert state(added, running) == before
    assert not (added.folder / "models" / "mine").exists()


def test_a_disk_that_refuses_leaves_everything_as_it_was(tmp_path, trained, policy, monkeypatch):
    added, running = put(tmp_path)
    ran(added.add_model(running, "mine", trained))
    before = state(added, running)

    def refused():
        raise StorageError("the disk is full")

    monkeypatch.setattr(added, "_write", refused)
    with pytest.raises(StorageError, match="full"):
        ran(added.add_policy(running, "strict", policy))
    with pytest.raises(StorageError, match="full"):
        ran(added.add_model(running, "more", trained))
    assert state(added, running) == before


def test_two_at_once_under_one_name(tmp_path, trained):
    added, running = put(tmp_path)

    async def both():
        return await asyncio.gather(
            *(added.add_model(running, "mine", trained) for _ in range(2)), return_exceptions=True
        )

    first, second = ran(both())
    assert first == ["model mine"] and isinstance(second, InputError)
    assert decided(running, "mine").ranking


def test_what_a_killed_server_left_is_in_nobodys_way(tmp_path, trained):
    added, running = put(tmp_path)
    for name in ("mine", ".mine.part"):
        (added.folder / "models" / name / "faq").mkdir(parents=True)
    ran(added.add_model(running, "mine", trained))
    assert [*running.models.served] == ["m", "mine"]


def test_no_policy_of_a_name_is_activated(tmp_path):
    added, running = put(tmp_path)
    with pytest.raises(NotFoundError, match="no policy 'x' here"):
        ran(added.activate(running, "x"))
    assert not (added.folder / FILE).exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"models": {}}'])
def test_a_list_that_cannot_be_read(content, tmp_path):
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / FILE).write_text(content)
    with pytest.raises(DataError, match="expected what was added to a server"):
        Added(tmp_path / "desk", lambda: ONE)


def test_a_model_is_told_its_device(tmp_path, trained):
    added, running = put(tmp_path)
    ran(added.add_model(running, "mine", trained, device="cpu"))
    row = json.loads((added.folder / FILE).read_text("utf-8"))["models"]["mine"]
    assert row["options"] == {"device": "cpu"}
    assert [*put(tmp_path)[1].models.served] == ["m", "mine"]


def test_a_policy_that_has_expired_since_refuses_decisions_not_the_server(tmp_path, trained, policy):
    added, running = put(tmp_path)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    ran(added.add_model(running, "faq", trained, policy=replace(policy, expires=today)))
    (record,) = (tmp_path / "desk" / "policies").iterdir()
    replace(policy, expires="2001-01-01").save(record)
    again = Added(tmp_path / "desk", lambda: ONE, tmp_path)
    started = build.service(again.configuration(), tmp_path, kept=again.policies)
    with pytest.raises(PolicyExpired):
        decided(started, "faq")
    with pytest.raises(PolicyExpired):  # what the configuration names is looked at by who starts the server
        build.service(again.configuration(), tmp_path)
    assert ran(again.reload(started)) is not None
