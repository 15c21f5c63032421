"""The documents are executed: every Python block runs, every ``tamis`` command names a verb and options that exist.

A block is left out by a comment on the line above it: ``<!-- not run: needs a GPU -->``.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tamis.cli.app import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [path for path in (ROOT / "README.md", ROOT / "README.zh.md") if path.exists()]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([\w+-]*)")
NOT_RUN = re.compile(r"^\s*<!--\s*not run:\s*\S.*-->\s*$")
PYTHON, SHELL = {"python", "py", "pycon"}, {"console", "bash", "sh", "shell"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line its text starts on."""

    language: str
    text: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown text that are not marked as not run."""
    fence, language, start, skipped, body = "", "", 0, False, list[str]()
    above = ""
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        if fence and line.strip() == fence:
            if not skipped:
                yield Block(language, textwrap.dedent("\n".join(body)) + "\n", start)
            fence = ""
        elif fence:
            body.append(line)
        elif found:
            fence, language, start, skipped, body = (
                found[1],
                found[2].lower(),
                number + 1,
                bool(NOT_RUN.match(above)),
                [],
            )
        above = line if line.strip() else above
    if fence:
        raise AssertionError(f"the block that starts on line {start} is never closed")


def execute(block: Block, namespace: dict[str, object], name: str) -> None:
    """Run a Python block in a namespace; one with ``>>>`` must also print what it says."""
    if not block.text.lstrip().startswith(">>>"):
        exec(compile("\n" * (block.line - 1) + block.text, name, "exec"), namespace)
        return
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.text, namespace, name, name, block.line - 1)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append, clear_globs=False)
    namespace.update(test.globs)
    assert not runner.failures, "".join(said)


def commands(text: str) -> Iterator[list[str]]:
    """The words of every command in a shell block, without prompts, comments, pipes and redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for token in lexer if line.strip().startswith(("$ ", "tamis ", "scripts/")) or "| tamis " in line else ():
            if set(token) <= set("|&;<>()"):
                yield words
                words = []
            else:
                words.append(token)
        yield words


@cache
def help_of(verb: str) -> str:
    """What ``tamis VERB --help`` prints; a verb of a group is two words, as ``"data check"``.

    Raises:
        AssertionError: there is no such verb.
    """
    done = CliRunner().invoke(
        app, [*verb.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}, prog_name="tamis"
    )
    assert done.exit_code == 0, f"'tamis {verb} --help' fails: {done.output.strip()[-300:]}"
    return done.stdout


def check(words: list[str]) -> None:
    """Hold one command against the help of its verb; a script must exist.

    Raises:
        AssertionError: no such verb, option or script.
    """
    if words and words[0].startswith("scripts/"):
        assert os.access(ROOT / words[0], os.X_OK), f"{words[0]} is not there or not executable"
    if not words or words[0] != "tamis" or (len(words) > 1 and words[1].isupper()):
        return
    verb, rest = (words[1], words[2:]) if len(words) > 1 and not words[1].startswith("-") else ("", words[1:])
    if rest and not rest[0].startswith("-") and re.search(r"(?m)^Usage: .* COMMAND ", help_of(verb)):
        verb, rest = f"{verb} {rest[0]}", rest[1:]
    known = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", help_of(verb))) | {"--help", "-h"}
    for word in rest:
        option = word.split("=")[0]
        if re.match(r"--?[A-Za-z]", option):
            assert option in known, f"'tamis {verb}' has no option {option}; it has {', '.join(sorted(known))}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_blocks_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "document"}
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language in PYTHON:
            execute(block, namespace, str(path))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_name_verbs_options_and_scripts_that_exist(path):
    for block in blocks(path.read_text(encoding="utf-8")):
        for words in commands(block.text) if block.language in SHELL else ():
            check(words)


DOCUMENT = """
```python
x = 1
```
text
  ~~~python
  y = x + 1
  ~~~

<!-- not run: needs a planet -->

```python
raise RuntimeError
```
````markdown
```python
raise RuntimeError
```
````
```pycon
>>> x + y
3
```
"""


def test_blocks_are_found_run_in_one_namespace_and_left_out_where_marked():
    found = [block for block in blocks(DOCUMENT) if block.language in PYTHON]
    assert [block.line for block in found] == [3, 7, 21]
    namespace: dict[str, object] = {}
    for block in found:
        execute(block, namespace, "document")
    assert namespace["y"] == 2


def test_a_block_that_fails_names_its_line():
    with pytest.raises(ZeroDivisionError) as caught:
        execute(Block("python", "a = 1\na / 0\n", 41), {}, "document")
    assert caught.traceback[-1].lineno + 1 == 42


def test_a_printed_result_that_is_wrong_fails():
    with pytest.raises(AssertionError, match="Expected:"):
        execute(Block("python", ">>> 1 + 1\n3\n", 1), {}, "document")


def test_an_open_block_fails():
    with pytest.raises(AssertionError, match="starts on line 2 is never closed"):
        list(blocks("```python\nx = 1"))


def test_commands_are_cut_out_of_shell_blocks():
    text = "$ cd x\n$ cat a.txt | tamis rerank 'a | b' \\\n    --docs - > out # why\nprinted 'text\n"
    text += "tamis doctor\nscripts/test -q\n"
    assert [words for words in commands(text) if words] == [
        ["cd", "x"],
        ["cat", "a.txt"],
        ["tamis", "rerank", "a | b", "--docs", "-"],
        ["out"],
        ["tamis", "doctor"],
        ["scripts/test", "-q"],
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tamis", "rerank", "q", "--dosc", "f"], "'tamis rerank' has no option --dosc"),
        (["tamis", "rerank", "q", "--jso=1"], "'tamis rerank' has no option --jso"),
        (["tamis", "rerunk", "q"], "'tamis rerunk --help' fails"),
        (["tamis", "--vresion"], "has no option --vresion"),
        (["tamis", "data", "chekc"], "'tamis data chekc --help' fails"),
        (["tamis", "data", "check", "--agianst"], "'tamis data check' has no option --agianst"),
        (["scripts/nothing"], "is not there"),
    ],
)
def test_a_command_that_cannot_work_fails(words, says):
    with pytest.raises(AssertionError) as caught:
        check(words)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "line", ["tamis rerank q --docs f --top-k=3 --json", "tamis VERB --any", "tamis --help", "ls -z"]
)
def test_a_command_that_works_passes(line):
    check(line.split())
