"""Checkpoints: tensors by name, from safetensors or pytorch_model.bin, whole or in shards, strictly into a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from zipfile import is_zipfile

from tamis.errors import MissingExtraError, ModelError
from tamis.extras import require
from tamis.score.nets.lib import Tensor, nn, torch

FILES = ("model.safetensors", "pytorch_model.bin")
# Tensors that old checkpoints carry and no forward pass reads.
UNREAD = (
    "position_ids",
    "inv_freq",
    "cls.predictions",
    "cls.seq_relationship",
    "lm_head.",
    "discriminator_predictions",
)
OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}


class Checkpoint:
    """The tensors of a model folder, read when they are asked for.

    Raises:
        ModelError: the folder holds no weights, or files that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Callable[[], Tensor]] = {}
        for name in FILES:
            index = folder / f"{name}.index.json"
            whole = [name] if (folder / name).is_file() else []
            shards = indexed(index) if index.is_file() else whole
            for shard in shards:
                self._add(folder / shard)
            if shards:
                return
        raise ModelError(f"{folder}: expected weights in {' or '.join(FILES)} (or shards with an index), found none")

    def __contains__(self, name: str) -> bool:
        return name in self._read

    def __getitem__(self, name: str) -> Tensor:
        return self._read[name]()

    @property
    def names(self) -> list[str]:
        """The tensors' names."""
        return list(self._read)

    def _add(self, path: Path) -> None:
        try:
            if path.suffix == ".safetensors":
                opened = require("safetensors").safe_open(path, "pt")
                self._read |= {name: lambda n=name, f=opened: f.get_tensor(n) for name in opened.keys()}  # noqa: SIM118
            else:
                # Files from before torch 1.6 are no zip archives, and cannot be mapped.
                tensors = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
                self._read |= {name: lambda n=name: tensors[n] for name in tensors}
        except MissingExtraError:
            raise
        except Exception as error:  # safetensors and pickle raise classes of their own
            raise ModelError(f"{path}: weights that cannot be read: {error}") from error


def indexed(index: Path) -> list[str]:
    """The shards that an index names.

    Raises:
        ModelError: it is no index.
    """
    try:
        return sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{index}: expected a JSON object with a 'weight_map' of shards, got {error!r}") from error


def renamed(names: Iterable[str], table: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What each tensor is called in our network: old spellings mended, the first matching prefix of the table replaced.

    >>> renamed(["bert.x.LayerNorm.gamma"], [("bert.", "body.")])
    {'bert.x.LayerNorm.gamma': 'body.x.LayerNorm.weight'}
    """
    found = {}
    for name in names:
        new = name
        for old, ours in OLD_NAMES.items():
            new = new.replace(old, ours)
        prefix, ours = next(((p, o) for p, o in table if new.startswith(p)), ("", ""))
        found[name] = ours + new.removeprefix(prefix)
    return found


def listed(names: Sequence[str], most: int = 4) -> str:
    """The first few names, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def filled(
    network: nn.Module, tensors: Mapping[str, Callable[[], Tensor]], source: Path, dtype: torch.dtype
) -> nn.Module:
    """The network with every parameter from ``tensors``, ready to run.

    Raises:
        ModelError: a parameter has no tensor (it would be random), another shape, or a tensor has no parameter.
    """
    wanted = dict(network.named_parameters())
    if missing := sorted(set(wanted) - set(tensors)):
        raise ModelError(
            f"{source}: no weights for {listed(missing)}: they would be random numbers, and so would the scores; is "
            "config.json's architecture the one the checkpoint was saved with?"
        )
    surplus = sorted(n for n in set(tensors) - set(wanted) if not any(part in n for part in UNREAD))
    if surplus:
        raise ModelError(
            f"{source}: weights that this architecture does not have: {listed(surplus)}; is config.json's "
            "architecture the one the checkpoint was saved with?"
        )
    for name, parameter in wanted.items():
        tensor = tensors[name]()
        if tensor.shape != parameter.shape:
            raise ModelError(f"{source}: {name} has shape {tuple(tensor.shape)}, expected {tuple(parameter.shape)}")
        owner, _, leaf = name.rpartition(".")
        module = network.get_submodule(owner)
        setattr(module, leaf, nn.Parameter(tensor.to(dtype), requires_grad=False))
    return network.eval()
