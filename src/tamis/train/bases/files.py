"""The files of a model folder, each written whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tamis.data import atomic_path, atomic_write
from tamis.errors import StorageError
from tamis.extras import require
from tamis.score.folder import ModelFolder
from tamis.score.nets.lib import Tensor

WEIGHTS = "model.safetensors"
MODULES = ("Transformer", "Pooling", "Normalize")


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors to a safetensors file.

    Raises:
        StorageError: the disk refused it.
    """
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        mode = temporary.stat().st_mode
        try:
            require("safetensors.torch").save_file(ready, str(temporary), {"format": "pt"})
            temporary.chmod(mode)  # which the package leaves to its owner alone
        except require("safetensors").SafetensorError as error:
            raise StorageError(f"{path} was not written: {error}. What was there before is unchanged") from error


def write_json(path: Path, content: object) -> None:
    """Write an object as such folders hold it."""
    with atomic_write(path) as out:
        out.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_modules(folder: Path, pooling: str, dimension: int, prompts: Mapping[str, str]) -> None:
    """Say, as sentence-transformers does, that a folder's encoder is pooled and its vectors have length 1."""
    paths = ("", "1_Pooling", "2_Normalize")
    rows = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (kind, path) in enumerate(zip(MODULES, paths, strict=True))
    ]
    for path in paths[1:]:
        (folder / path).mkdir(parents=True, exist_ok=True)
    modes = {"cls": "cls_token", "mean": "mean_tokens", "last": "lasttoken"}
    chosen = {f"pooling_mode_{word}": mode == pooling for mode, word in modes.items()}
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": dimension, **chosen})
    write_json(folder / "config_sentence_transformers.json", {"prompts": dict(prompts), "similarity_fn_name": "cosine"})
    write_json(folder / "modules.json", rows)


@contextmanager
def making(folder: Path, begun: Path) -> Iterator[None]:
    """Make a folder; where the block fails before the file ``begun`` is there, nothing that it made stays behind.

    Raises:
        StorageError: the folder cannot be made.
    """
    missing = [path for path in (folder, *folder.absolute().parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made: {error.strerror or error}") from error
    try:
        yield
    except BaseException:
        if missing and not begun.exists():
            shutil.rmtree(missing[-1], ignore_errors=True)
        raise


def copy_settings(source: Path, folder: Path, *, deep: bool, without: Collection[str] = ()) -> None:
    """Copy tokenizer, settings and templates; no weights, nothing hidden, nothing of a training or an export.

    Args:
        source: the folder to copy from.
        folder: the folder to copy to.
        deep: also what stands in folders of the folder.
        without: files that are left out.
    """
    for name in ModelFolder(source).settings_files():
        if name.as_posix() in without or (len(name.parts) > 1 and not deep):
            continue
        (folder / name.parent).mkdir(parents=True, exist_ok=True)
        if (source / name).resolve() != (folder / name).resolve():
            with atomic_path(folder / name) as temporary:
                shutil.copyfile(source / name, temporary)


def state_window(base: Path, length: int) -> None:
    """Have whoever loads a model read as many tokens as it has learnt to: a longer text would be new to it."""
    for name, word in (("tokenizer_config.json", "model_max_length"), ("sentence_bert_config.json", "max_seq_length")):
        if (path := base / name).is_file():
            write_json(path, {**json.loads(path.read_text("utf-8")), word: length})


def trained_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config.json of trained weights, which are in float32 whatever the base's were."""
    return {**config, "dtype": "float32", "torch_dtype": "float32"}
