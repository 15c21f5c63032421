"""In-batch negatives, and gradients chunk by chunk that equal those of the whole batch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from tamis.errors import InputError  # noqa: E402
from tamis.train.losses.contrastive import Symmetric, in_batch  # noqa: E402
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
