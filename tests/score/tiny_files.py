"""How model folders come about: random weights, and the files of Hugging Face and sentence-transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

EMBEDDING = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
SCORES = {"module_input_name": "sentence_embedding", "module_output_name": "scores"}


def randomise(model: nn.Module, seed: int, norm: float = 1.0) -> None:
    """Draw every parameter anew, so that each of them matters; ``norm`` is what norm weights lie around."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=draw)
            if weight.ndim == 1:
                weight.copy_(noise * 0.3 + (norm if name.endswith("weight") else 0.0))
            elif "embed" in name:
                weight.copy_(noise * 0.5)
            else:
                weight.copy_(noise * 1.4 / weight.shape[1] ** 0.5)


def write(folder: Path, model: Any, tokenizer: Tokenizer, tokens: dict[str, str], seed: int, **settings: Any) -> Path:
    """Randomise a model and save it with its tokenizer; ``settings`` go to the tokenizer's config."""
    randomise(model, seed, norm=0.0 if model.config.model_type == "gemma" else 1.0)
    model.save_pretrained(folder)
    length = settings.pop("model_max_length", 512)
    names = {"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
    hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=length, **tokens, **(names | settings)
    ).save_pretrained(folder)
    return folder


def dense_settings(inside: int, outside: int, activation: str) -> dict[str, Any]:
    return {"in_features": inside, "out_features": outside, "bias": True, "activation_function": activation}


def write_module(folder: Path, module: nn.Module, name: str, config: dict[str, Any]) -> None:
    write_json(folder / "config.json", config)
    save_file(
        {f"{name}.{key}": value.contiguous() for key, value in module.state_dict().items()},
        folder / "model.safetensors",
    )


def list_modules(folder: Path, *paths: str) -> None:
    """modules.json, with the class of each module read off the name of its folder."""
    homes = {
        "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
        "Pooling": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
        "Dense": "sentence_transformers.base.modules.dense.Dense",
        "LayerNorm": "sentence_transformers.sentence_transformer.modules.layer_norm.LayerNorm",
        "LogitScore": "sentence_transformers.cross_encoder.modules.logit_score.LogitScore",
    }
    kinds = [path.partition("_")[2] or "Transformer" for path in paths]
    rows = [{"idx": at, "name": str(at), "path": path, "type": homes[kinds[at]]} for at, path in enumerate(paths)]
    write_json(folder / "modules.json", rows)


def write_settings(folder: Path, task: str, reads: dict[str, Any], name: str) -> Path:
    about = {"transformer_task": task, "modality_config": reads, "module_output_name": name}
    write_json(folder / "sentence_bert_config.json", about)
    versions = {"transformers": "5.23.0", "sentence_transformers": "6.2.0", "pytorch": "2.13.0"}
    words = {"model_type": "CrossEncoder", "__version__": versions, "prompts": {}, "default_prompt_name": None}
    write_json(
        folder / "config_sentence_transformers.json", words | {"activation_fn": "torch.nn.modules.linear.Identity"}
    )
    return folder


def edit(file: Path, drop: tuple[str, ...] = (), **settings: Any) -> Path:
    """Change a JSON file; give its folder."""
    held = json.loads(file.read_text(encoding="utf-8"))
    write_json(file, {key: value for key, value in held.items() if key not in drop} | settings)
    return file.parent


def write_json(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
