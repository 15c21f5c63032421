"""Every path against its own OpenAPI description: no fault of ours, no undocumented status or form of answer."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
pytest.importorskip("schemathesis", reason="needs schemathesis")

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tamis.observe.watch import Watch
from tamis.recall import Index
from tamis.score import load_encoder
from tamis.serve.models import Models
from tamis.serve.observing import Observing
from tamis.serve.recalling import Embedding, Recall
from tamis.serve.served import Served
from tamis.serve.service import Service

from .servers import Overlap, process, running

ACTS = [f"/v1/watch/{act}" for act in ("look", "propose", "approve", "retire", "rollback", "acknowledge")]
PATHS = [
    *("/rerank", "/v1/rerank", "/v2/rerank", "/infinity/rerank", "/score", "/v1/score", "/v1/embeddings"),
    *(
        "/v1/search",
        "/v1/ask",
        "/v1/decide",
        "/v1/rewrite",
        "/v1/feedback",
        "/v1/policies",
        "/v1/policies/active",
        "/v1/models",
        "/v1/reload",
        "/v1/watch",
        "/v1/watch/ledger",
        "/v1/watch/replay",
        *ACTS,
    ),
    *("/health", "/ready", "/metrics", "/info"),
]
# What a description cannot say: sides of one length, ids that differ, fields that are read, an encoder's dimensions,
# where policies stand.
UNSAID = {"/score", "/v1/score", "/v1/embeddings", "/v1/decide", *(path for path in PATHS if path.endswith("rerank"))}
UNSAID |= {"/v1/watch/replay", *ACTS}


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    index = Index.build([{"id": "a", "text": "a drum sieve"}, {"id": "b", "text": "雨"}], encoder=None)
    service = Service(
        Models({"overlap": Served(Overlap())}),
        recall=Recall(index.retriever()),
        embedding=Embedding(lambda: load_encoder("e5-small"), "e5-small"),
    )
    watch = Watch.open(tmp_path_factory.mktemp("kept") / "kept.db")
    service.observing = Observing(watch, service.policies)
    service.observing.begin(None)
    with running(service) as client:
        yield schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")


def test_all_paths_are_tried(schema):
    assert sorted(schema) == sorted(PATHS)


def test_bounds_are_said_in_words_of_json_schema(schema):
    """pydantic writes a bound that stands outside a validator as ``ge``, which no client knows."""
    assert not set(keywords(schema.raw_schema)) & {"ge", "gt", "le", "lt", "min_length", "max_length"}


def keywords(part):
    """The keys of a description, at all depths, less the names of fields."""
    for key, value in part.items() if isinstance(part, dict) else ():
        yield key
        for inner in value.values() if key == "properties" else [value]:
            yield from keywords(inner)
    for value in part if isinstance(part, list) else ():
        yield from keywords(value)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_keeps_to_its_description(schema, path):
    for method in schema[path]:

        @settings(max_examples=20, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=schema[path][method].as_strategy())
        def keeps(case):
            case.call_and_validate(excluded_checks=[positive_data_acceptance] if path in UNSAID else [])

        keeps()


@pytest.mark.slow
def test_thousands_of_cases_against_the_process(tmp_path):
    Index.build([{"id": "a", "text": "a drum sieve"}, {"id": "b", "text": "雨"}], tmp_path / "index", encoder=None)
    with process("--index", tmp_path / "index", "--observe", tmp_path / "kept.db") as (server, client, lines):
        command = [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
            f"{client.base_url}/openapi.json", "--max-examples", "200", "--request-timeout", "10", "--checks", "all",
            "--exclude-checks", "missing_required_header,ignored_auth,positive_data_acceptance", "--no-color",
            "--seed", "1",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert server.poll() is None
    assert done.returncode == 0, done.stdout[-6000:]
    (cases,) = re.findall(r"([\d,]+) generated", done.stdout)
    assert int(cases.replace(",", "")) >= 2_000
    assert not [line for line in lines if "Traceback" in line or '"status": 5' in line]
