"""Optional packages: each row's install hint, word for word; and the lazy names of ``tamis`` itself."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import tamis
from tamis.errors import MissingExtraError
from tamis.extras import EXTRAS, available, require

PYPROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("row", EXTRAS.values(), ids=lambda row: row.module)
def test_a_missing_package_is_answered_with_the_command_that_installs_it(row, monkeypatch):
    monkeypatch.setitem(sys.modules, row.module, None)  # what makes ``import`` fail as if it were not installed
    with pytest.raises(MissingExtraError) as caught:
        require(row.module)
    assert str(caught.value) == (
        f'{row.purpose} needs the package {row.module!r}, which is not installed: pip install "tamis[{row.extra}]"'
    )
    assert isinstance(caught.value.__cause__, ImportError)
    assert not available(row.module)


@cache
def handed_over():
    """The names of all that can be asked for, by what was asked for, in a process that had imported nothing."""
    code = "import json; from tamis.extras import EXTRAS, available, require; "
    code += "print(json.dumps({m: require(m).__name__ for m in EXTRAS if available(m)}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("row", EXTRAS.values(), ids=lambda row: row.module)
def test_an_installed_package_is_handed_over(row):
    if not available(row.module):
        pytest.skip(f"{row.module} is not installed here")
    assert handed_over()[row.module] == row.module


def test_asking_whether_a_package_is_there_does_not_import_it():
    code = "import sys; from tamis.extras import EXTRAS, available; list(map(available, EXTRAS)); "
    code += "print([m for m in EXTRAS if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_row_names_an_extra_of_the_package_and_every_extra_is_used():
    assert {row.extra for row in EXTRAS.values()} == set(PYPROJECT["optional-dependencies"])
    assert all(module == row.module and row.purpose for module, row in EXTRAS.items())


def test_an_installed_package_that_is_broken_is_not_called_missing(monkeypatch, tmp_path):
    (tmp_path / "faiss.py").write_text("import a_library_that_is_not_there\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    with pytest.raises(MissingExtraError) as caught:
        require("faiss")
    assert str(caught.value).endswith(
        "'faiss', which is installed but cannot be loaded (No module named 'a_library_that_is_not_there'): "
        'pip install --force-reinstall "tamis[index]"'
    )


def test_lazy_names_lead_home():
    assert set(tamis.__all__) == set(tamis._HOME)
    assert set(tamis.__all__) <= set(dir(tamis))
    for name, home in tamis._HOME.items():
        assert getattr(tamis, name) is getattr(importlib.import_module(home), name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'tamis' has no attribute 'Pipline'"):
        tamis.Pipline  # noqa: B018


def test_the_version_is_a_release_number():
    assert re.fullmatch(r"\d+\.\d+\.\d+", tamis.__version__)
