"""The engine of small runs: this process scores one block after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from tamis.core import Scorer
from tamis.scale.blocks import Block
from tamis.scale.model import Loaded, Loading
from tamis.scale.part import Part, Task
from tamis.scale.tries import tried
from tamis.scale.worker import Start, opened


class Engine(Protocol):
    """What has blocks scored; whichever it is, the parts are the same, byte for byte.

    ``loaded`` is called first and once; then ``parts``, which gives each block's part once, in any order; and ``close``
    at the end, whatever happened.
    """

    @property
    def workers(self) -> int: ...
    def loaded(self) -> Loaded: ...
    def parts(self, blocks: Sequence[Block]) -> Iterator[Part]: ...
    def close(self) -> None: ...


class Inline:
    """This process, with all its threads."""

    workers = 1

    def __init__(self, task: Task, model: Loading) -> None:
        self._task, self._model = task, model
        self._scorer: Scorer | None = None

    def loaded(self) -> Loaded:
        """What the scorer is.

        Raises:
            TamisError: the model cannot be loaded.
        """
        self._scorer, loaded = opened(Start(self._task, self._model))
        return loaded

    def parts(self, blocks: Sequence[Block]) -> Iterator[Part]:
        """The parts of the blocks, in order.

        Raises:
            TamisError: something that concerns all blocks.
        """
        if self._scorer is None:
            self.loaded()
        assert self._scorer is not None
        for block in blocks:
            yield tried(self._task, block, self._scorer)

    def close(self) -> None:
        """There is nothing to end."""
