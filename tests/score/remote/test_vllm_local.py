"""vLLM in this process: without it, the command that installs it; the rest needs a GPU and was not run."""

import sys

import pytest

from tamis.errors import InputError, MissingExtraError
from tamis.score.remote.vllm_local import VllmScorer


def test_without_vllm_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtraError, match=r'pip install "tamis\[vllm\]"'):
        VllmScorer("Qwen/Qwen3-Reranker-0.6B")


def test_prompts_of_other_models_are_refused():
    with pytest.raises(InputError, match="prompt must be one of qwen3, qwen3-eval, got 'mxbai-v2'"):
        VllmScorer("x", prompt="mxbai-v2")
