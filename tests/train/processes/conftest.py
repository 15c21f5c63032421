"""Tiny models without dropout, labels, and what runs a program in two processes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORKER = Path(__file__).with_name("worker.py")
WORDS = ["river", "mountain", "tea", "stone", "glass", "paper", "cloud", "engine", "violin", "harbor"]
SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def environment(**more: str) -> dict[str, str]:
    """One thread a process, and nothing of a torchrun around this one."""
    kept = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return {**kept, "OMP_NUM_THREADS": "1", "TAMIS_THREADS": "1", **more}


def case(name: str, **changes: Any) -> dict[str, Any]:
    """A training that the worker does, told apart by its name; lists of a step go through the network in parts."""
    usual = {"base": "cross", "kind": "cross-encoder", "queries": 5, "tokens": 150, "tune": "full"}
    return {"name": name, **usual, "precision": None, "recompute": False, "measure": False, "stop": 0, **changes}


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labels of 40 queries, a cross-encoder and an encoder."""
    transformers = pytest.importorskip("transformers")
    from ...score.tiny_files import write

    folder = tmp_path_factory.mktemp("several")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    still = dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob"), 0.0)
    config = transformers.BertConfig(**sizes, **still, vocab_size=len(vocabulary()), num_labels=1)
    write(folder / "cross", transformers.BertForSequenceClassification(config), tokenizer(), SPECIAL, 1)
    write(folder / "bi", transformers.BertModel(config), tokenizer(), SPECIAL, 2)
    draw = random.Random(0)
    rows = (row(draw, at) for at in range(40))
    (folder / "labels.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return folder


def row(draw: random.Random, at: int) -> dict[str, Any]:
    asked = draw.sample(WORDS, 2)
    good = draw.sample([*asked, *draw.choices(WORDS, k=draw.randint(2, 8))], 4)
    bad = [" ".join(draw.choices(WORDS, k=draw.randint(4, 14))) + f" {at} {n}" for n in range(5)]
    return {"query": " ".join(asked) + f" {at}", "positive": [" ".join(good)], "negative": bad}


def vocabulary() -> dict[str, int]:
    words = [*SPECIAL.values(), *WORDS, *map(str, range(40))]
    return {word: at for at, word in enumerate(words)}


def tokenizer() -> Tokenizer:
    found = Tokenizer(models.WordLevel(vocabulary(), unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(word, vocabulary()[word]) for word in ("[SEP]", "[CLS]")]
    found.post_processor = processors.BertProcessing(*ends)
    return found


Work = Callable[..., None]


@pytest.fixture(scope="session")
def work(root: Path) -> Work:
    """Train cases in so many processes; each leaves its log and its weights in a folder of its name."""

    def run(processes: int, *cases: dict[str, Any], strategy: str = "ddp") -> None:
        torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        command = [sys.executable, *(torchrun if processes > 1 else []), str(WORKER), str(root), json.dumps(cases)]
        done = subprocess.run(command, env=environment(STRATEGY=strategy), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-4000:]

    return run


def losses(folder: Path) -> list[float]:
    """The loss of every step."""
    rows = map(json.loads, (folder / "log.jsonl").read_text("utf-8").splitlines())
    return [row["loss"] for row in rows if "loss" in row]
