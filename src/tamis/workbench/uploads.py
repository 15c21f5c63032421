"""What a page does before it sends a file: one that is too large is refused at once, in the page's language."""

from __future__ import annotations

import json
from pathlib import Path

from tamis.workbench.words import Language, said, web

SLOTS = {name: f"{{{name}}}" for name in ("name", "size", "most")}  # filled in where the file is


def refusing(language: Language, most: int) -> str:
    """A script for a page's head; without it, Gradio says the same in English.

    Args:
        language: of the page.
        most: bytes of a file that the server takes.

    >>> "const MOST = 1000, SAID = " in refusing("zh", 1000)
    True
    """
    sentence = json.dumps(said("page.too_large", language, SLOTS))
    return f"<script>{web('uploads.js').replace('{{most}}', str(most)).replace('{{said}}', sentence)}</script>"


def kept_as(stem: str, upload: Path) -> str:
    """The name of an upload in a job's folder: its endings say its form, and no name of a user's stands there.

    >>> kept_as("rows", Path("客服 (1).CSV.gz"))
    'rows.csv.gz'
    """
    return stem + "".join(upload.suffixes[-2:]).lower()
