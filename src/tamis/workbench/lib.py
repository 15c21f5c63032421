"""Gradio, asked for once and told to ask nobody else for anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tamis.extras import require

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    import gradio as gr
else:
    gr = require("gradio")

__all__ = ["gr"]
