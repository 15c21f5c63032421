"""The Kubernetes manifest, held against the server: its configuration, paths, port, keys and gauges are real ones."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
pytest.importorskip("sqlalchemy", reason="needs tamis[store]")
yaml = pytest.importorskip("yaml", reason="needs PyYAML")

from typer.testing import CliRunner  # noqa: E402

from tamis.cli.app import app  # noqa: E402
from tamis.scale.rayserve import asgi  # noqa: E402
from tamis.serve.config import configuration  # noqa: E402

DEPLOY = Path(__file__).parents[2] / "deploy"
KEY = "k" * 32
ASKED = {"query": "what sieves soup?", "documents": ["Rain fell.", "A tamis sieves soup."]}


@pytest.fixture(scope="module")
def objects():
    found = [one for one in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")) if one]
    return {one["kind"]: one for one in found}


@pytest.fixture(scope="module")
def container(objects):
    (one,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    return one


@pytest.fixture(scope="module")
def config(objects, tmp_path_factory):
    (path,) = (tmp_path_factory.mktemp("etc") / name for name in objects["ConfigMap"]["data"])
    path.write_text(objects["ConfigMap"]["data"][path.name], "utf-8")
    return path


@pytest.fixture(scope="module")
def client(config, container, tmp_path_factory):
    from fastapi.testclient import TestClient

    told = {
        "TAMIS_API_KEYS": f"shop={KEY},metrics={KEY[::-1]}m",
        "TAMIS_OBSERVE__STORE": str(config.parent / "kept.db"),
    }
    named = {one["name"] for one in container["env"]}
    assert told.keys() <= named
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        with TestClient(asgi(config), headers={"x-api-key": KEY}) as running:
            yield running


def test_all_that_is_needed_is_there(objects):
    assert {*objects} == {
        "ConfigMap", "Deployment", "Service", "PodDisruptionBudget", "PodMonitor", "ScaledObject"
    }  # fmt: skip
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for kind in ("Deployment", "PodDisruptionBudget", "PodMonitor"):
        assert objects[kind]["spec"]["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    assert objects["ScaledObject"]["spec"]["scaleTargetRef"]["name"] == objects["Deployment"]["metadata"]["name"]
    assert objects["Deployment"]["spec"]["replicas"] == objects["ScaledObject"]["spec"]["minReplicaCount"] > 1


def test_probes_ask_paths_that_answer_without_a_key(client, container):
    for probe, path in (("startupProbe", "/ready"), ("readinessProbe", "/ready"), ("livenessProbe", "/health")):
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}
        assert client.get(path, headers={"x-api-key": ""}).status_code == 200
    assert client.get("/metrics", headers={"x-api-key": ""}).status_code == 401, "hence the PodMonitor's key"


def test_the_configuration_is_the_servers(client, config, container, objects):
    told = configuration(config, {})
    (port,) = container["ports"]
    assert (
        port["containerPort"] == told.serve.port
        and objects["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    )
    assert told.serve.host == "0.0.0.0" and told.observe.kept_first
    grace = objects["Deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > told.serve.draining + told.serve.stopping
    assert client.post("/v1/decide", json=ASKED).json()["results"][0]["index"] == 1
    assert client.put("/v1/policies/active", json={"name": "none"}).status_code == 200, "shop is an owner"
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(Path(container["args"][-1]).parent) in mounts and tomllib.loads(config.read_text("utf-8"))


def test_arguments_are_those_of_tamis_serve(container):
    text = CliRunner().invoke(app, ["serve", "--help"]).output
    for argument in container["args"]:
        assert not argument.startswith("--") or argument.strip("-") in text


def test_what_scales_are_numbers_that_the_server_has(client, objects):
    client.post("/v2/rerank", json=ASKED)
    numbers = client.get(objects["PodMonitor"]["spec"]["podMetricsEndpoints"][0]["path"]).text
    have = {line.split("{")[0].split(" ")[0] for line in numbers.splitlines() if not line.startswith("#")}
    queries = [trigger["metadata"]["query"] for trigger in objects["ScaledObject"]["spec"]["triggers"]]
    asked = {name for query in queries for name in re.findall(r"tamis_\w+", query)}
    assert asked == {"tamis_queue_seconds_sum", "tamis_queue_seconds_count", "tamis_waiting_tokens"} and asked <= have
    assert re.search(r'tamis_queue_seconds_sum\{queue="model:default"\} \S+', numbers), "as the query's labels ask"


def test_it_runs_without_rights(container, objects):
    pod, own = objects["Deployment"]["spec"]["template"]["spec"], container["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    user = re.search(r"--uid (\d+)", (DEPLOY / "Containerfile").read_text("utf-8"))[1]
    assert pod["securityContext"]["runAsUser"] == int(user)
    assert (
        own["readOnlyRootFilesystem"]
        and not own["allowPrivilegeEscalation"]
        and own["capabilities"] == {"drop": ["ALL"]}
    )
    assert {"requests", "limits"} <= container["resources"].keys() and len(pod["topologySpreadConstraints"]) == 2
    threads = next(one["value"] for one in container["env"] if one["name"] == "TAMIS_THREADS")
    assert threads == container["resources"]["requests"]["cpu"]
    secrets = {one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"] if "valueFrom" in one}
    assert secrets == {"api-keys", "store"}
