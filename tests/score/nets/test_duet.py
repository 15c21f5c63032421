"""Duet beside BERT: apart it is a bi-encoder's cosine, together it is BERT with a mask between the texts."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
hf = pytest.importorskip("transformers")

from tamis.score.duet_engine import halved as halved_array  # noqa: E402
from tamis.score.duet_engine import masked  # noqa: E402
from tamis.score.export.duet import Judging, Reading  # noqa: E402
from tamis.score.nets.duet import Duet, DuetHead, halved  # noqa: E402
from tamis.score.nets.heads import Classifier  # noqa: E402
from tamis.score.nets.packing import packed  # noqa: E402

from ..tiny_files import randomise  # noqa: E402

BEFORE = 2  # tokens of the document in front of the second token type
CONFIG = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-3,
    "num_labels": 1,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "apart_layers": 2,
    "halving_layer": 1,
    "halved_above": 20,
    "document_begins": BEFORE,
}
LENGTHS = [(5, 9), (3, 40), (5, 40), (5, 9), (12, 21), (2, 20)]  # of queries and documents


def network(seed: int = 1, **settings) -> Classifier:
    config = CONFIG | settings
    made = Classifier(Duet(config), DuetHead(config)).eval()
    randomise(made, seed)
    return made


def texts(seed: int = 3) -> list[tuple[list[int], list[int]]]:
    draw = np.random.default_rng(seed)
    return [(draw.integers(5, 100, q).tolist(), draw.integers(5, 100, d).tolist()) for q, d in LENGTHS]


def scores(made: Classifier, pairs: list[tuple[list[int], list[int]]]) -> torch.Tensor:
    ids, second = [q + d for q, d in pairs], [len(q) + BEFORE for q, _ in pairs]
    with torch.no_grad():
        return made(*packed(ids, second, torch.device("cpu")))[:, 0]


def bert(made: Classifier, layers: slice) -> hf.BertModel:
    """transformers' BERT with some of a Duet's layers."""
    names = {k: v for k, v in CONFIG.items() if k in hf.BertConfig().to_dict()}
    found = hf.BertModel(
        hf.BertConfig(**names | {"num_hidden_layers": len(range(4)[layers])}, attn_implementation="eager"), False
    )
    found.embeddings.load_state_dict(made.body.embeddings.state_dict(), strict=False)
    for mine, theirs in zip(made.body.encoder["layer"][layers], found.encoder.layer, strict=True):
        theirs.load_state_dict({k: v for k, v in mine.state_dict().items() if k != "gate"})
    return found.eval()


@torch.no_grad()
def head(made: Classifier, query, document) -> float:
    cosine = query / query.norm() * document / document.norm()
    return float(made.head.scale * (cosine @ made.head.weight) + made.head.bias)


def test_with_shut_gates_it_is_two_berts_and_their_cosine():
    made = network(halved_above=1000)
    for layer in made.body.encoder["layer"][2:]:
        layer.gate.data.fill_(64.0)
    reference, found = bert(made, slice(0, 4)), scores(made, texts())
    for (query, document), score in zip(texts(), found.tolist(), strict=True):
        with torch.no_grad():
            q, d = (reference(torch.tensor([ids])).last_hidden_state[0] for ids in (query, document))
        assert score == pytest.approx(head(made, q.mean(0), d.mean(0)), abs=2e-5)


def test_open_gates_are_a_bias_between_the_texts():
    made = network()
    gates = [float(g) for g in (1.5, -0.5, 3.0, 0.0)]
    for layer in made.body.encoder["layer"][2:]:
        layer.gate.data.copy_(torch.tensor(gates))
    lower, middle, upper = (bert(made, part) for part in (slice(0, 1), slice(1, 2), slice(2, 4)))
    for (query, document), score in zip(texts(), scores(made, texts()).tolist(), strict=True):
        with torch.no_grad():
            states = [lower(torch.tensor([ids])).last_hidden_state[0] for ids in (query, document)]
            if len(document) > 20:
                rows = states[1].split(2)
                states[1] = torch.stack([row.mean(0) for row in rows])
            states = [middle.encoder(x[None]).last_hidden_state[0] for x in states]
            x, q = torch.cat(states)[None], len(query)
            side = torch.arange(x.shape[1]) >= q
            bias = -torch.tensor(gates)[None, :, None, None] * (side[:, None] != side[None, :])
            x = upper.encoder(x, attention_mask=bias).last_hidden_state[0]
        assert score == pytest.approx(head(made, x[:q].mean(0), x[q:].mean(0)), abs=2e-5)


def test_a_score_does_not_depend_on_its_companions():
    made, pairs = network(), texts()
    alone = torch.cat([scores(made, [pair]) for pair in pairs])
    torch.testing.assert_close(scores(made, pairs), alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(scores(made, pairs[::-1]).flip(0), alone, atol=1e-5, rtol=0)


def test_states_are_kept_only_while_what_reads_them_does_not_learn():
    made, pairs = network(), texts()
    whole = scores(made, pairs)
    assert not made.body._known
    for parameter in made.body._below():
        parameter.requires_grad_(False)
    assert torch.equal(scores(made, pairs), whole) and not made.body._known
    made.train()  # without dropout, see CONFIG
    for _ in range(2):  # the second time from what was kept, in half precision
        torch.testing.assert_close(scores(made, pairs), whole, atol=2e-2, rtol=0)
    assert len(made.body._known) == len({(0, *q) for q, _ in pairs} | {(1, *d) for _, d in pairs})


def test_gradients_reach_every_layer():
    made, pairs = network(), texts()
    ids, second = [q + d for q, d in pairs], [len(q) + BEFORE for q, _ in pairs]
    made(*packed(ids, second, torch.device("cpu"))).sum().backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("length", [1, 2, 3, 8])
def test_both_ways_of_halving_agree(length):
    x = np.random.default_rng(0).normal(size=(length, 3)).astype(np.float32)
    ours, lengths = halved(torch.from_numpy(x), [length], [True])
    np.testing.assert_array_equal(ours.numpy(), halved_array(x))
    assert lengths == [-(-length // 2)]


def test_the_modules_that_are_exported_give_the_same_scores():
    made, pairs = network(), texts()
    with torch.no_grad():
        states = []
        for pair in pairs:
            for side, ids in enumerate(pair):
                mask = torch.ones(1, len(ids), dtype=torch.long)
                x = Reading(made.body, False)(made.body.embeddings.word_embeddings(torch.tensor(ids)), mask)
                x, lengths = halved(x, [len(ids)], [bool(side) and len(ids) > 20])
                states.append(Reading(made.body, True)(x, torch.ones(1, lengths[0], dtype=torch.long)))
        sizes = [(len(q), len(d)) for q, d in zip(states[::2], states[1::2], strict=True)]
        mask = torch.from_numpy(masked([q + d for q, d in sizes]))
        sides = mask * (torch.arange(mask.shape[1])[None] >= torch.tensor([q for q, _ in sizes])[:, None])
        found = Judging(made)(torch.cat(states), mask, sides)[:, 0]
    torch.testing.assert_close(found, scores(made, pairs), atol=1e-5, rtol=0)
