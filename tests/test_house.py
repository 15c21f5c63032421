"""The house of docs/design.md, kept by reading the source: imports go one way, files stay small, importing is light."""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import tamis
from tamis.extras import EXTRAS

ROOT = Path(tamis.__file__).parent
LAYERS: tuple[frozenset[str], ...] = (  # lowest first: a file imports from its own layer and those before it
    frozenset({"errors"}),
    frozenset({"core", "extras", "filters"}),
    frozenset({"text"}),
    frozenset({"recall", "score", "calibrate", "decide", "answer", "rewrite", "evaluate", "data"}),
    frozenset(
        {"jobs", "pipeline", "widening", "scoring", "experiment", "labels", "labelling", "tuning", "recipes"}
        | {"train", "observe", "gains", "config", "thresholds"}
    ),
    frozenset({"integrations"}),
    frozenset({"serve", "workbench"}),
    frozenset({"scale"}),  # many servers, and many pairs
    frozenset({"cli", "__main__"}),
)
NUMPY_ONLY = LAYERS[0] | LAYERS[1]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
MOST_LINES = 400


@dataclass(frozen=True)
class Arrow:
    """One import: the line it stands on, the dotted thing it reads, and whether only type checkers follow it."""

    line: int
    target: str
    typing_only: bool = False

    @property
    def room(self) -> str:
        """The room of the house it points to; empty for other packages."""
        parts = self.target.split(".")
        return parts[1] if parts[0] == "tamis" and len(parts) > 1 else ""


def arrows(tree: ast.Module, package: str) -> Iterator[Arrow]:
    """Every import of a module that lives in ``package``, wherever it stands: in a function, under TYPE_CHECKING."""
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        for target in targets(node, package):
            yield Arrow(node.lineno, target, id(node) in guarded)  # type: ignore[attr-defined]


def targets(node: ast.AST, package: str) -> list[str]:
    """The dotted names that one node imports, relative ones resolved."""
    match node:
        case ast.Import(names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            home = ".".join([*above, *([module] if module else [])])
            return [f"{home}.{name.name}" for name in names]
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
            return [name] if ast.unparse(func).endswith(("import_module", "__import__")) else []
    return []


def complaints(root: Path, optional: Mapping[str, object]) -> list[str]:
    """What is wrong with the house under ``root``, one line each; empty when all is well."""
    return [
        f"{path.relative_to(root)}{fault}"
        for path in sorted(root.rglob("*.py"))
        for fault in (*shape(path), *(() if path == root / "__init__.py" else direction(path, root, optional)))
    ]


def shape(path: Path) -> Iterator[str]:
    """Faults of one file by itself."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    if not ast.get_docstring(tree):
        yield ":1: starts without a docstring that says what it holds"
    if (lines := len(source.splitlines())) > MOST_LINES:
        yield f": has {lines} lines, at most {MOST_LINES} are allowed: split it by noun"
    if path.name == "__init__.py":
        for node in ast.walk(tree):
            lazy = isinstance(node, ast.FunctionDef) and node.name in ("__getattr__", "__dir__")
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not lazy:
                yield f":{node.lineno}: defines {node.name!r}; an __init__ only hands names on"


def direction(path: Path, root: Path, optional: Mapping[str, object]) -> Iterator[str]:
    """Faults of one file's imports."""
    inside = path.relative_to(root).with_suffix("").parts
    room = inside[0]
    if room not in LEVEL:
        yield f": {room!r} has no layer: give it one in docs/design.md and in LAYERS of tests/test_house.py"
        return
    package = ".".join(("tamis", *inside[:-1]))
    for arrow in arrows(ast.parse(path.read_text(encoding="utf-8")), package):
        if fault := wrong(arrow, room, optional):
            yield f":{arrow.line}: {fault}"


def wrong(arrow: Arrow, room: str, optional: Mapping[str, object]) -> str:
    """Why a file in ``room`` may not import this; empty when it may."""
    base, *rest = arrow.target.split(".")
    if base != "tamis":
        if base in optional and not arrow.typing_only and room != "extras":
            return f"imports the optional package {base!r}: use tamis.extras.require({base!r})"
        if room in NUMPY_ONLY and base != "numpy" and base not in sys.stdlib_module_names:
            return f"imports {base!r}: {room} may need numpy only"
        return ""
    if arrow.room == room or (rest and rest[0] in ("__version__", "__file__")):
        return ""
    if arrow.room not in LEVEL:
        return f"imports {arrow.target!r} through the front door: import it from its own module"
    if LEVEL[arrow.room] > LEVEL[room]:
        return f"imports {arrow.target!r}, an arrow from {room} up to {arrow.room}"
    private = [part for part in rest if part.startswith("_")]
    return f"imports {arrow.target!r}, a private part of {arrow.room}" if private else ""


def test_imports_run_down_the_house_and_files_keep_its_rules():
    found = complaints(ROOT, EXTRAS)
    assert not found, "\n" + "\n".join(found)


def test_design_of_record_names_every_room():
    design = ROOT.parents[1] / "docs" / "design.md"
    if not design.exists():
        pytest.skip("docs/design.md is not written yet")
    rooms = {p.stem for p in ROOT.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()} - {"__init__"}
    text = design.read_text(encoding="utf-8")
    assert [room for room in sorted(rooms) if room not in text] == []


FINE = {
    "__init__.py": '"""d"""\nfrom tamis.cli import main\ndef __getattr__(name): ...\ndef __dir__(): ...\n',
    "errors.py": '"""d"""\nimport sys\n',
    "core.py": '"""d"""\nimport numpy as np\nfrom tamis.errors import X\n',
    "extras.py": '"""d"""\nimport importlib\n',
    "text/__init__.py": '"""d"""\nfrom tamis.text.segment import segment\n',
    "text/segment.py": '"""d"""\nfrom . import _tables\nfrom ._tables import _rows\n',
    "text/_tables.py": '"""d"""\n',
    "score/__init__.py": '"""d"""\n',
    "recall/index.py": '"""d"""\nfrom tamis.score import load\nfrom tamis.score.batch import plan\nimport bm25s\n',
    "pipeline.py": '"""d"""\nfrom tamis.recall import Index\nfrom typing import TYPE_CHECKING\n'
    "if TYPE_CHECKING:\n    import faiss\n",
    "cli/app.py": '"""d"""\nfrom tamis import __version__\nfrom tamis import pipeline\nfrom .options import _option\n',
}


def built(root: Path, files: Mapping[str, str]) -> Path:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return root


def test_the_checker_is_content_with_a_good_house(tmp_path):
    assert complaints(built(tmp_path, FINE), {"faiss": ...}) == []


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        ("text/segment.py", "from tamis.score import load_scorer", "an arrow from text up to score"),
        ("text/segment.py", "import tamis.score.batch", "an arrow from text up to score"),
        ("text/segment.py", "from ..score import batch", "an arrow from text up to score"),
        ("text/segment.py", "from .. import pipeline", "an arrow from text up to pipeline"),
        ("text/segment.py", "from tamis import cli", "an arrow from text up to cli"),
        ("text/segment.py", "def f():\n    from tamis.recall import Index", "an arrow from text up to recall"),
        ("text/segment.py", "if TYPE_CHECKING:\n    from tamis.recall import Index", "from text up to recall"),
        ("text/segment.py", "importlib.import_module('tamis.recall')", "an arrow from text up to recall"),
        ("errors.py", "from tamis.core import Query", "an arrow from errors up to core"),
        ("core.py", "import onnxruntime", "core may need numpy only"),
        ("core.py", "def f():\n    import rich", "core may need numpy only"),
        ("recall/index.py", "from tamis.pipeline import Rerank", "an arrow from recall up to pipeline"),
        ("recall/index.py", "from tamis.score import _private", "a private part of score"),
        ("recall/index.py", "from tamis.score._inner import name", "a private part of score"),
        ("recall/index.py", "from tamis.core import _as_document", "a private part of core"),
        ("recall/index.py", "import faiss", "use tamis.extras.require('faiss')"),
        ("recall/index.py", "import tamis", "through the front door"),
        ("recall/index.py", "from tamis import rerank", "through the front door"),
        ("scale/ray.py", '"""d"""\nfrom tamis.cli import app', "an arrow from scale up to cli"),
        ("attic.py", '"""d"""\n', "'attic' has no layer"),
        ("score/__init__.py", "def load(): ...", "an __init__ only hands names on"),
        ("score/__init__.py", "class Load: ...", "an __init__ only hands names on"),
        ("data/__init__.py", "", "starts without a docstring"),
        ("data/read.py", "import csv\n", "starts without a docstring"),
        ("data/read.py", '"""d"""\n' + "x = 1\n" * 400, "has 401 lines, at most 400"),
    ],
)
def test_the_checker_finds_each_fault_and_only_that(tmp_path, name, line, says):
    house = built(tmp_path, {**FINE, name: FINE.get(name, "") + line})
    (found,) = complaints(house, {"faiss": ...})
    assert found.startswith(str(Path(name))) and says in found


def fresh(code: str) -> dict[str, object]:
    """What a new interpreter has loaded, and the CPU seconds it took, after running ``code``."""
    report = "import json, sys, time; print(json.dumps({'cpu': time.process_time(), 'modules': list(sys.modules)}))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def packages(loaded: dict[str, object]) -> set[str]:
    return {str(name).split(".")[0] for name in loaded["modules"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "code", ["import tamis", "import tamis; tamis.Query, tamis.Ranking, tamis.TamisError", "import tamis.extras"]
)
def test_importing_tamis_loads_numpy_at_most(code):
    brought = packages(fresh(code)) - packages(fresh("")) - set(sys.stdlib_module_names)
    assert brought <= {"tamis", "numpy"}


def test_importing_tamis_takes_well_under_a_third_of_a_second():
    assert statistics.median(fresh("import tamis")["cpu"] for _ in range(5)) < 0.3


@pytest.mark.parametrize("path", sorted((ROOT.parents[1] / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_benchmarks_import_what_their_neighbours_have(path):
    """What one benchmark takes from another is defined there: most of them run too rarely to notice."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        neighbour = path.parent / f"{node.module}.py" if isinstance(node, ast.ImportFrom) else path
        if neighbour != path and neighbour.exists():
            held = _names(ast.parse(neighbour.read_text("utf-8")))
            assert {alias.name for alias in node.names} <= held, f"line {node.lineno}: {neighbour.name}"


def _names(tree: ast.Module) -> set[str]:
    """The names that stand in a module after its import."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found
