"""The pages after training: their files and sentences."""

from __future__ import annotations

from tamis.calibrate.evidence.pages import Pages

PAGES = Pages("tamis.train.after")
