"""tamis-blend beside sentence-transformers running the same encoder: pairs a second, interleaved in one run.

    scripts/bench rerank [statutes|abstracts]

The peer is multilingual-e5-small in fp32, its weights taken from the package that carries them, as a
SentenceTransformer with its default and other batch sizes; it gives one cosine a pair. tamis-blend also does MaxSim and
phrases. Both use as many threads as TAMIS_THREADS says.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from e5source import OURS, documents, source

import tamis
from tamis.score.threads import threads

ROUNDS = 3
QUERIES = {"statutes": "试用期最长可以多久？", "abstracts": "how does obesity lead to insulin resistance"}


def peer(folder: Path) -> object:
    """multilingual-e5-small as sentence-transformers loads it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.set_num_threads(threads())
    found, keep = source()
    config = BertConfig(
        vocab_size=len(keep), hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name: torch.tensor(value) for name, value in weights(found, keep).items()}, strict=False)
    model.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(OURS / "tokenizer.json"),
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        model_max_length=512,
    )
    tokenizer.save_pretrained(folder)
    words = Transformer(str(folder), max_seq_length=512)
    return SentenceTransformer(modules=[words, Pooling(384, "mean")], device="cpu")


def weights(source: object, keep: np.ndarray) -> dict[str, np.ndarray]:
    """The file's tensors under BertModel's names."""
    attention, output = "attention.self", "attention.output"
    names = {"q": f"{attention}.query", "k": f"{attention}.key", "v": f"{attention}.value", "ao": f"{output}.dense"}
    names |= {"fi": "intermediate.dense", "fo": "output.dense"}
    norms = {"aln": f"{output}.LayerNorm", "oln": "output.LayerNorm"}
    found = {
        "embeddings.word_embeddings.weight": source.dequantised("emb.word", 384)[keep],
        "embeddings.position_embeddings.weight": source.floats("emb.pos").reshape(-1, 384),
        "embeddings.token_type_embeddings.weight": source.floats("emb.type").reshape(-1, 384),
        "embeddings.LayerNorm.weight": source.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": source.floats("emb.ln.b"),
    }
    for layer in range(12):
        for short, name in names.items():
            columns = 1536 if short == "fo" else 384
            found[f"encoder.layer.{layer}.{name}.weight"] = source.dequantised(f"l{layer}.{short}.w", columns)
            found[f"encoder.layer.{layer}.{name}.bias"] = source.floats(f"l{layer}.{short}.b")
        for short, name in norms.items():
            found[f"encoder.layer.{layer}.{name}.weight"] = source.floats(f"l{layer}.{short}.w")
            found[f"encoder.layer.{layer}.{name}.bias"] = source.floats(f"l{layer}.{short}.b")
    return found


def speeds(contenders: dict[str, Callable[[], object]], pairs: int) -> dict[str, float]:
    """Median pairs a second of each contender, taking turns."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            spent[name].append(time.perf_counter() - start)
    return {name: pairs / float(np.median(times)) for name, times in spent.items()}


def main() -> None:
    scorer = tamis.load_scorer("tamis-blend")
    with tempfile.TemporaryDirectory() as folder:
        st = peer(Path(folder))
        for name in sys.argv[1:] or QUERIES:
            query = QUERIES[name]
            texts = documents(name, 100)
            pairs = [(tamis.Query(query), tamis.Document(str(i), text)) for i, text in enumerate(texts)]
            passages = [f"passage: {text}" for text in texts]

            def with_batch(size: int, query: str = query, passages: list[str] = passages) -> Callable[[], object]:
                def run() -> object:
                    one = st.encode([f"query: {query}"], normalize_embeddings=True)
                    return st.encode(passages, batch_size=size, normalize_embeddings=True) @ one[0]

                return run

            ours = tamis.load_encoder("e5-small").encode(texts, "document")
            agreement = (st.encode(passages, normalize_embeddings=True) * ours).sum(axis=1).mean()
            contenders = {f"sentence-transformers, batch {size}": with_batch(size) for size in (32, 16, 8, 4)}
            contenders["tamis-blend"] = lambda pairs=pairs: scorer.score(pairs)
            found = speeds(contenders, len(pairs))
            default = found["sentence-transformers, batch 32"]
            print(f"{name}, 100 documents, {threads()} threads; cosine of the two encoders' vectors {agreement:.4f}")
            for contender, rate in found.items():
                print(f"  {contender:32} {rate:7.1f} pairs/s   {rate / default:5.2f} x")


if __name__ == "__main__":
    main()
