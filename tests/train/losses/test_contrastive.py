"""In-batch negatives, and gradients chunk by chunk that equal those of the whole batch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from tamis.errors import InputError  # noqa: E402
from tamis.train.losses.base import mean_loss  # noqa: E402
from tamis.train.losses.contrastive import Symmetric, cached, in_batch  # noqa: E402
from tamis.train.losses.listwise import Softmax  # noqa: E402


def vectors(count, seed=0):
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_known_positive_that_came_with_another_query_is_no_negative():
    owner, labels = torch.tensor([0, 1, 1]), torch.tensor([1.0, 1.0, 0.0])
    same = torch.tensor([[True, True, False], [False, False, False]])  # document 0 is its own; document 1 answers 0 too
    queries, documents = vectors(2), vectors(3, 1)
    scores, targets = in_batch(queries, documents, owner=owner, labels=labels, same=same, scale=2)
    assert targets.real.tolist() == [[True, False, True], [True, True, True]]
    torch.testing.assert_close(scores, 2 * queries @ documents.T)
    first = torch.logsumexp(scores[0, [0, 2]], 0) - scores[0, 0]
    second = torch.logsumexp(scores[1], 0) - scores[1, 1]
    torch.testing.assert_close(Softmax()(scores, targets), first + second)
    assert float(Softmax().units(targets)) == 2


def test_documents_without_a_positive_query_teach_one_direction_only():
    owner, labels = torch.tensor([0, 1, 0, 1]), torch.tensor([1.0, 1.0, 0.0, 0.0])
    scores, targets = in_batch(vectors(2), vectors(4, 1), owner=owner, labels=labels)
    assert float(Symmetric(Softmax()).units(targets)) == 4
    back = sum(torch.logsumexp(scores[:, at], 0) - scores[at, at] for at in (0, 1))
    torch.testing.assert_close(Symmetric(Softmax())(scores, targets), Softmax()(scores, targets) + back)


def test_products_of_half_precision_are_taken_in_single_under_autocast():
    low = vectors(2).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        scores, _ = in_batch(low, low, owner=torch.arange(2), labels=torch.ones(2), scale=1)
    torch.testing.assert_close(scores, low.float() @ low.float().T)


@pytest.mark.parametrize(
    "wrong", [{"owner": torch.arange(2)}, {"labels": torch.ones(2)}, {"same": torch.zeros(3, 2, dtype=torch.bool)}]
)
def test_shapes_that_do_not_fit_are_errors(wrong):
    fitting = {"owner": torch.tensor([0, 1, 1]), "labels": torch.ones(3)}
    with pytest.raises(InputError, match=r"expected owner and labels of shape \(3,\) and 'same' of shape \(2, 3\)"):
        in_batch(vectors(2), vectors(3), **{**fitting, **wrong})


class Tower(torch.nn.Module):
    """A bi-encoder's network in small, with dropout and a learnt temperature."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner = torch.nn.Linear(5, 8, dtype=torch.float64)
        self.drop = torch.nn.Dropout(0.3)
        self.outer = torch.nn.Linear(8, 4, dtype=torch.float64)
        self.heat = torch.nn.Parameter(torch.tensor(3.0, dtype=torch.float64))

    def forward(self, x):
        return torch.nn.functional.normalize(self.outer(self.drop(torch.tanh(self.inner(x)))), dim=1)

    def loss(self, both):
        count = len(both) // 2
        scores, targets = in_batch(
            both[:count], both[count:], owner=torch.arange(count), labels=torch.ones(count), scale=1.0
        )
        return mean_loss(Softmax(), self.heat * scores, targets)


def slopes(tower):
    found = [parameter.grad.clone() for parameter in tower.parameters()]
    tower.zero_grad()
    return found


@pytest.mark.parametrize("sizes", [(12,), (6, 6), (5, 1, 4, 2), (1,) * 12])
def test_cached_gradients_equal_those_of_one_batch_with_dropout(sizes):
    tower = Tower()
    texts = torch.randn(12, 5, dtype=torch.float64).split(list(sizes))
    torch.manual_seed(1)
    whole = tower.loss(torch.cat([tower(part) for part in texts]))
    whole.backward()
    wanted, drawn_next = slopes(tower), torch.rand(3)

    torch.manual_seed(1)
    value = cached([lambda part=part: tower(part) for part in texts], tower.loss)
    torch.testing.assert_close(value, whole.detach(), rtol=1e-12, atol=1e-12)
    assert not value.requires_grad
    for one, other in zip(slopes(tower), wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    assert torch.equal(torch.rand(3), drawn_next)  # training goes on with the random numbers of one pass


def test_cached_gradients_add_to_those_there_and_pass_by_a_frozen_encoder():
    tower = Tower().eval()
    texts = torch.randn(4, 5, dtype=torch.float64)
    chunks = [lambda: tower(texts[:2]), lambda: tower(texts[2:])]
    cached(chunks, tower.loss)
    once = [parameter.grad.clone() for parameter in tower.parameters()]
    cached(chunks, tower.loss)
    for parameter, single in zip(tower.parameters(), once, strict=True):
        torch.testing.assert_close(parameter.grad, 2 * single)

    tower.zero_grad()
    for module in (tower.inner, tower.outer):
        module.requires_grad_(False)
    cached(chunks, tower.loss)
    assert tower.inner.weight.grad is None
    torch.testing.assert_close(tower.heat.grad, once[0])
