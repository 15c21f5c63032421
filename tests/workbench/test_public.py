"""The workbench holds no logic: it imports what is public, and of numbers it only shows."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tamis
from tamis.extras import available

HOME = Path(tamis.__file__).parent / "workbench"
FILES = sorted(HOME.rglob("*.py"))
# What computes: a page that needs one of these has logic of its own.
COMPUTING = {"numpy", "scipy", "sklearn", "pandas", "statistics", "math", "random", "csv", "sqlite3", "onnxruntime"}


def imports(tree):
    """Every module and name that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", name.name) for name in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_only_public_things_are_imported_and_nothing_that_computes(path):
    for module, name in imports(ast.parse(path.read_text("utf-8"))):
        assert not any(part.startswith("_") and part != "__future__" for part in (*module.split("."), name)), module
        assert module.split(".")[0] not in COMPUTING, f"{path.name} imports {module}: put what computes into its room"
        assert module.split(".")[:2] != ["tamis", "cli"], f"{path.name} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_nobody_s_private_parts_are_touched(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            assert isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"), f"{path.name}: {node.attr}"


MADE = """
import sys
from pathlib import Path
from tamis.jobs import Jobs
from tamis.serve.added import Added
from tamis.serve.build import service
from tamis.serve.config import Configuration
from tamis.workbench.desk import Desk
from tamis.workbench.kept import Kept
from tamis.workbench.pages import blocks

told, home = Configuration(), Path(sys.argv[1])
desk = Desk(service(told), Jobs(home), "en", "/workbench", Kept(home), Added(home, lambda: told), bool, 100)
page = blocks(desk)
print(len(page.fns), {function.api_visibility for function in page.fns.values()})
"""


@pytest.mark.skipif(not available("gradio"), reason='needs the workbench: pip install "tamis[ui]"')
def test_every_event_is_the_page_s_own(tmp_path):
    """No event of the page is an endpoint for other clients: the API is where programs ask."""
    command = [sys.executable, "-c", MADE, str(tmp_path)]  # a process, since Gradio leaves loops open behind it
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) > 10 and said[1:] == ["{'private'}"]
