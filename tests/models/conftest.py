"""What tests of recipes share: a recipe's folders on the path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def on_path() -> Callable[..., AbstractContextManager[None]]:
    """A context in which folders of the repository are on the path, as they are when a script there is run."""

    @contextmanager
    def within(*names: str) -> Iterator[None]:
        path, folders = sys.path[:], [str(ROOT / name) for name in names]
        sys.path[:0] = folders
        try:
            yield
        finally:
            sys.path[:] = path
            # Scripts of two recipes may have one name.
            for name, module in [*sys.modules.items()]:
                if str(Path(getattr(module, "__file__", None) or ".").parent) in folders:
                    del sys.modules[name]

    return within
