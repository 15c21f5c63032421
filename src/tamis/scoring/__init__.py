"""Files of queries with their documents: their columns, their rows scored, the rows that cannot be."""

from tamis.scoring.batch import score_file
from tamis.scoring.columns import Column, columns_of, guessed_columns
from tamis.scoring.refusals import write_refused

__all__ = ["Column", "columns_of", "guessed_columns", "score_file", "write_refused"]
