"""A cross-encoder's step: whatever its parts, the gradient is that of the whole; scores stand where they belong."""

from __future__ import annotations

import pytest
import torch

from tamis.data import Example
from tamis.score.nets.lib import Tensor
from tamis.train.losses.forms import LOSSES, loss
from tamis.train.losses.listwise import Softmax
from tamis.train.options import Batches, Options
from tamis.train.processes.base import Alone
from tamis.train.steps import laid, targets, tokens_at_once

from .rules import learnable, pairs
from .runs import CPU, reranker, same_gradients, step_of

LISTS = [
    *learnable(5, 3, documents=4),
    Example("bank", ("river", "milk"), (2.0, 0.0), "", (), (3.0, 0.5)),
    Example("a song and a dance", ("the table of a house " * 3, "bread"), (0.0, 1.0)),
]
SCORED = [Example(e.query, e.documents, e.labels, "", tuple(float(len(d)) for d in e.documents)) for e in LISTS]


@pytest.mark.parametrize("name", LOSSES)
def test_parts_add_up_to_the_whole(name, small):
    found = [step_of(reranker(small), SCORED, loss(name), tokens=tokens) for tokens in (10**6, 60, 1)]
    assert any(slope.abs().max() > 1e-3 for slope in found[0][1].values())
    for value, slopes in found[1:]:
        assert value == pytest.approx(found[0][0], rel=1e-6)
        same_gradients(slopes, found[0][1])


def test_a_list_is_never_cut_and_parts_keep_to_their_tokens(small):
    task = reranker(small).task(Batches(tokens=60), CPU)
    read = task.read(LISTS)
    assert [len(part.targets.labels) for part in read.parts] != [len(LISTS)] and read.pairs == 24
    assert sum(len(part.pairs) for part in read.parts) == read.pairs
    for part in read.parts:
        tokens = sum(len(pair.ids) for pair in part.pairs)
        assert tokens <= 60 or len(part.targets.labels) == 1
        lengths = [len(pair.ids) for pair in part.pairs]
        assert lengths == sorted(lengths, reverse=True)


def test_scores_stand_in_the_lists_order(small):
    start = reranker(small)
    task = start.task(Batches(tokens=10**6), CPU)
    [part] = task.read(LISTS).parts
    with torch.no_grad():
        found = task.scores(start.network, part)
    expected = torch.from_numpy(start.scorer(start.network, "cpu").score(pairs(LISTS))).float()
    torch.testing.assert_close(found[part.targets.real], expected, atol=1e-5, rtol=1e-5)
    assert (found[~part.targets.real] == 0).all()


def test_a_weight_is_as_often_as_the_document_stands_there(small):
    """bce: weight 2 is the same document twice, weight 0 is none."""
    once = Example("bank", ("river", "milk", "road"), (1.0, 0.0, 0.0), "", (), (2.0, 1.0, 0.0))
    twice = Example("bank", ("river", "river", "milk"), (1.0, 1.0, 0.0))
    found = [step_of(reranker(small), [one], loss("bce")) for one in (once, twice)]
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-6)
    for key, slope in found[0][1].items():
        torch.testing.assert_close(slope, found[1][1][key], atol=1e-6, rtol=1e-4)


def test_an_instruction_is_read(tiny_model):
    start = reranker(tiny_model("qwen3"))
    task = start.task(Batches(), CPU)
    plain, asked = (task.read([Example("q", ("d", "e"), (1.0, 0.0), told)]) for told in ("", "Judge the smell."))
    words = start.template.encode(pairs([Example("q", ("d", "e"), (), "Judge the smell.")]))
    assert asked.tokens != plain.tokens == task.read([Example("q", ("d", "e"), (1.0, 0.0))]).tokens
    assert {tuple(pair.ids) for pair in asked.parts[0].pairs} == {tuple(pair.ids) for pair in words}


def test_a_step_that_teaches_nothing_moves_nothing(small):
    value, slopes = step_of(reranker(small), [Example("q", ("a", "b"), (1.0, 1.0))], Softmax())
    assert value == 0
    assert all(slope.abs().max() == 0 for slope in slopes.values())


def test_targets():
    lists = [Example("a", ("x", "y"), (1.0, 0.0), "", (), (2.0, 1.0)), Example("b", ("x",), (3.0,), "", (0.5,))]
    found = targets(lists, CPU)
    assert found.labels.tolist() == [[1, 0], [3, 0]] and found.real.tolist() == [[True, True], [True, False]]
    assert found.weights.tolist() == [[2, 1], [1, 1]]
    assert found.teacher[1, 0] == 0.5 and found.teacher.isnan().tolist() == [[True, True], [False, True]]
    assert targets(lists[:1], CPU).teacher is None and targets(lists[1:], CPU).weights is None


def test_laid():
    values: Tensor = torch.tensor([1.0, 2.0, 3.0])
    assert laid(values, torch.tensor([[True, False], [True, True]])).tolist() == [[1, 0], [2, 3]]


def test_tokens_at_once():
    assert tokens_at_once(7, CPU) == 7
    assert tokens_at_once(None, CPU) < tokens_at_once(None, torch.device("cuda"))


def test_dropout_is_on_while_training(dropping):
    processes = Alone()
    start = reranker(dropping)
    processes.ready(start.network, Options())
    found = [step_of(start, LISTS, Softmax())[0] for _ in range(2)]
    assert found[0] != found[1]
