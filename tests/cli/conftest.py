"""Running the command line as a shell would: arguments in; exit code, stdout and stderr out."""

import sys
from dataclasses import dataclass

import pytest

from tamis.cli.app import main

from ..score.conftest import tiny_model  # noqa: F401


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tamis", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
