"""Hub ids (``organisation/model``) to folders, through huggingface_hub or modelscope; what is cached needs no net."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tamis.errors import ModelError
from tamis.extras import available, require

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
VARIABLE = "TAMIS_HUB"  # "huggingface" or "modelscope"
# Code that a model repository brings is never fetched, and neither are weights in other frameworks' formats.
WANTED = ["*.json", "*.txt", "*.model", "*.jinja", "*.safetensors", "*.onnx", "*.onnx_data", "*.onnx.data"]
PICKLED = ["pytorch_model*.bin"]  # only where there are no safetensors; read without running what is in it


def is_hub_id(spec: str) -> bool:
    """Whether a spec has the form of a hub id.

    >>> is_hub_id("BAAI/bge-reranker-v2-m3"), is_hub_id("tamis-mini"), is_hub_id("./folder/model")
    (True, False, False)
    """
    return HUB_ID.fullmatch(spec) is not None and not spec.startswith(".")


def fetched(spec: str) -> Path:
    """The folder of a hub id: from the local cache if it is there, else downloaded.

    Raises:
        ModelError: the hub does not know it, cannot be reached, or is not installed.
    """
    hub = os.environ.get(VARIABLE) or ("huggingface" if available("huggingface_hub") else "modelscope")
    if hub not in HUBS:
        raise ModelError(f"{VARIABLE}={hub!r}: expected {' or '.join(HUBS)}")
    try:
        return Path(HUBS[hub](spec))
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"model {spec!r} is neither a folder nor to be had from {hub}: {reason}. Offline, give the path of a folder"
        ) from error


def _huggingface(spec: str) -> str:
    hub = require("huggingface_hub")
    try:
        found: str = hub.snapshot_download(spec, allow_patterns=WANTED, local_files_only=True)
        if _complete(found):
            return found
    except FileNotFoundError:
        pass  # not cached
    found = hub.snapshot_download(spec, allow_patterns=WANTED)
    return found if _complete(found) else str(hub.snapshot_download(spec, allow_patterns=WANTED + PICKLED))


def _modelscope(spec: str) -> str:
    hub = require("modelscope")
    try:
        found: str = hub.snapshot_download(spec, allow_patterns=WANTED + PICKLED, local_files_only=True)
    except (ValueError, OSError):
        found = hub.snapshot_download(spec, allow_patterns=WANTED + PICKLED)
    return found


def _complete(folder: str) -> bool:
    """Whether weights of some form are there."""
    return any(any(Path(folder).rglob(f"*{ending}")) for ending in (".safetensors", ".onnx", ".bin"))


HUBS = {"huggingface": _huggingface, "modelscope": _modelscope}
