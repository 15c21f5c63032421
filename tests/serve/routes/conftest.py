"""The scripted HTTP server that stands for a language model, and no key of whoever runs the tests."""

from __future__ import annotations

from ...answer.conftest import no_key, serve  # noqa: F401
