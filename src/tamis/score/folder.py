"""A model folder as others write them, and what it says of itself: Hugging Face and sentence-transformers files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tamis.errors import ModelError
from tamis.extras import require
from tamis.score.tokens import Tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BESIDE = ("README.md", "training", "calibration.json", "report.json")  # what stands beside a model, no part of it
REPORT = "tamis_export.json"  # what an export says of its graphs
SETTINGS, INDEX = (".json", ".txt", ".model", ".jinja"), ".index.json"  # endings of settings, and of what lists weights
OTHER_TOKENIZERS = ("vocab.txt", "sentencepiece.bpe.model", "spm.model", "tokenizer.model", "vocab.json")


def labels(config: Mapping[str, Any]) -> int:
    """How many logits a classifier gives: as many as the config names labels (two where it names none).

    >>> labels({"id2label": {"0": "LABEL_0"}}), labels({})
    (1, 2)
    """
    return len(config["id2label"]) if config.get("id2label") else int(config.get("num_labels", 2))


@dataclass(frozen=True, slots=True)
class Module:
    """One row of a sentence-transformers modules.json: the class it names and the folder it is kept in."""

    kind: str
    path: Path


@dataclass(frozen=True)
class ModelFolder:
    """The folder of a model; every fact about the model is read from here, none from the folder's name."""

    path: Path

    @cached_property
    def modules(self) -> list[Module]:
        """The sentence-transformers modules, first to last; empty in other folders."""
        rows = self._read(self.path / "modules.json", missing=[])
        try:
            return [Module(row["type"].rsplit(".", 1)[-1], self.path / row["path"]) for row in rows]
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{self.path / 'modules.json'}: expected rows with 'type' and 'path', got {rows}"
            ) from error

    @cached_property
    def base(self) -> Path:
        """The folder of config.json, weights and tokenizer."""
        return self.modules[0].path if self.modules else self.path

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.json."""
        found: dict[str, Any] = self._read(self.base / "config.json")
        return found

    @cached_property
    def architecture(self) -> str:
        """The class that config.json says the weights belong to.

        Raises:
            ModelError: it names none.
        """
        named = self.config.get("architectures")
        if not isinstance(named, list) or not named:
            raise ModelError(
                f"{self.base / 'config.json'}: expected 'architectures' to name the model's class, got {named!r}"
            )
        return str(named[0])

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What sentence-transformers keeps beside config.json: activation, prompts, window."""
        found: dict[str, Any] = {}
        for name in ("sentence_bert_config.json", "config_sentence_transformers.json"):
            for folder in {self.base, self.path}:
                found |= self._read(folder / name, missing={})
        return found

    @property
    def prompt(self) -> str:
        """The text that the folder wants with every query: its default prompt, usually none."""
        return str((self.settings.get("prompts") or {}).get(self.settings.get("default_prompt_name")) or "")

    @property
    def activation(self) -> str:
        """The dotted name of what sentence-transformers applies to the logits; empty where the folder names none."""
        old = self.config.get("sentence_transformers") or {}
        named = self.settings.get("activation_fn") or old.get("activation_fn")
        return str(named or self.config.get("sbert_ce_default_activation_function") or "")

    @property
    def window(self) -> int:
        """Most tokens of a sequence: the least of what tokenizer, settings and positions allow."""
        positions = self.config.get("max_position_embeddings") or 2**31
        if "Roberta" in self.architecture or "Camembert" in self.architecture:
            positions -= self.config.get("pad_token_id", 1) + 1  # positions count from behind the padding id
        stated = (self.tokenizer_config.get("model_max_length"), self.settings.get("max_seq_length"), positions)
        return int(min(float(value) for value in stated if value))

    @cached_property
    def tokenizer_config(self) -> dict[str, Any]:
        """tokenizer_config.json; empty where there is none."""
        found: dict[str, Any] = self._read(self.base / "tokenizer_config.json", missing={})
        return found

    @property
    def reads_types(self) -> bool:
        """Whether the model is given token types."""
        listed = self.tokenizer_config.get("model_input_names") or ["token_type_ids"]
        return self.config.get("type_vocab_size", 0) > 1 and "token_type_ids" in listed

    @property
    def chat_template(self) -> str:
        """The folder's own chat template (Jinja); empty where there is none."""
        path = self.base / "chat_template.jinja"
        stated = path.read_text("utf-8") if path.is_file() else self.tokenizer_config.get("chat_template")
        return stated if isinstance(stated, str) else ""

    def tokens(self) -> Tokens:
        """The folder's tokenizer.

        Raises:
            ModelError: there is none, or it cannot be read.
            MissingExtraError: it has to be converted, and what does that is not installed.
        """
        return Tokens(self._tokenizer())

    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        path = self.base / "tokenizer.json"
        if path.is_file():
            try:
                return Tokenizer.from_file(str(path))
            except Exception as error:  # the package raises bare Exception
                raise ModelError(f"{path}: not a tokenizer this version of tokenizers can read: {error}") from error
        if not any((self.base / name).is_file() for name in OTHER_TOKENIZERS):
            raise ModelError(f"{self.base}: expected a tokenizer.json (or {', '.join(OTHER_TOKENIZERS)}), found none")
        loaded = require("transformers").AutoTokenizer.from_pretrained(self.base, local_files_only=True)
        return Tokenizer.from_str(loaded.backend_tokenizer.to_str())

    def module_settings(self, at: int) -> dict[str, Any]:
        """The config.json of one sentence-transformers module."""
        found: dict[str, Any] = self._read(self.modules[at].path / "config.json", missing={})
        return found

    def digest(self) -> str:
        """Twelve hex digits of the SHA-256 over all files of the model, names included."""
        total = hashlib.sha256()
        for name in self.files():
            total.update(name.as_posix().encode())
            with (self.path / name).open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        return total.hexdigest()[:12]

    def files(self) -> list[Path]:
        """The files of the model, relative to its folder, in order.

        Hidden files and folders, where hubs keep their own, the model card and the folder of a training are no part of
        it: no score depends on them.
        """
        found = (path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file())
        return sorted(n for n in found if not any(p.startswith(".") or p in BESIDE for p in n.parts))

    def settings_files(self) -> list[Path]:
        """Those of its files that are settings, tokenizer or templates: no weights, and no report of an export."""
        return [n for n in self.files() if n.suffix in SETTINGS and not n.name.endswith(INDEX) and n.name != REPORT]

    def _read(self, path: Path, missing: Any = None) -> Any:
        if not path.is_file() and missing is not None:
            return missing
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: expected a JSON file, got {error}") from error
        if not isinstance(content, list if isinstance(missing, list) else Mapping):
            wanted = "list" if isinstance(missing, list) else "object"
            raise ModelError(f"{path}: expected a JSON {wanted}, got {type(content).__name__}")
        return content
