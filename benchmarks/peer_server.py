"""The peer of ``serve_load.py``: sentence-transformers in a plain FastAPI application, as people write it.

python benchmarks/peer_server.py FOLDER PORT BATCH
"""

from __future__ import annotations

import sys
import threading

import fastapi
import pydantic
import torch
import uvicorn
from sentence_transformers import CrossEncoder

from tamis.score.threads import threads


class Asked(pydantic.BaseModel):
    query: str
    documents: list[str]


def main(folder: str, port: int, batch: int) -> None:
    torch.set_num_threads(threads())
    model, app, one_at_a_time = CrossEncoder(folder), fastapi.FastAPI(), threading.Lock()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/rerank")
    def rerank(asked: Asked) -> dict[str, object]:
        with one_at_a_time:  # two calls at once share the processors badly
            scores = model.predict([(asked.query, text) for text in asked.documents], batch_size=batch)
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        return {"results": [{"index": at, "relevance_score": float(scores[at])} for at in order]}

    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
