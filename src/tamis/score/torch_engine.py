"""The PyTorch engine: packed sequences, attention within each, a prefix's keys and values computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.errors import InputError, ModelError
from tamis.score.engine import Batch
from tamis.score.families import Family, prompt_for
from tamis.score.folder import ModelFolder
from tamis.score.nets.attention import Past
from tamis.score.nets.build import causal, classifier, encoder, modules
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.nets.packing import packed
from tamis.score.prompts import Prompt
from tamis.score.threads import beside_others, threads
from tamis.score.tokens import Tokens

BUDGET = 1024  # tokens of a batch on a CPU: 4,096 fall out of its cache and run at half the speed
ACCELERATOR_BUDGET = 32768
PREFIXES = 2  # prefixes whose keys and values are kept at least: that of the query under way, and the one before
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Prefix:
    """The keys and values of a prefix, computed by the first batch that needs them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.past: list[Past] | None = None


class TorchEngine:
    """Runs a network of ``nets`` on packed sequences; any number of threads may share it.

    Args:
        network: packed tokens to logits.
        device: a torch device name.
        dtype: the dtype of weights and activations.
        shares: whether the network can continue from a prefix (decoders can).
    """

    packs = True

    def __init__(self, network: nn.Module, device: str, dtype: str, *, shares: bool) -> None:
        self.network = network.to(device)
        self._device = torch.device(device)
        self.name = f"torch:{self._device.type}:{dtype}"
        self.shares = shares
        self._cpu = self._device.type == "cpu"
        self.budget = BUDGET if self._cpu else ACCELERATOR_BUDGET
        self._prefixes: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def threads(self) -> int:
        """Batches side by side: one a thread on a CPU, one on an accelerator."""
        return threads() if self._cpu else 1

    def logits(self, batch: Batch) -> NDArray[np.float32]:
        """Logits of each sequence, shape ``(rows, outputs)``."""
        if self._cpu and beside_others():
            _one_thread()
        with torch.inference_mode():
            past = self._past(batch.prefix) if batch.prefix else None
            tokens, attention = packed(batch.ids, batch.second, self._device, behind=len(batch.prefix))
            out = self.network(tokens, attention, past) if past else self.network(tokens, attention)
            found: NDArray[np.float32] = out.float().cpu().numpy()
        return found

    def _past(self, prefix: tuple[int, ...]) -> list[Past]:
        with self._lock:
            kept = self._prefixes.setdefault(prefix, Prefix())
            self._prefixes.move_to_end(prefix)
            while len(self._prefixes) > max(PREFIXES, self.threads + 1):
                self._prefixes.popitem(last=False)
        with kept.lock:  # others wait for this prefix, not for all
            if kept.past is None:
                tokens, attention = packed([list(prefix)], [len(prefix)], self._device)
                body: Any = self.network.body
                kept.past = body.prefix(tokens, attention)
            return kept.past


def _one_thread() -> None:
    """Have PyTorch compute in this thread alone, and leave what it does in others as it was."""
    if (before := torch.get_num_threads()) > 1:
        torch.set_num_threads(1)  # holds for this thread, but is also what new threads begin with
        other = threading.Thread(target=torch.set_num_threads, args=(before,))
        other.start()
        other.join()


def load_torch(folder: ModelFolder, row: Family, tokens: Tokens, device: str, dtype: str, template: str) -> TorchEngine:
    """The folder's network on a device.

    Args:
        folder: the model folder.
        row: its family.
        tokens: its tokenizer, which knows the answers' ids.
        device: a torch device, or ``"auto"``: CUDA, else MPS, else the CPU.
        dtype: ``"float32"``, ``"bfloat16"``, ``"float16"``, or ``"auto"``: bfloat16 on CUDA, else float32.
        template: the named template, which decides the answers.

    Raises:
        InputError: the device is not there, or the dtype is not known.
        ModelError: weights are missing or do not fit.
    """
    device = chosen_device(device)
    dtype = chosen_dtype(dtype, "bfloat16" if device.startswith("cuda") else "float32")
    network: Tensor | nn.Module
    _refuse_quantised(folder)
    if row.kind == "causal":
        prompt = prompt_for(folder, row, template)
        if prompt is None:
            raise InputError("a causal model is asked by a prompt: template='pair' cannot be")
        network = causal(folder, row.network, DTYPES[dtype], answer_ids(prompt, tokens))
    else:
        network = (modules if row.kind == "modules" else classifier)(folder, row.network, DTYPES[dtype])
    return TorchEngine(network, device, dtype, shares=row.network == "decoder")


def answer_ids(prompt: Prompt, tokens: Tokens) -> list[int]:
    """Token ids of a prompt's answers: no and yes, or the one that is read.

    Raises:
        ModelError: the tokenizer cuts an answer into several tokens.
    """
    return [a if isinstance(a, int) else tokens.one(a) for a in (prompt.no, prompt.yes) if a != ""]


def _refuse_quantised(folder: ModelFolder) -> None:
    method = (folder.config.get("quantization_config") or {}).get("quant_method")
    if method:
        raise ModelError(
            f"{folder.path}: its weights are quantised ({method}), which the torch engine does not read: serve it with "
            "vLLM and give the server's URL, or export the fp32 folder with --format onnx-int4"
        )


def load_torch_encoder(folder: ModelFolder, row: str, device: str, dtype: str) -> TorchEngine:
    """A bi-encoder's network on a device; its "logits" are unit vectors.

    Args:
        folder: the model folder.
        row: of ``nets.build.BODIES``.
        device: a torch device, or ``"auto"``: CUDA, else MPS, else the CPU.
        dtype: as of ``load_torch``, but ``"auto"`` is float32 everywhere.

    Raises:
        InputError: the device is not there, or the dtype is not known.
        ModelError: weights are missing or do not fit, or a module is not implemented.
    """
    device, dtype = chosen_device(device), chosen_dtype(dtype, "float32")
    _refuse_quantised(folder)
    return TorchEngine(encoder(folder, row, DTYPES[dtype]), device, dtype, shares=False)


def chosen_dtype(wanted: str, usual: str) -> str:
    """The dtype a name stands for; ``"auto"`` is the usual one.

    Raises:
        InputError: it is not known.
    """
    if wanted not in ("auto", *DTYPES):
        raise InputError(f"dtype={wanted!r}: the torch engine knows auto, {', '.join(DTYPES)}")
    return usual if wanted == "auto" else wanted


def chosen_device(wanted: str) -> str:
    """The device a name stands for.

    Raises:
        InputError: this machine, or this build of PyTorch, has none such.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, found in there.items() if found)
    kind = wanted.split(":")[0]
    if not there.get(kind):
        known = ", ".join(name for name, found in there.items() if found)
        raise InputError(f"device={wanted!r}: PyTorch finds {known} here")
    return wanted
