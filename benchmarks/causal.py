"""The section qwen: Qwen3-Reranker-0.6B's true width with 4 and 8 layers, from which 28 are reckoned."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from ours import scorers
from processes import one_process, written
from report import Report
from timing import Contender, Found, in_turns
from workloads import qwen3, tokenizer_of, workload

import tamis
from tamis.score.prompts import PROMPTS
from tamis.score.threads import threads

LAYERS, ALL, DOCUMENTS, ROUNDS = (4, 8), 28, 12, 3
INSTRUCTION = PROMPTS["qwen3"].instruction
SYSTEM = (
    "Judge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".'
)
PREFIX = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n"
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
MAX_LENGTH = 8192

Score: TypeAlias = Callable[[Sequence[Sequence[str]]], NDArray[Any]]


class Official:
    """The example code of the model's README (QwenLM/Qwen3-Embedding, "Transformers Usage"), on the CPU in fp32.

    Its function names are kept; what it returns is the logit of the probability that it computes last.
    """

    def __init__(self, folder: Path, **keep: int) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()
        self.token_false_id = self.tokenizer.convert_tokens_to_ids("no")
        self.token_true_id = self.tokenizer.convert_tokens_to_ids("yes")
        self.prefix_tokens = self.tokenizer.encode(PREFIX, add_special_tokens=False)
        self.suffix_tokens = self.tokenizer.encode(SUFFIX, add_special_tokens=False)
        self.keep = keep

    def format_instruction(self, instruction: str, query: str, doc: str) -> str:
        return f"<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {doc}"

    def process_inputs(self, pairs: list[str]) -> Any:
        inputs = self.tokenizer(
            pairs,
            padding=False,
            truncation="longest_first",
            return_attention_mask=False,
            max_length=MAX_LENGTH - len(self.prefix_tokens) - len(self.suffix_tokens),
        )
        for i, ele in enumerate(inputs["input_ids"]):
            inputs["input_ids"][i] = self.prefix_tokens + ele + self.suffix_tokens
        return self.tokenizer.pad(inputs, padding=True, return_tensors="pt")

    def compute_logits(self, inputs: Any) -> NDArray[Any]:
        import torch

        with torch.no_grad():
            batch_scores = self.model(**inputs, **self.keep).logits[:, -1, :]
            true_vector = batch_scores[:, self.token_true_id]
            false_vector = batch_scores[:, self.token_false_id]
            batch_scores = torch.stack([false_vector, true_vector], dim=1)
            batch_scores = torch.nn.functional.log_softmax(batch_scores, dim=1)
        return (batch_scores[:, 1] - batch_scores[:, 0]).numpy()

    def __call__(self, pairs: Sequence[Sequence[str]]) -> NDArray[Any]:
        return self.compute_logits(
            self.process_inputs([self.format_instruction(INSTRUCTION, query, doc) for query, doc in pairs])
        )


def official(folder: Path) -> Score:
    """Logits of the whole vocabulary at every position, one batch padded on the left."""
    return Official(folder)


def last_position(folder: Path) -> Score:
    """The same with the language model's head at the last position only."""
    return Official(folder, logits_to_keep=1)


def one_at_a_time(folder: Path) -> Score:
    """A competent plain call: one pair at a time, nothing padded, the head at the last position only."""
    score = Official(folder, logits_to_keep=1)
    return lambda pairs: np.concatenate([score([pair]) for pair in pairs])


def sentence_transformers(folder: Path) -> Score:
    """sentence-transformers' own path for causal rerankers, with the chat template that writes the official prompt."""
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True, activation_fn=torch.nn.Identity())
    return lambda pairs: model.predict([tuple(pair) for pair in pairs], show_progress_bar=False)


def tamis_torch(folder: Path) -> Score:
    """Ours; what it keeps of a query from one call to the next is dropped, as if each call brought a new query."""
    scorer: Any = tamis.load_scorer(folder, engine="torch")

    def run(pairs: Sequence[Sequence[str]]) -> NDArray[Any]:
        scorer.engine._prefixes.clear()
        return scorer.score(
            [(tamis.Query(query), tamis.Document(str(at), text)) for at, (query, text) in enumerate(pairs)]
        )

    return run


def with_chat_template(folder: Path) -> Path:
    """Beside the folder: the same model with a chat template for the roles query and document, as ST needs it."""
    to = folder.with_name(f"{folder.name}-chat")
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).symlink_to(file)
    said = "{{ (messages | selectattr('role', 'equalto', '%s') | first).content }}"
    # As strings, since a template's last line break is dropped when it is read.
    parts = (
        f"{PREFIX}<Instruct>: {INSTRUCTION}\n<Query>: ",
        said % "query",
        "\n<Document>: ",
        said % "document",
        SUFFIX,
    )
    template = "".join(part if part.startswith("{{") else f"{{{{ {json.dumps(part)} }}}}" for part in parts)
    (to / "chat_template.jinja").write_text(template)
    return to


CONTENDERS: dict[str, Callable[[Path], Score]] = {
    "official": official,
    "last_position": last_position,
    "one_at_a_time": one_at_a_time,
    "sentence_transformers_causal": lambda folder: sentence_transformers(with_chat_template(folder)),
    "tamis_torch": tamis_torch,
}


def measure(report: Report, place: Path) -> None:
    """Seconds a document and memory over the weights, at 4 and 8 layers and reckoned for 28."""
    seconds: dict[int, dict[str, Found]] = {}
    over: dict[int, dict[str, float]] = {}
    for layers in LAYERS:
        folder = place / f"qwen{layers}"
        folder.mkdir()
        qwen3(folder, layers)
        load = workload("prompted", tokenizer_of(folder), DOCUMENTS)
        seconds[layers] = {one.contender.name: one for one in timed(report, folder, load.texts)}
        over[layers] = peaks(report, folder, place, load.texts)
    show(report, seconds, over)


def timed(report: Report, folder: Path, pairs: list[tuple[str, str]]) -> list[Found]:
    """Every contender that loads, in turns."""
    makers = {name: (lambda make=make: make(folder)) for name, make in CONTENDERS.items()}
    loaded = list(scorers(report, "qwen", makers))
    contenders = [Contender(name, lambda score=score: score(pairs)) for name, score in loaded]
    found, rates = in_turns(contenders, ROUNDS)
    roof = max(rates.values())
    report.say(f"\nqwen, {folder.name}: {DOCUMENTS} documents, {threads()} threads, fp32 GEMM {roof:.0f} GFLOP/s")
    for one in found:
        share, apart = 1e-9 * one.flops / one.median / roof, np.abs(one.scores - found[0].scores).max()
        said = f"{one.flops * 1e-9:7.0f} GFLOP {share:6.0%} of GEMM   score difference {apart:.1e}"
        report.say(f"  {one.contender.name:30} {one.median / DOCUMENTS:6.3f} s/document {said}")
    return found


def peaks(report: Report, folder: Path, place: Path, pairs: list[tuple[str, str]]) -> dict[str, float]:
    """MB over the loaded model of each contender, each in a process of its own."""
    file, found = written(place / "pairs.json", pairs), {}
    for name in CONTENDERS:
        own = folder.with_name(f"{folder.name}-chat") if "sentence" in name else folder
        try:
            told = one_process(name, own, file)
        except RuntimeError as error:
            report.absent("qwen", f"memory of {name}", error)
            continue
        found[name] = told["peak MB"] - told["loaded MB"]
    return found


def reckoned(at: dict[int, float]) -> float:
    """The value at 28 layers, on the line through those at 4 and 8 (of times the least: the line multiplies noise)."""
    few, more = LAYERS
    return at[few] + (at[more] - at[few]) * (ALL - few) / (more - few)


def show(report: Report, seconds: dict[int, dict[str, Found]], over: dict[int, dict[str, float]]) -> None:
    """The table for 28 layers, and its targets."""
    names = [name for name in CONTENDERS if all(name in found for found in seconds.values())]
    whole = {name: reckoned({n: min(seconds[n][name].seconds) / DOCUMENTS for n in LAYERS}) for name in names}
    report.say(
        f"\nqwen, reckoned for {ALL} layers (0.6B): seconds and ratios on {threads()} threads, MB over the weights"
    )
    report.say(f"  {'':30} {'s/document':>10} {'x official':>10} {'x one at a time':>15} {'MB over':>8}")
    for name in names:
        megabytes = reckoned({n: over[n][name] for n in LAYERS}) if all(name in o for o in over.values()) else np.nan
        row = [whole[name], whole["official"] / whole[name], whole["one_at_a_time"] / whole[name], megabytes]
        report.say(f"  {name:30} {row[0]:10.2f} {row[1]:10.2f} {row[2]:15.2f} {row[3]:8.0f}")
        report.keep(
            "qwen", name, dict(zip(("s/document", "x official", "x one at a time", "MB over"), row, strict=True))
        )
        if name == "tamis_torch":
            report.promise("qwen", "tamis, x official example", row[1], 4.5)
            report.promise("qwen", "tamis, x one at a time", row[2], 1.35)
            report.promise("qwen", "tamis, MB over the weights", row[3], 1000, most=True)
            apart = max(float(np.abs(f[name].scores - f["official"].scores).max()) for f in seconds.values())
            report.promise("qwen", "tamis, score difference to the official code", apart, 1e-5, most=True)
