"""A network's logits for packed sequences beside transformers', one sequence at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
hf = pytest.importorskip("transformers")

# Lengths 5 and 17 come twice as neighbours and once apart; 300 and 400 are longer than any window or bucket in use.
LENGTHS = [5, 300, 17, 17, 64, 1, 2, 129, 5, 5, 400]


@dataclass
class Logits:
    ours: Any
    theirs: Any


def _packed(sequences: list[Any], types: list[Any]) -> Any:
    from tamis.score.nets.attention import Packed

    lengths = torch.tensor([len(ids) for ids in sequences])
    lasts = lengths.cumsum(0) - 1
    places = torch.cat([torch.arange(length) for length in lengths])
    return Packed(torch.cat(sequences), places, torch.cat(types), lasts - lengths + 1, lasts)


def _padded(lengths: list[int]) -> Any:
    from tamis.score.nets.attention import Padded

    width, starts = max(lengths), [sum(lengths[:at]) for at in range(len(lengths))]
    valid = torch.arange(width)[None, :] < torch.tensor(lengths)[:, None]
    slots = torch.where(valid, torch.tensor(starts)[:, None] + torch.arange(width), 0)
    return Padded(slots, valid, valid.flatten().nonzero()[:, 0])


@pytest.fixture
def both_logits():
    """``both_logits(folder)``: our logits and those of transformers, each (sequences, labels)."""

    def both(folder: Path, attention: str = "sequences", typed: bool = False) -> Logits:
        from tamis.score.families import family
        from tamis.score.folder import ModelFolder
        from tamis.score.nets.attention import Sequences
        from tamis.score.nets.build import classifier

        model = ModelFolder(folder)
        network = classifier(model, family(model).network, torch.float32)
        draw = torch.Generator().manual_seed(3)
        vocabulary = model.config["vocab_size"]
        sequences = [torch.randint(5, min(vocabulary, 30000), (n,), generator=draw) for n in LENGTHS]
        types = [torch.arange(n) * 2 // n * typed for n in LENGTHS]
        look = Sequences(LENGTHS) if attention == "sequences" else _padded(LENGTHS)
        with torch.inference_mode():
            ours = network(_packed(sequences, types), look)
            them = hf.AutoModelForSequenceClassification.from_pretrained(folder).eval()
            theirs = [
                them(input_ids=ids[None], **({"token_type_ids": kind[None]} if typed else {})).logits
                for ids, kind in zip(sequences, types, strict=True)
            ]
        return Logits(ours, torch.cat(theirs))

    return both
