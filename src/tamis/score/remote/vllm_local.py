"""vLLM inside this process, for causal yes/no rerankers: needs the extra ``vllm`` and a GPU.

Written against vLLM's sources (``LLM(runner="pooling")``, ``LLM.classify``, ``PoolingParams(use_activation=False)``)
and the overrides its documentation gives for Qwen3-Reranker; it was not run, since vLLM needs CUDA. Whole prompts go to
``classify``, which is what ``LLM.score`` calls after filling a chat template: so the prompt is the one place's, and no
template can lose its last newline.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np

from tamis.core import Floats, Pair
from tamis.errors import InputError
from tamis.extras import require
from tamis.score.prompts import PROMPTS
from tamis.score.remote.yesno import asked, fill

QWEN3 = ("qwen3", "qwen3-eval")


class VllmScorer:
    """log P(yes) - log P(no) of a Qwen3-Reranker checkpoint: vLLM makes one output of the two rows of its head.

    Args:
        model: a folder, or a hub id that vLLM resolves.
        prompt: the official prompt, ``"qwen3"``, or the one of the published figures, ``"qwen3-eval"``.

    Raises:
        MissingExtraError: vLLM is not installed.
        InputError: the prompt is not one of Qwen3-Reranker.
    """

    reads_instructions = True

    def __init__(self, model: str, *, prompt: str = "qwen3") -> None:
        if prompt not in QWEN3:
            raise InputError(f"prompt must be one of {', '.join(QWEN3)}, got {prompt!r}")
        self.model, self.prompt = model, prompt
        self._vllm, self._lock = require("vllm"), Lock()  # an LLM takes one call at a time
        self._llm = self._vllm.LLM(
            model,
            runner="pooling",
            max_model_len=PROMPTS[prompt].max_length,
            hf_overrides={
                "architectures": ["Qwen3ForSequenceClassification"],
                "classifier_from_token": [PROMPTS[prompt].no, PROMPTS[prompt].yes],
                "is_original_qwen3_reranker": True,
            },
        )

    @property
    def name(self) -> str:
        """The engine and the model."""
        return f"vllm-local:{self.model}"

    @property
    def fingerprint(self) -> str:
        """The model as it was named, and the prompt."""
        return f"{self.name}(prompt {self.prompt})"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``."""
        prompts = [fill(*asked(PROMPTS[self.prompt], query, document)) for query, document in pairs]
        if not prompts:
            return np.zeros(0)
        raw = self._vllm.PoolingParams(use_activation=False)
        with self._lock:
            found = self._llm.classify(prompts, pooling_params=raw, use_tqdm=False)
        return np.array([answer.outputs.probs[0] for answer in found], dtype=np.float64)
