"""What rewriting and reranking gain on a set: the 2x2 run, the measured gate for rewriting, the page."""

from tamis.gains.gate import Gate, gate
from tamis.gains.page import page
from tamis.gains.study import Found, Study

__all__ = ["Found", "Gate", "Study", "gate", "page"]
