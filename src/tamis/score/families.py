"""Families of cross-encoders, a row each: what a model folder's architecture says of its network and its template."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from tamis.errors import InputError, ModelError
from tamis.extras import require
from tamis.score.folder import ModelFolder, labels
from tamis.score.prompted import PromptTemplate
from tamis.score.prompts import PROMPTS, Prompt
from tamis.score.template import PairTemplate, Template
from tamis.score.tokens import Tokens

Kind = Literal["pair", "causal", "modules"]
PAIR_WINDOW = 8192  # where neither tokenizer nor positions set a limit


@dataclass(frozen=True, slots=True)
class Family:
    """What an architecture is.

    Attributes:
        network: its row in ``nets.build.NETWORKS``.
        kind: a classifier of pairs; a causal model that answers in words; or a plain encoder whose head is given by
            sentence-transformers modules.
        prompt: the row of ``PROMPTS`` where the folder brings none of its own; empty takes the tokenizer's pair form.
    """

    network: str
    kind: Kind = "pair"
    prompt: str = ""


FAMILIES: dict[str, Family] = {
    "BertForSequenceClassification": Family("bert"),
    "ElectraForSequenceClassification": Family("electra"),
    "RobertaForSequenceClassification": Family("roberta"),
    "CamembertForSequenceClassification": Family("roberta"),
    "XLMRobertaForSequenceClassification": Family("roberta"),
    "ModernBertForSequenceClassification": Family("modernbert"),
    "DebertaV2ForSequenceClassification": Family("deberta"),
    "DuetForSequenceClassification": Family("duet"),
    "Qwen2ForSequenceClassification": Family("decoder", prompt="mxbai-v2"),
    "Qwen3ForSequenceClassification": Family("decoder", prompt="qwen3"),
    "Qwen2ForCausalLM": Family("decoder", "causal", "mxbai-v2"),
    "Qwen3ForCausalLM": Family("decoder", "causal", "qwen3"),
    "GemmaForCausalLM": Family("decoder", "causal", "bge-gemma"),
    "BertModel": Family("bert-body", "modules"),
    "XLMRobertaModel": Family("roberta-body", "modules"),
    "ModernBertModel": Family("modernbert-body", "modules"),
}


def family(folder: ModelFolder) -> Family:
    """The row of a folder's architecture.

    Raises:
        ModelError: it has none; the message says what was found and what is supported.
    """
    if folder.architecture not in FAMILIES:
        raise ModelError(
            f"{folder.path}: architecture {folder.architecture!r} is not supported as a reranker; supported are "
            + ", ".join(name for name, row in FAMILIES.items() if row.kind != "modules")
        )
    row = FAMILIES[folder.architecture]
    heads = [module.kind for module in folder.modules[1:]]
    if row.kind == "modules" and "Dense" not in heads:
        raise ModelError(
            f"{folder.path}: {folder.architecture!r} is an encoder without a classification head, which would "
            "be random; expected one (..ForSequenceClassification, or sentence-transformers modules that end in Dense)"
        )
    if row.kind == "pair" and (count := labels(folder.config)) > 2:
        raise ModelError(f"{folder.path}: expected a model with one or two labels, got {count}: it is no reranker")
    return row


def template_for(folder: ModelFolder, row: Family, tokens: Tokens, named: str = "") -> Template:
    """The template of a folder: the one named, the folder's own, or its family's.

    Args:
        folder: the model folder.
        row: its family.
        tokens: its tokenizer.
        named: a row of ``PROMPTS``, or ``"pair"``; empty takes what the folder and its family say.

    Raises:
        InputError: there is no template of that name.
        ModelError: the folder's own chat template has no place for query and document.
    """
    if named and named != "pair" and named not in PROMPTS:
        near = get_close_matches(named, [*PROMPTS, "pair"], 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"no template {named!r}: expected pair, {', '.join(PROMPTS)}.{hint}")
    prompt = prompt_for(folder, row, named)
    if prompt is None:
        return PairTemplate(tokens, min(folder.window, PAIR_WINDOW), types=folder.reads_types, prompt=folder.prompt)
    return PromptTemplate(tokens, prompt, min(folder.window, prompt.max_length))


def prompt_for(folder: ModelFolder, row: Family, named: str = "") -> Prompt | None:
    """The prompt of a folder, and the answers that are read; None where pairs are read as they are."""
    if named == "pair":
        return None
    found = PROMPTS.get(named) or own_prompt(folder) or PROMPTS.get(row.prompt)
    return replace(found, instruction=folder.prompt) if found and folder.prompt else found


def own_prompt(folder: ModelFolder) -> Prompt | None:
    """The prompt that a folder's chat template writes for the roles query and document; None if it knows no such roles.

    The template is rendered once with the names of slots in place of texts. The answers are those of the folder's
    LogitScore module, or else of its family.

    Raises:
        ModelError: the template does not write query and document once each, or no module says what is read.
    """
    if not re.search(r"""['"]query['"]""", folder.chat_template):
        return None
    base = PROMPTS.get(FAMILIES[folder.architecture].prompt)
    scoring = next((folder.module_settings(at) for at, m in enumerate(folder.modules) if m.kind == "LogitScore"), {})
    yes, no = scoring.get("true_token_id", base and base.yes), scoring.get("false_token_id", base and base.no)
    if yes is None:
        raise ModelError(f"{folder.path}: a chat template for rerankers, but nothing says which tokens answer it")
    asked = [{"role": "query", "content": "{query}"}, {"role": "document", "content": "{document}"}]
    plain, instructed = (
        rendered(folder, [*system, *asked]) for system in ([], [{"role": "system", "content": "{instruction}"}])
    )
    instructed = instructed if "{instruction}" in instructed else ""
    return Prompt(plain, instructed, "", yes, "" if no is None else no, 8192, "the folder's chat template")


def rendered(folder: ModelFolder, messages: list[dict[str, str]]) -> str:
    """A conversation as the folder's chat template writes it, in Jinja's sandbox.

    Raises:
        ModelError: the template cannot be rendered.
    """
    sandbox = require("jinja2.sandbox")
    jinja = sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    named = {name: folder.tokenizer_config.get(name) or "" for name in ("bos_token", "eos_token", "pad_token")}
    try:
        text: str = jinja.from_string(folder.chat_template).render(
            messages=messages,
            add_generation_prompt=True,
            **{k: v if isinstance(v, str) else v["content"] for k, v in named.items()},
        )
    except Exception as error:  # a template may raise what it likes
        raise ModelError(f"{folder.path}: a chat template that cannot be rendered: {error}") from error
    return text
