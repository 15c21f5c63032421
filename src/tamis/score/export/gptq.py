"""4-bit weights by GPTQ (Frantar et al. 2023), made by llmcompressor: PyTorch folders for vLLM and transformers.

llmcompressor wants versions of transformers and others of its own: install ``tamis[gptq]`` into an environment of its
own, and export there. A GPU is not needed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Floats, Pair
from tamis.errors import ModelError, TamisError
from tamis.extras import require
from tamis.score.export.check import PAIRS, held
from tamis.score.export.folder import Exported, copy_settings, made_whole, require_absent, write_report
from tamis.score.export.formats import GraphFormat
from tamis.score.families import family, prompt_for
from tamis.score.folder import ModelFolder
from tamis.score.load_bi import encodes_texts
from tamis.score.load_cross import Options, load_cross
from tamis.score.template import Template

FORMAT = "gptq-int4"
ROW = GraphFormat(FORMAT, lambda model, _: model, 0.97, "onnx-int8, or name other texts: --calibration FILE")
SCHEME = "W4A16"  # 4-bit weights, one scale for 128 of them; activations as they are
LONGEST = 1024  # tokens of a calibration pair


def gptq(folder: str | Path, output: str | Path, calibration: Sequence[Pair] = ()) -> Exported:
    """Write a causal reranker with 4-bit weights that GPTQ fits to pairs; the folder appears whole or not at all.

    Linear layers but the output's are quantised, with one scale for 128 inputs. The result is an ordinary folder for
    vLLM and transformers (with compressed-tensors installed); tamis runs it through a server or the vLLM engine.

    Args:
        folder: a causal reranker, such as a Qwen3-Reranker.
        output: the folder to make; it must not be there yet.
        calibration: pairs that the weights are fitted to, written by the model's own prompt; a few hundred are usual.
            Empty takes the pairs of the check.

    Raises:
        InputError: the output is there already.
        ModelError: the folder holds no causal reranker, or one that GPTQ cannot take, or the result's scores are not
            those of the source (rank correlation below .97); nothing is written.
        MissingExtraError: the extra ``[gptq]`` is not installed.
        StorageError: the disk refused the output.
    """
    source, target = ModelFolder(Path(folder)), Path(output)
    require_absent(target)
    row = None if encodes_texts(source) else family(source)
    if row is None or row.kind != "causal":
        raise ModelError(
            f"{source.path}: {FORMAT} is for language models that answer in words, got {source.architecture!r}; use "
            "--format onnx-int4 or onnx-int8"
        )
    for package in ("llmcompressor", "datasets", "transformers"):
        require(package)
    from tamis.score.torch_engine import answer_ids

    reference = load_cross(source, Options("torch", "cpu", "float32"))
    with made_whole(target) as made:
        made.mkdir()
        copy_settings(source, made)
        ids = [e.ids[-LONGEST:] for e in reference.template.encode(calibration or PAIRS)]
        _compress(source, made, ids)
        prompt = prompt_for(source, row)
        assert prompt is not None  # causal models have one
        made_of = Plain(made, reference.template, answer_ids(prompt, source.tokens()))
        checked, speed = held(reference, made_of)
        ROW.refuse(checked, source.path)
        size = sum(path.stat().st_size for path in made.glob("*.safetensors"))
        found = Exported(Path(), FORMAT, round(size / 1e6, 1), checked, speed)
        write_report(source, made, [found])
    return replace(found, path=target)


def _compress(source: ModelFolder, made: Path, ids: Sequence[list[int]]) -> None:
    """Quantise by llmcompressor's ``oneshot`` and save.

    Raises:
        ModelError: it cannot take the model.
    """
    transformers, datasets = require("transformers"), require("datasets")
    compressor = require("llmcompressor")
    with _quiet():
        rows = [{"input_ids": row, "attention_mask": [1] * len(row)} for row in ids]
        recipe = require("llmcompressor.modifiers.gptq").GPTQModifier(
            targets="Linear", scheme=SCHEME, ignore=["lm_head"]
        )
        try:
            model = transformers.AutoModelForCausalLM.from_pretrained(source.base, dtype="auto", local_files_only=True)
            compressor.oneshot(
                model=model,
                dataset=datasets.Dataset.from_list(rows),
                recipe=recipe,
                max_seq_length=LONGEST,
                num_calibration_samples=len(rows),
            )
            model.save_pretrained(made, save_compressed=True)
        except (TamisError, OSError):
            raise
        except Exception as error:  # whatever it is that the package or the model's size does not suit
            raise ModelError(f"{source.path}: llmcompressor cannot quantise it: {error}") from error


class Plain:
    """A causal reranker run by transformers alone, one pair at a time: what others make of a folder.

    Args:
        folder: the model's folder.
        template: pairs to token ids.
        answers: ids of the answers: one whose logit is the score, or no and yes.
    """

    name = fingerprint = "transformers"

    def __init__(self, folder: Path, template: Template, answers: Sequence[int]) -> None:
        kind = require("transformers").AutoModelForCausalLM
        with _quiet():
            self._model: Any = kind.from_pretrained(folder, local_files_only=True).eval()
        self._template, self._answers = template, list(answers)

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``, in order."""
        torch = require("torch")
        found = []
        with torch.inference_mode():
            for encoded in self._template.encode(pairs):
                out = self._model(input_ids=torch.tensor([encoded.ids]), logits_to_keep=1).logits[0, -1]
                *others, last = out[self._answers].double().tolist()
                found.append(last - others[0] if others else last)
        return np.array(found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the packages' log lines and warnings, which are none of the user's making; bars of progress stay."""
    before, loguru = logging.root.manager.disable, import_module("loguru").logger
    packages = ("llmcompressor", "compressed_tensors")
    logging.disable(logging.WARNING)
    for package in packages:
        loguru.disable(package)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        for package in packages:
            loguru.enable(package)
