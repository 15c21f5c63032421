"""An encoder's step: in parts as in one, with dropout too; documents of others are negatives, its own are not."""

from __future__ import annotations

import pytest
import torch
import transformers as hf

from tamis.data import Example
from tamis.train.losses.forms import LOSSES, loss
from tamis.train.losses.listwise import Softmax
from tamis.train.options import Batches
from tamis.train.sampler import Sampler
from tamis.train.vectors import SCALE

from ..score.tiny_files import edit
from .rules import learnable, pairs
from .runs import CPU, encoder, same_gradients, small_bert, step_of

LISTS = learnable(6, 3, documents=3)
SCORED = [Example(e.query, e.documents, e.labels, "", tuple(float(len(d)) for d in e.documents)) for e in LISTS]


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    return small_bert(tmp_path_factory.mktemp("body") / "bert", hf.BertModel)


@pytest.mark.parametrize("name", LOSSES)
def test_parts_add_up_to_the_whole(name, body):
    found = [step_of(encoder(body), SCORED, loss(name), tokens=tokens) for tokens in (10**6, 60, 1)]
    for value, slopes in found[1:]:
        assert value == pytest.approx(found[0][0], rel=1e-6)
        same_gradients(slopes, found[0][1])


def test_with_dropout_both_passes_draw_the_same(body):
    """The gradient in parts is that of the loss that is told, found from differences of that loss."""
    start = encoder(edit(body / "config.json", hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3))
    try:
        weight = start.network.body.encoder["layer"][1].output.LayerNorm.weight

        def told(tokens):
            torch.manual_seed(5)
            return step_of(start, LISTS, Softmax(), tokens=tokens)

        value, slopes = told(40)
        slope = slopes["body.encoder.layer.1.output.LayerNorm.weight"]
        place, far = int(slope.abs().argmax()), 1e-2
        around = []
        for sign in (1, -1):
            with torch.no_grad():
                weight[place] += sign * far
            around.append(told(40)[0])
            with torch.no_grad():
                weight[place] -= sign * far
        assert told(40)[0] == pytest.approx(value, abs=1e-6)
        assert (around[0] - around[1]) / (2 * far) == pytest.approx(float(slope[place]), rel=0.02)
        torch.manual_seed(6)
        assert step_of(start, LISTS, Softmax(), tokens=40)[0] != value, "dropout is on"
    finally:
        edit(body / "config.json", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def test_scores_are_scaled_cosines(body):
    start = encoder(body)
    task = start.task(Batches(in_batch=False), CPU)
    read = task.read(LISTS)
    with torch.no_grad():
        vectors = task._ordered([task._embedded(start.network, read, part) for part in read.parts], read)
        scores, held = task._scores(vectors, read, Softmax())
    expected = torch.from_numpy(start.scorer(start.network, "cpu").score(pairs(LISTS))).float()
    torch.testing.assert_close(scores[held.real] / SCALE, expected, atol=1e-5, rtol=1e-5)


def seen(body, lists, name="softmax", positives=None, **options):
    start = encoder(body)
    task = start.task(Batches(**options), CPU, positives)
    read = task.read(lists)
    with torch.no_grad():
        vectors = task._ordered([task._embedded(start.network, read, part) for part in read.parts], read)
        return task._scores(vectors, read, loss(name))


def test_the_documents_of_others_are_negatives(body):
    lists = [Example("a", ("x", "y"), (1.0, 0.0)), Example("b", ("z",), (2.0,))]
    scores, held = seen(body, lists)
    assert held.labels.tolist() == [[1, 0, 0], [0, 0, 2]] and held.real.all() and scores.shape == (2, 3)
    assert seen(body, lists, in_batch=False)[0].shape == (2, 2)
    assert seen(body, lists, "bce")[0].shape == (2, 2), "a loss of documents by themselves has no use for them"


def test_copies_and_questions_that_are_asked_twice_are_no_negatives(body):
    lists = [Example("a", ("x",), (1.0,)), Example("b", ("x", "y"), (1.0, 0.0)), Example("a", ("z",), (1.0,), "other")]
    _, held = seen(body, lists)
    assert held.real.tolist() == [
        [True, False, True, False],  # its own x; not the copy, nor what "a" is told elsewhere
        [False, True, True, True],
        [False, True, True, True],
    ]


def test_positives_that_the_step_does_not_show_are_no_negatives(body):
    """ "p" answers "a" too, but the step shows another of its positives."""
    examples = [Example("a", ("x", "p", "n"), (1.0, 1.0, 0.0)), Example("b", ("p", "m"), (1.0, 0.0))]
    known = Sampler(examples, Batches(queries=2), 0).positives
    lists = [Example("a", ("x",), (1.0,)), examples[1]]
    assert seen(body, lists)[1].real.tolist() == [[True, True, True], [True, True, True]]
    assert seen(body, lists, positives=known)[1].real.tolist() == [[True, False, True], [True, True, True]]


def test_weights_go_with_their_documents(body):
    lists = [Example("a", ("x", "y"), (1.0, 0.0), "", (), (3.0, 0.5)), Example("b", ("z",), (2.0,))]
    assert seen(body, lists)[1].weights.tolist() == [[3, 0.5, 1], [1, 1, 1]]


def test_a_teacher_scores_its_own_lists_only(body):
    scores, held = seen(body, SCORED, "kl")
    assert scores.shape == held.teacher.shape == (6, 3)


def test_a_text_that_stands_twice_is_read_once(body):
    read = encoder(body).task(Batches(), CPU).read([Example("a", ("x", "y")), Example("b", ("y", "x", "a"))])
    assert len(read.texts) == 5 and read.documents.tolist() == [2, 3, 3, 2, 4] and read.queries.tolist() == [0, 1]
