"""One process that answers over HTTP: rerank dialects, search, decisions, feedback."""
