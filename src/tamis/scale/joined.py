"""The parts of a run, in order, as one file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tamis.data import atomic_path
from tamis.errors import InputError
from tamis.extras import require
from tamis.scale.part import Form


def join(parts: Sequence[Path], path: str | Path, form: Form) -> None:
    """Write the parts, in the order given, into one file, which appears whole or not at all.

    Raises:
        InputError: the file's name does not end as its form does, or its folder is not there; or the parts of a Parquet
            run have other columns than each other, as where its inputs had.
        StorageError: the disk refused it.
    """
    check_name(path, form)
    with atomic_path(path) as beside:
        (_rows_after_rows if form == "parquet" else _bytes_after_bytes)(parts, beside)


def check_name(path: str | Path, form: Form) -> None:
    """Refuse a name that parts of this form cannot be joined under, before anything is scored for it.

    Raises:
        InputError: it ends otherwise, or its folder is not there.
    """
    if not Path(path).name.lower().endswith(f".{form}"):
        raise InputError(f"{path}: the parts are {form}, so expected a name that ends in .{form}")
    if not Path(path).resolve().parent.is_dir():
        raise InputError(f"{path} cannot be written: its folder does not exist")


def _bytes_after_bytes(parts: Sequence[Path], path: Path) -> None:
    with path.open("wb") as out:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, out)


def _rows_after_rows(parts: Sequence[Path], path: Path) -> None:
    parquet = require("pyarrow.parquet")
    schema = parquet.read_schema(parts[0])
    with parquet.ParquetWriter(path, schema) as out:
        for part in parts:
            table = parquet.read_table(part)
            if table.schema != schema:
                what = f"{part.name} has other columns than {parts[0].name}, since their inputs have"
                raise InputError(f"the parts cannot be joined: {what}; read them as a folder, or use the form jsonl")
            out.write_table(table)
