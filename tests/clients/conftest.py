"""A running server for the clients: the one that TAMIS_TEST_URL names, or one started here where tamis is installed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

import pytest

from .serving import RATE, Server, serving

# Before any client is imported: nothing may leave this machine, nor be looked up elsewhere.
os.environ |= {
    "HAYSTACK_TELEMETRY_ENABLED": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LANGCHAIN_TRACING_V2": "false",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server without a limit."""
    yield from _running("TAMIS_TEST_URL")


@pytest.fixture(scope="session")
def limited() -> Iterator[Server]:
    """A server that lets each key ask once in four seconds."""
    yield from _running("TAMIS_TEST_LIMITED_URL", "--rate", RATE)


def _running(variable: str, *options: str) -> Iterator[Server]:
    if url := os.environ.get(variable):
        yield Server(url.rstrip("/"), os.environ["TAMIS_TEST_KEY"])
    elif os.environ.get("TAMIS_TEST_URL") or not all(map(importlib.util.find_spec, ("tamis", "fastapi", "uvicorn"))):
        pytest.skip(f"{variable} names no server: scripts/clients starts one and runs these tests")
    else:
        with serving(*options) as server:
            yield server
