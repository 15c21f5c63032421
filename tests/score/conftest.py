"""Tiny models of every family and their exports, made when first asked for, and pairs of texts in twelve languages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tamis import Document, Query

from .texts import pairs


@pytest.fixture(scope="session")
def pairs_in_many_languages() -> list[tuple[Query, Document]]:
    return pairs()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Callable[[str], Path]:
    """``tiny_model(family)``: the folder of a tiny model of ``tiny.FAMILIES``, ``wide.WIDE`` or ``tiny_bi.BI``."""
    for package in ("torch", "transformers", "safetensors"):
        pytest.importorskip(package)
    from transformers.utils import logging

    from .tiny import FAMILIES
    from .tiny_bi import BI
    from .wide import WIDE

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    root = tmp_path_factory.mktemp("tiny")
    return cache(lambda family: (FAMILIES | WIDE | BI)[family](root / family))


@pytest.fixture(scope="session")
def exported_bi(tiny_model, tmp_path_factory) -> Path:
    """The folder of wide_bi_bert's graphs, in fp32, int8 and int4."""
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package)
    from tamis.score.export import export

    made = tmp_path_factory.mktemp("exported") / "wide_bi_bert"
    export(tiny_model("wide_bi_bert"), made, ("onnx", "onnx-int8", "onnx-int4"))
    return made


@pytest.fixture(scope="session")
def exported(tiny_model, tmp_path_factory) -> Callable[[str], Path]:
    """``exported(family)``: the folder of a tiny model's graphs, in fp32 and int8."""
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package)
    from tamis.score.export import export

    root = tmp_path_factory.mktemp("exported")

    def made(family: str) -> Path:
        export(tiny_model(family), root / family, ("onnx", "onnx-int8"))
        return root / family

    return cache(made)
