"""Files of queries with their documents: their columns, their rows scored, the rows that cannot be."""

from tamis.scoring.batch import score_file
from tamis.scoring.columns import Column, columns_of, guessed_columns
from tamis.scoring.contents import Contents, contents
from tamis.scoring.refusals import write_refused
from tamis.scoring.work import batch_work

__all__ = [
    "Column",
    "Contents",
    "batch_work",
    "columns_of",
    "contents",
    "guessed_columns",
    "score_file",
    "write_refused",
]
