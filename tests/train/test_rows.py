"""Word vectors row by row: SparseAdam's numbers for the rows a step shows, AdamW's where it shows all."""

from __future__ import annotations

import copy

import pytest
import torch

from tamis.train.rows import AdamW, clipped


def _words(sparse):
    torch.manual_seed(0)
    return torch.nn.Embedding(30, 4, sparse=sparse)


def _learn(words, optimiser, rows):
    torch.manual_seed(1)
    for _ in range(5):
        ids = torch.randint(0, 30, (rows,)) if rows < 30 else torch.arange(30)
        wanted = torch.randn(len(ids), 4)
        optimiser.zero_grad()
        (words(ids) - wanted).square().sum().backward()
        optimiser.step()
    return words.weight.detach()


def test_rows_that_are_shown_learn_as_by_sparse_adam():
    ours, theirs = _words(True), _words(True)
    expected = _learn(theirs, torch.optim.SparseAdam(list(theirs.parameters()), lr=0.1), 12)
    found = _learn(ours, AdamW(ours.parameters(), lr=0.1, weight_decay=0.0), 12)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)


def test_where_all_rows_are_shown_it_is_adamw():
    ours, theirs = _words(True), _words(False)
    expected = _learn(theirs, torch.optim.AdamW(theirs.parameters(), lr=0.1, weight_decay=0.1), 30)
    found = _learn(ours, AdamW(ours.parameters(), lr=0.1, weight_decay=0.1), 30)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)


def test_a_row_that_is_not_shown_stays():
    words = _words(True)
    before = words.weight.detach().clone()
    optimiser = AdamW(words.parameters(), lr=0.1, weight_decay=0.5)
    words(torch.tensor([3, 3, 7])).sum().backward()
    optimiser.step()
    moved = (words.weight.detach() != before).any(dim=1)
    assert moved.nonzero()[:, 0].tolist() == [3, 7]


@pytest.mark.parametrize("longest", [0.5, 1e6])
def test_gradients_are_clipped_as_pytorch_does(longest):
    ours, theirs = (torch.nn.Sequential(_words(sparse), torch.nn.Linear(4, 2)) for sparse in (True, False))
    theirs.load_state_dict(copy.deepcopy(ours.state_dict()))
    ids = torch.tensor([1, 1, 5])
    for network in (ours, theirs):
        network(ids).square().sum().backward()
    length = clipped(list(ours.parameters()), longest)
    assert length == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs.parameters(), longest)), rel=1e-5)
    torch.testing.assert_close(ours[0].weight.grad.to_dense(), theirs[0].weight.grad, atol=1e-6, rtol=1e-5)
