"""Pooling over packed tokens: what is read, in both forms of it, and that gradients reach every weight."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tamis.errors import ModelError  # noqa: E402
from tamis.score.folder import ModelFolder  # noqa: E402
from tamis.score.nets.attention import Packed, Padded, Sequences  # noqa: E402
from tamis.score.nets.build import encoder  # noqa: E402
from tamis.score.nets.packing import packed  # noqa: E402
from tamis.score.nets.pooling import POOLINGS, known, means, pooled  # noqa: E402

LENGTHS = [5, 1, 300, 5, 5, 17]


def packing(lengths):
    ends = torch.tensor(lengths).cumsum(0)
    none = torch.zeros(int(ends[-1]), dtype=torch.long)
    return Packed(none, none, none, ends - torch.tensor(lengths), ends - 1)


def test_each_pooling_reads_its_rows():
    x = torch.randn(sum(LENGTHS), 7, generator=torch.Generator().manual_seed(1))
    parts = x.split(LENGTHS)
    expected = {
        "cls": torch.stack([part[0] for part in parts]),
        "last": torch.stack([part[-1] for part in parts]),
        "mean": torch.stack([part.mean(0) for part in parts]),
    }
    for pooling in POOLINGS:
        torch.testing.assert_close(pooled(x, packing(LENGTHS), pooling), expected[pooling])


def test_a_mean_in_a_graph_is_the_same(monkeypatch):
    x = torch.randn(sum(LENGTHS), 7, generator=torch.Generator().manual_seed(2))
    plain = means(x, packing(LENGTHS))
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    torch.testing.assert_close(means(x, packing(LENGTHS)), plain)


def test_a_mean_is_summed_in_fp32():
    """In bfloat16, 300 ones are 256."""
    ones = torch.ones(300, 3, dtype=torch.bfloat16)
    found = means(ones, packing([300]))
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, torch.ones(1, 3, dtype=torch.bfloat16))


def test_another_pooling_is_refused():
    with pytest.raises(ModelError, match="BERT with pooling 'max' is not implemented; 'cls', 'mean', 'last' are"):
        known("max", "BERT")


BODIES = {"bi_bert": "bert-body", "bi_modernbert": "modernbert-body", "bi_qwen3": "decoder-body"}


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("family", BODIES)
def test_padded_and_packed_attention_give_the_same_unit_vectors(family, pooling, tiny_model):
    network = encoder(ModelFolder(tiny_model(family)), BODIES[family], torch.float32, pooling)
    draw = torch.Generator().manual_seed(3)
    ids = [torch.randint(5, 300, (length,), generator=draw).tolist() for length in LENGTHS]
    tokens, attention = packed(ids, LENGTHS, torch.device("cpu"))
    assert isinstance(attention, Sequences)
    width, flat, slots = max(LENGTHS), [], torch.zeros(len(ids), max(LENGTHS), dtype=torch.long)
    valid = torch.arange(width)[None] < torch.tensor(LENGTHS)[:, None]
    for row, (length, start) in enumerate(zip(LENGTHS, tokens.firsts.tolist(), strict=True)):
        flat += [row * width + at for at in range(length)]
        slots[row, :length] = torch.arange(start, start + length)
    with torch.inference_mode():
        found = network(tokens, attention)
        torch.testing.assert_close(network(tokens, Padded(slots, valid, torch.tensor(flat))), found)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(len(ids)))
    network.unit = False
    with torch.inference_mode():
        raw = network(tokens, attention)
    torch.testing.assert_close(torch.nn.functional.normalize(raw, dim=1), found)


@pytest.mark.parametrize("family", BODIES)
def test_gradients_reach_every_weight_that_is_read(family, tiny_model):
    network = encoder(ModelFolder(tiny_model(family)), BODIES[family], torch.float32).requires_grad_(True)
    tokens, attention = packed([[5, 6, 7], [8, 9], [5, 6, 8]], [3, 2, 3], torch.device("cpu"))
    vectors = network(tokens, attention)
    (vectors[0] @ vectors[1] - vectors[0] @ vectors[2]).backward()
    without = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert without == []
    assert all(torch.isfinite(weight.grad).all() for weight in network.parameters())


def test_gradients_are_those_of_sentence_transformers(tiny_model):
    from sentence_transformers import SentenceTransformer

    folder = tiny_model("bi_bert")
    network = encoder(ModelFolder(folder), "bert-body", torch.float32).requires_grad_(True)
    theirs = SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
    ids = [[101, 2054, 2003, 102], [101, 3000, 102], [101, 2054, 102]]
    tokens, attention = packed(ids, [len(one) for one in ids], torch.device("cpu"))
    ours = network(tokens, attention)
    (ours[0] @ ours[1] - ours[0] @ ours[2]).backward()
    rows = [
        theirs({"input_ids": torch.tensor([one]), "attention_mask": torch.ones(1, len(one), dtype=torch.long)})
        for one in ids
    ]
    a, b, c = (row["sentence_embedding"][0] for row in rows)
    (a @ b - a @ c).backward()
    body = dict(theirs[0].auto_model.named_parameters())
    for name, weight in network.body.named_parameters():
        torch.testing.assert_close(weight.grad, body[name].grad, atol=1e-6, rtol=1e-4, msg=name)
    torch.testing.assert_close(network.head.get_parameter("2.linear.weight").grad, theirs[2].linear.weight.grad)
