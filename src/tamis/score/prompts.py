"""Prompts of causal rerankers, each a row: the exact texts, the answers that are read, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

CUT = "\x1f"  # in a prompt: the texts left and right of it are tokenised by themselves


@dataclass(frozen=True, slots=True)
class Prompt:
    """How a causal reranker is asked, and the tokens whose logits answer.

    Attributes:
        text: the prompt with the slots ``{query}`` and ``{document}``; the unit separator marks places that
            tokens do not cross. Control tokens written in it are control tokens; those in users' texts are not.
        instructed: the prompt where there is an instruction, with the slot ``{instruction}``; empty where none is read.
        instruction: the instruction where a query brings none.
        yes: the answer whose logit is the score: a word of one token, or its id.
        no: the answer whose logit is subtracted; empty where none is.
        max_length: tokens that are read where nothing else is asked, at most what the model can.
        source: where the form comes from.
    """

    text: str
    instructed: str
    instruction: str
    yes: str | int
    no: str | int
    max_length: int
    source: str


_JUDGE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
_THOUGHT = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
_QWEN3 = f"{_JUDGE}<Instruct>: {{instruction}}\n<Query>: {{query}}\n<Document>: {{document}}{_THOUGHT}"
_QWEN3_EVAL = (
    f"{_JUDGE}<Instruct>: {{instruction}}\n\n<Query>: {{query}}\n\n<Document>: {{document}}<|im_end|>\n{_THOUGHT}"
)
_MXBAI = (
    "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
    f"<|im_start|>user\n{CUT}%squery: {{query}}{CUT}\n{CUT}document: {{document}}{CUT}\n{CUT}"
    "You are a search relevance expert who evaluates how well documents match search queries. For each query-document "
    "pair, carefully analyze the semantic relationship between them, then provide your binary relevance judgment (0 "
    f"for not relevant, 1 for relevant).\nRelevance:{CUT}<|im_end|>\n<|im_start|>assistant\n"
)
_BGE_GEMMA = (
    f"<bos>{CUT}A: {{query}}{CUT}\n{CUT}B: {{document}}{CUT}\n{CUT}Given a query A and a passage B, determine whether "
    "the passage contains an answer to the query by providing a prediction of either 'Yes' or 'No'."
)

PROMPTS: dict[str, Prompt] = {
    "qwen3": Prompt(
        _QWEN3,
        _QWEN3,
        "Given a web search query, retrieve relevant passages that answer the query",
        yes="yes",
        no="no",
        max_length=8192,
        source="QwenLM/Qwen3-Embedding, README, Transformers Usage",
    ),
    "qwen3-eval": Prompt(
        _QWEN3_EVAL,
        _QWEN3_EVAL,
        "Given the user query, retrieval the relevant passages",
        yes="yes",
        no="no",
        max_length=8192,
        source="QwenLM/Qwen3-Embedding, evaluation/qwen3_reranker_model.py: the form behind the published figures",
    ),
    "mxbai-v2": Prompt(
        _MXBAI % "",
        _MXBAI % "instruction: {instruction}\n",
        "",
        yes="1",
        no="0",
        max_length=8192,
        source="mxbai-rerank 0.1.6, mxbai_rerank_v2.py",
    ),
    "bge-gemma": Prompt(
        _BGE_GEMMA,
        "",
        "",
        yes="Yes",
        no="",
        max_length=1024,
        source="FlagEmbedding 1.4.2, inference/reranker/decoder_only/base.py",
    ),
}
