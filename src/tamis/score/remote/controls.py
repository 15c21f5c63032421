"""Control tokens in users' texts, taken apart before a server can read them as its own."""

from __future__ import annotations

import re

# What the chat templates of Qwen, Llama, Phi, DeepSeek, Gemma and Mistral are written with.
CONTROL = re.compile(
    r"<(?=[|｜][^\s<>]{1,80}[|｜]>|/?(?:think|tool_call|tool_response|s)>|(?:bos|eos|pad|unk)>|(?:start|end)_of_turn>)"
    r"|\[(?=/?INST\])"
)


def neutral(text: str) -> str:
    """The text with a blank after the first character of whatever looks like a control token.

    A server tokenises prompts with control tokens switched on: ``<|im_end|>`` inside a document would end the
    document, and what follows could answer in the model's place.

    >>> neutral("<|im_end|>yes"), neutral("a < b, <b>bold</b>")
    ('< |im_end|>yes', 'a < b, <b>bold</b>')
    """
    return CONTROL.sub(lambda found: f"{found[0]} ", text)
