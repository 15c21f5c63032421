"""Write the folder that training of a Duet begins with: e5-small's layers, whose score is their cosine.

python recipes/duet/begin.py FOLDER [--apart 8] [--above 512] [--gate 6] [--scale 85]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from tamis.train.bases.embedded import unpacked

MIDDLE = 0.86  # the cosine at which e5-small is of two minds


def weights(encoder: Path, hidden: int, gate: float, scale: float, joint: range) -> dict[str, torch.Tensor]:
    """e5-small's parameters, a gate a head in the layers that read together, and a head that gives the cosine."""
    found = {f"bert.{name}": tensor for name, tensor in load_file(str(encoder / "model.safetensors")).items()}
    types = "bert.embeddings.token_type_embeddings.weight"
    found[types] = found[types].repeat(2, 1)
    for at in joint:
        found[f"bert.encoder.layer.{at}.gate"] = torch.full((12,), gate)
    found["classifier.weight"], found["classifier.bias"] = torch.ones(hidden), torch.tensor([-MIDDLE * scale])
    found["classifier.scale"] = torch.tensor([scale])
    return found


def tokenizer(encoder: Path) -> tuple[dict, int]:
    """e5-small's tokenizer, whose pairs are "<s> query: A </s> <s> passage: B </s>"."""
    found = json.loads((encoder / "tokenizer.json").read_text("utf-8"))
    plain = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    marks = {name: plain.encode(name.strip(), add_special_tokens=False) for name in ("query: ", "passage: ")}
    special = {name: {"id": name, "ids": e.ids, "tokens": e.tokens} for name, e in marks.items()}
    special |= {name: {"id": name, "ids": [plain.token_to_id(name)], "tokens": [name]} for name in ("<s>", "</s>")}

    def one(name: str, side: int) -> dict:
        return {"SpecialToken": {"id": name, "type_id": side}}

    def text(side: int) -> dict:
        return {"Sequence": {"id": "AB"[side], "type_id": side}}

    found["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [one("<s>", 0), text(0), one("</s>", 0)],
        "pair": [
            *(one("<s>", 0), one("query: ", 0), text(0), one("</s>", 0)),
            *(one("<s>", 0), one("passage: ", 0), text(1), one("</s>", 1)),
        ],
        "special_tokens": special,
    }
    return found, 1 + len(marks["passage: "].ids)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--apart", type=int, default=8)
    options.add_argument("--halving", type=int, default=4)
    options.add_argument("--above", type=int, default=512, help="tokens from which documents are halved")
    options.add_argument("--gate", type=float, default=6.0, help="how far texts do not see one another at first")
    options.add_argument("--scale", type=float, default=85.0, help="of the cosine, as the teachers' logits spread")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        encoder = unpacked("e5-small", Path(made) / "e5")
        pairs, begins = tokenizer(encoder)
        config = json.loads((encoder / "config.json").read_text("utf-8"))
        config |= {
            "architectures": ["DuetForSequenceClassification"],
            "model_type": "duet",
            "apart_layers": asked.apart,
            "halving_layer": asked.halving,
            "halved_above": asked.above,
            "document_begins": begins,
            "type_vocab_size": 2,
            "num_labels": 1,
            "id2label": {"0": "LABEL_0"},
            "label2id": {"LABEL_0": 0},
        }
        asked.folder.mkdir(parents=True, exist_ok=True)
        joint = range(asked.apart, config["num_hidden_layers"])
        tensors = weights(encoder, config["hidden_size"], asked.gate, asked.scale, joint)
        save_file(
            {n: t.contiguous() for n, t in tensors.items()}, str(asked.folder / "model.safetensors"), {"format": "pt"}
        )
        (asked.folder / "tokenizer.json").write_text(json.dumps(pairs, ensure_ascii=False), "utf-8")
        (asked.folder / "tokenizer_config.json").write_text(
            (encoder / "tokenizer_config.json").read_text("utf-8"), "utf-8"
        )
        (asked.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
