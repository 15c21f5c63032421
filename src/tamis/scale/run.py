"""One run: what is asked for held against what the folder holds, the blocks that are left, what came of all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tamis.core import Progress
from tamis.data import digest
from tamis.errors import InputError, TamisError
from tamis.scale.blocks import Block, InputFile, Size
from tamis.scale.folder import Folder
from tamis.scale.inline import Engine
from tamis.scale.inputs import changed, columns_for, surveyed
from tamis.scale.model import Loaded
from tamis.scale.part import Form, Part, Task, rows_of
from tamis.scale.schema import Type, folded
from tamis.scoring.lines import Layout

IN_A_ROW = 3  # blocks set aside one after the other, after which the fault is not theirs


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, beside the model.

    Attributes:
        files: names and paths of what is read.
        columns: what they call their columns, as far as it is said.
        instruction: a task description.
        form: of the parts.
        size: of the blocks.
    """

    files: Sequence[tuple[str, Path]]
    columns: Mapping[str, str]
    instruction: str
    form: Form
    size: Size

    def options(self) -> dict[str, Any]:
        """What parts depend on beside files and model, as the manifest has it.

        Raises:
            DataError: a file has no column of queries or of documents.
        """
        columns = columns_for(self.files, self.columns)
        return {"columns": columns, "instruction": self.instruction, "form": self.form, "block": asdict(self.size)}


@dataclass(slots=True)
class Run:
    """A run in a folder that no one else works in.

    Attributes:
        folder: the output.
        task: what workers are told.
        blocks: all blocks, by number.
        content: the manifest's, as far as it is known.
        new: whether the folder held nothing that can be gone on with.
        parts: what is done, by the block's number.
        resumed: how many of them were there before.
        scored: pairs that this run has scored.
    """

    folder: Folder
    task: Task
    blocks: Sequence[Block]
    content: dict[str, Any]
    new: bool
    parts: dict[int, Part] = field(default_factory=dict)
    resumed: int = 0
    scored: int = 0

    @classmethod
    def prepared(cls, folder: Folder, wanted: Wanted, *, restart: bool, told: Progress | None = None) -> Run:
        """The run that goes on with what is in the folder, or begins.

        Raises:
            DataError: the input cannot be read.
            InputError: the folder was made from something else.
        """
        manifest = None if restart else folder.manifest()
        options = wanted.options()
        if manifest is None:
            return _begun(cls, folder, wanted, options, told)
        if found := [*_other_files(manifest["files"], wanted.files), *_others(manifest, options)]:
            raise _refused(folder, found)
        at = zip(manifest["files"], wanted.files, strict=True)
        files = [InputFile.of(values, path, folder.unpacked / values["sha256"]) for values, (_, path) in at]
        parts, task = folder.done(wanted.form), _task(folder, files, options, dict(manifest["schema"]))
        run = cls(folder, task, folder.blocks(), manifest, False, parts, len(parts))
        if any(not Path(files[block.file].read).exists() for block in run.left):  # its unpacked text was taken away
            surveyed(wanted.files, folder.unpacked, wanted.size, lambda rows: None)
        return run

    @property
    def left(self) -> list[Block]:
        """The blocks that are still to be scored."""
        return [block for block in self.blocks if block.number not in self.parts]

    def begin(self, loaded: Loaded, model: Mapping[str, Any]) -> None:
        """Hold the scorer against the one that what is done came from; of a new run, put down what it is made from.

        Raises:
            InputError: it is another one.
            StorageError: the disk refused the manifest.
        """
        if not self.new:
            if found := [*_others(self.content, loaded.identity)]:
                raise _refused(self.folder, found)
            return
        self.folder.clear()
        self.folder.write_blocks(self.blocks)
        self.content |= {"model": {**model, "name": loaded.name}, **loaded.identity}
        self.folder.write_manifest(self.content)

    def score(self, engine: Engine, progress: Progress | None = None) -> None:
        """Have what is left scored, and put down each part as it is done.

        Raises:
            TamisError: something that concerns all blocks; or one block after the other fails.
        """
        total, failures = sum(block.rows for block in self.blocks), 0
        done = total - sum(block.rows for block in self.left)
        if progress:
            progress(done, total)
        for part in engine.parts(self.left):
            self.folder.keep(part)
            self.parts[part.block] = part
            self.scored += part.pairs
            done += self.blocks[part.block].rows
            failures = failures + 1 if part.reason else 0
            if failures == IN_A_ROW:
                raise TamisError(f"{failures} blocks in a row could not be scored, the last because: {part.reason}")
            if progress:
                progress(done, total)

    def end(self) -> dict[str, Any]:
        """Put down what came of it, and return that."""
        found = [self.parts[number] for number in sorted(self.parts)]
        result = {
            "rows": sum(part.rows for part in found),
            "pairs": sum(part.pairs for part in found),
            "refused": sum(part.refused for part in found),
            "blocks": len(found),
            "set_aside": sum(bool(part.reason) for part in found),
            "digest": digest([[part.block, part.sha256, part.errors] for part in found]),
        }
        self.content["result"] = result
        self.folder.write_manifest(self.content)
        if not result["set_aside"]:
            self.folder.tidy()
        columns, name = self.content["columns"], self.content["model"]["name"]
        return {"output": str(self.folder.path), "model": name, "columns": columns, "resumed": self.resumed, **result}

    def written(self) -> list[Path]:
        """The parts, in order."""
        return [self.task.part(number) for number in sorted(self.parts) if self.parts[number].sha256]


def _begun(kind: type[Run], folder: Folder, wanted: Wanted, options: dict[str, Any], told: Progress | None) -> Run:
    """A run that begins with nothing."""
    rows = 0

    def tell(more: int) -> None:
        nonlocal rows
        rows += more
        if told:
            told(rows, None)

    files, blocks = surveyed(wanted.files, folder.unpacked, wanted.size, tell)
    schema = _schema(files, blocks) if wanted.form == "parquet" else {}
    content = {
        "files": [file.as_json() for file in files],
        **options,
        "schema": [*schema.items()],
        "blocks": len(blocks),
    }
    return kind(folder, _task(folder, files, options, schema), blocks, content, True)


def _schema(files: Sequence[InputFile], blocks: Sequence[Block]) -> dict[str, Type]:
    """The columns of all texts' rows, in the order in which they come."""
    found: dict[str, Type] = {}
    for block in blocks:
        if files[block.file].kind != "parquet":
            found = folded(found, rows_of(files[block.file], block, lambda error: None))
    return found


def _task(folder: Folder, files: Sequence[InputFile], options: Mapping[str, Any], schema: Mapping[str, Type]) -> Task:
    layout = Layout(options["columns"], instruction=options["instruction"])
    return Task(str(folder.path), tuple(files), layout, options["form"], schema, secrets.token_hex(4))


def _refused(folder: Folder, found: Sequence[str]) -> InputError:
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return InputError(
        f"{folder.path} was made from something else: {'; '.join(found[:3])}{more}. Begin anew with restart "
        "(--restart), or give another folder"
    )


def _other_files(old: Sequence[Mapping[str, Any]], new: Sequence[tuple[str, Path]]) -> Iterator[str]:
    """How the input differs from that of the manifest."""
    known, given = {values["name"]: values for values in old}, dict(new)
    yield from (f"the input file {name} is new" for name in given if name not in known)
    yield from (f"the input file {name} is gone" for name in known if name not in given)
    for name in given:
        if name in known and changed(known[name], given[name]):
            yield f"the input file {name} was changed"


def _others(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """How options differ from those of the manifest."""
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            whole = {key: value.get(key) for key in sorted({*value, *before})}
            yield from (f"{name}: {each}" for each in _others(before, whole))
        elif before != value:
            yield f"{name} was {before!r}, is {value!r}"
