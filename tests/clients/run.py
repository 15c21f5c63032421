"""Real clients against a real server, each in an environment of its own, since their pins clash.

    scripts/clients                    all of them; the first time their packages are installed (2 GB, some minutes)
    scripts/clients cohere7 litellm    some of them

Environments stand in .venvs at the root of the repository; TAMIS_CLIENTS_VENVS names another folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from .serving import RATE, serving

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("pytest>=8.4", "httpx>=0.28")


@dataclass(frozen=True, slots=True)
class Environment:
    """One row: what is installed together, the file that tests it, and the packages whose versions are told."""

    name: str
    requirements: tuple[str, ...]
    file: str
    told: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return Path(os.environ.get("TAMIS_CLIENTS_VENVS") or ROOT / ".venvs") / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"


def _row(name: str, requirements: Sequence[str], file: str, told: Sequence[str]) -> Environment:
    return Environment(name, tuple(requirements), file, tuple(told))


LLAMA = [f"llama-index-postprocessor-{one}-rerank" for one in ("cohere", "jinaai", "tei")]
HAYSTACK = ["cohere-haystack", "jina-haystack", "huggingface-api-haystack"]
ENVIRONMENTS = {
    row.name: row
    for row in (
        _row("cohere7", ["cohere>=7"], "test_cohere.py", ["cohere"]),
        _row("cohere5", ["cohere>=5.18,<6"], "test_cohere.py", ["cohere"]),
        _row("openai", ["openai>=3"], "test_openai.py", ["openai"]),
        _row("voyage", ["voyageai>=0.5"], "test_voyage.py", ["voyageai"]),
        _row("litellm", ["litellm>=1.106"], "test_litellm.py", ["litellm"]),
        _row(
            "langchain", ["langchain-cohere", "langchain-classic"], "test_langchain.py", ["langchain-cohere", "cohere"]
        ),
        _row("llamaindex", LLAMA, "test_llama_index.py", [*LLAMA, "cohere"]),
        _row("haystack", HAYSTACK, "test_haystack.py", [*HAYSTACK, "cohere"]),
    )
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an environment: versions, counts of tests, and whether all is well."""

    name: str
    versions: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0  # and those that are expected to fail

    @property
    def well(self) -> bool:
        """Whether something was tried and nothing failed."""
        return not self.failed and self.passed > 0


def made(row: Environment) -> None:
    """Make an environment; does nothing when that is done already."""
    wanted = "\n".join([*TOOLS, *row.requirements])
    stamp = row.folder / "tamis-clients.stamp"  # written last: an interrupted run is simply done again
    if row.python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Installing {', '.join(row.requirements)} ...", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(row.folder)], check=True)
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    subprocess.run([row.python, "-m", "pip", "install", "-qq", *TOOLS, *row.requirements], check=True, env=quiet)
    stamp.write_text(wanted, encoding="utf-8")


def versions(row: Environment) -> str:
    """Names and versions of the packages under test."""
    code = (
        "import sys; from importlib.metadata import version as v; print(', '.join(f'{p} {v(p)}' for p in sys.argv[1:]))"
    )
    return subprocess.run(
        [row.python, "-c", code, *row.told], check=True, capture_output=True, text=True
    ).stdout.strip()


def tried(row: Environment, where: dict[str, str]) -> Outcome:
    """Run an environment's tests, which find the servers by the variables in ``where``."""
    print(f"== {row.name}", flush=True)
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        here = ROOT / "tests" / "clients"
        command = [row.python, "-m", "pytest", "-q", "-rsx", "-c", here / "clients.ini", "--rootdir", ROOT]
        command += ["--confcutdir", here, "--junitxml", report, here / row.file]
        subprocess.run(command, check=False, cwd=ROOT, env={**alone, "PYTHONDONTWRITEBYTECODE": "1", **where})
        if not report.exists():
            return Outcome(row.name, versions(row), failed=1)
        suite = next(ElementTree.parse(report).iter("testsuite"))
    total, failed, broken, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped"))
    return Outcome(row.name, versions(row), total - failed - broken - skipped, failed + broken, skipped)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Lines to be printed, a row an environment.

    >>> print(*table([Outcome("cohere7", "cohere 7.3.1", 26, 0, 1)]), sep="\\n")
    environment  passed  failed  skipped  versions
    cohere7          26       0        1  cohere 7.3.1
    """
    yield f"{'environment':<11}  passed  failed  skipped  versions"
    for one in outcomes:
        yield f"{one.name:<11}  {one.passed:>6}  {one.failed:>6}  {one.skipped:>7}  {one.versions}"


def main(names: Sequence[str]) -> int:
    """Run the environments named, or all; the process's exit code."""
    if unknown := [name for name in names if name not in ENVIRONMENTS]:
        print(f"{__doc__}\nno environment {', '.join(unknown)}: expected {', '.join(ENVIRONMENTS)}", file=sys.stderr)
        return 2
    rows = [ENVIRONMENTS[name] for name in names or ENVIRONMENTS]
    for row in rows:
        made(row)
    with serving() as server, serving("--rate", RATE) as limited:
        where = {"TAMIS_TEST_URL": server.url, "TAMIS_TEST_LIMITED_URL": limited.url, "TAMIS_TEST_KEY": server.key}
        outcomes = [tried(row, where) for row in rows]
    print("\n".join(table(outcomes)))
    return int(not all(one.well for one in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
