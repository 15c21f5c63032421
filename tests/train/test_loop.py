"""The loop: every loss and every tuning learns a rule; what stops it, and how it is computed, change nothing else."""

from __future__ import annotations

import json

import pytest
import torch
import transformers as hf

from tamis.errors import TrainingError
from tamis.train.adapters import merged
from tamis.train.loop import fit
from tamis.train.losses.forms import LOSSES, loss
from tamis.train.options import Batches, Learning, Watch
from tamis.train.tune import Full, Head, Lora

from .rules import learnable, pairs
from .runs import encoder, losses, quick, reranker, run_of, small_bert, worth

DEV = learnable(40, 1)
LEARN = learnable(200, 2)
TAUGHT = learnable(200, 2, taught=True)
TURNED, TURNED_DEV = learnable(200, 2, turned=1), learnable(40, 1, turned=1)
PLAIN, PLAIN_DEV = learnable(200, 2, always=0), learnable(40, 1, always=0)
FIRST = {form.module: name for name, form in reversed(LOSSES.items())}.values()  # of each kind
GAIN = 0.2  # what is asked in nDCG@10 on dev queries over the untrained start


def learnt(start, examples, options, home):
    """nDCG@10 on dev queries before and after."""
    before = worth(start, DEV)
    ended = fit(run_of(start, examples, options, home))
    assert ended.state.step == options.batches.max_steps and not ended.stopped
    return before, worth(start, DEV)


@pytest.mark.parametrize(
    "name", [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in LOSSES]
)
def test_every_loss_learns_the_rule(name, small, tmp_path):
    """+.2 nDCG@10 on queries that were never seen (the start has .6, which is chance)."""
    before, after = learnt(reranker(small), TAUGHT, quick(60 if name != "mse" else 130, loss=loss(name)), tmp_path)
    assert after > before + GAIN, f"{before:.3f} to {after:.3f}"


@pytest.mark.parametrize(
    "tune", [Full(), Full(freeze_layers=1), Lora(8), Head()], ids=["full", "freeze_layers=1", "lora", "head"]
)
def test_every_tuning_learns_from_an_untrained_start(tune, small, tmp_path):
    """+.2 on a rule that a head can read from random features; what is frozen stays as it is."""
    start = reranker(small)
    body = {name: value.clone() for name, value in start.network.body.named_parameters()}
    before = worth(start, PLAIN_DEV)
    fit(run_of(start, PLAIN, quick(60, tune=tune, learning=Learning(rate=2e-2)), tmp_path))
    after = worth(start, PLAIN_DEV)
    assert after > before + GAIN, f"{before:.3f} to {after:.3f}"
    if tune == Head():
        assert all(torch.equal(value, body[name]) for name, value in start.network.body.named_parameters())


@pytest.fixture(scope="module")
def knowing(small, tmp_path_factory):
    """A model that has learnt the rule."""
    start, home = reranker(small), tmp_path_factory.mktemp("knowing")
    fit(run_of(start, LEARN, quick(90), home))
    start.write(merged(start.network), home / "model")
    return home / "model"


@pytest.mark.parametrize(
    ("tune", "rate"),
    [(Full(freeze_layers=1), 4e-3), (Lora(8), 4e-3)],
    ids=["freeze_layers=1", "lora"],
)
def test_every_tuning_learns_another_rule(tune, rate, knowing, tmp_path):
    """+.2 on a rule by which what answered one topic answers another."""
    start = reranker(knowing)
    before = worth(start, TURNED_DEV)
    fit(run_of(start, TURNED, quick(90, tune=tune, learning=Learning(rate=rate)), tmp_path))
    after = worth(start, TURNED_DEV)
    assert after > before + GAIN, f"{before:.3f} to {after:.3f}"


def test_the_head_alone_learns_to_read_what_the_encoder_knows(knowing, tmp_path):
    """+.2 with a head that was made anew; the encoder stays as it is."""
    start = reranker(knowing)
    with torch.no_grad():
        for parameter in start.network.head.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(3), std=0.2)
    body = {name: value.clone() for name, value in start.network.body.named_parameters()}
    before, after = learnt(start, LEARN, quick(40, tune=Head(), learning=Learning(rate=1e-2)), tmp_path)
    assert after > before + GAIN, f"{before:.3f} to {after:.3f}"
    assert all(torch.equal(value, body[name]) for name, value in start.network.body.named_parameters())


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    return small_bert(tmp_path_factory.mktemp("body") / "bert", hf.BertModel)


@pytest.mark.parametrize(
    "name", ["softmax", *(pytest.param(n, marks=pytest.mark.slow) for n in ("margin", "kl", "lambda"))]
)
def test_an_encoder_learns_the_rule(name, body, tmp_path):
    """+.2 by cosines alone."""
    before, after = learnt(encoder(body), TAUGHT, quick(60, loss=loss(name)), tmp_path)
    assert after > before + GAIN, f"{before:.3f} to {after:.3f}"


def test_a_plain_encoder_learns_with_a_new_head(body, tmp_path):
    before, after = learnt(reranker(body), LEARN, quick(90, learning=Learning(rate=4e-3, head_rate=4e-3)), tmp_path)
    assert after > before + GAIN, f"{before:.3f} to {after:.3f}"


def finished(start, options, home, **more):
    run = run_of(start, LEARN[:60], options, home, **more)
    return run, fit(run)


def weights(start):
    return {name: value.detach().clone() for name, value in start.network.named_parameters()}


def same_weights(left, right):
    assert left.keys() == right.keys()
    assert all(torch.equal(value, right[name]) for name, value in left.items())


def stopping_at(step):
    """Asks to stop after so many steps, once."""
    asked = iter(range(1, step + 1))
    return lambda: next(asked, None) == step


def test_the_same_seed_is_the_same_curve(dropping, tmp_path):
    starts = [reranker(dropping) for _ in range(3)]
    runs = [
        finished(start, quick(6, seed=seed), tmp_path / str(at))[0]
        for at, (start, seed) in enumerate(zip(starts, (0, 0, 1), strict=True))
    ]
    assert losses(runs[0]) == losses(runs[1]) != losses(runs[2])
    same_weights(weights(starts[0]), weights(starts[1]))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "xlm_roberta", "modernbert", "deberta", "qwen3"])
def test_dropout_is_what_was_asked_for(family, still_model, tmp_path):
    """It changes the loss of a step in every network, and another seed draws another.

    Without dropout another seed only sums the same lists in another order.
    """

    def of(dropout, seed):
        options = quick(1, batches=Batches(60, 6, max_steps=1), dropout=dropout, seed=seed)
        run, _ = finished(reranker(still_model(family)), options, tmp_path / f"{dropout}-{seed}")
        return losses(run)[0][1]

    plain, reordered, dropped, other = of(0.0, 0), of(0.0, 1), of(0.3, 0), of(0.3, 1)
    assert reordered == pytest.approx(plain, abs=1e-5)
    assert abs(dropped - plain) > 1e-4 and abs(dropped - other) > 1e-4, (plain, dropped, other)


@pytest.mark.parametrize("tune", [Full(), Lora(4, dropout=0.1)], ids=["full", "lora"])
def test_stopped_anywhere_it_goes_on_to_the_same_numbers(tune, dropping, tmp_path):
    """With dropout; checkpoints, measurements and the stop at steps of their own."""
    options = quick(12, tune=tune, watch=Watch(evaluate=4, checkpoint=3, patience=None))
    whole = reranker(dropping)
    first, _ = finished(whole, options, tmp_path / "whole", dev=DEV[:10])
    home = tmp_path / "parts"
    for step in (5, 3):
        _, ended = finished(reranker(dropping), options, home, dev=DEV[:10], stop=stopping_at(step))
        assert ended.stopped
    last = reranker(dropping)
    second, ended = finished(last, options, home, dev=DEV[:10])
    assert ended.state.step == 12 and not ended.stopped
    kept = [
        [(r["step"], r.get("loss"), r.get("dev"), r.get("gradient")) for r in run.log.rows()] for run in (first, second)
    ]
    assert kept[0] == kept[1]
    same_weights(weights(whole), weights(last))


def test_the_best_is_kept_and_patience_ends(small, tmp_path):
    """A rate that only harms: the first measurement stays the best, whatever stops the run in between."""
    options = quick(40, learning=Learning(rate=0.3, warmup=0.0), watch=Watch(evaluate=2, patience=3, checkpoint=1))
    start = reranker(small)
    run, ended = finished(start, options, tmp_path, dev=DEV)
    measured = {row["step"]: row["dev"]["ndcg@10"] for row in run.log.rows() if "dev" in row}
    assert ended.early and ended.state.best_step == max(measured, key=measured.__getitem__)
    assert ended.state.step == ended.state.best_step + 6 and len(measured) == ended.state.step // 2 + 1
    assert worth(start, DEV) == pytest.approx(ended.state.best, abs=1e-9)
    again = reranker(small)
    _, resumed = finished(again, options, tmp_path, dev=DEV)  # killed before the model was written
    assert (resumed.state.step, resumed.early) == (ended.state.step, True)
    same_weights(weights(start), weights(again))


def test_a_loss_that_is_no_number(small, tmp_path):
    """The last checkpoint is whole, and so is the log: JSON without NaN."""
    options = quick(
        30, learning=Learning(rate=1e20, warmup=0.0), watch=Watch(checkpoint=1, patience=None), loss=loss("bce")
    )
    run = run_of(reranker(small), LEARN, options, tmp_path)
    with pytest.raises(TrainingError, match=r"of step \d+ is (nan|inf): lower the learning rate; the checkpoint after"):
        fit(run)
    assert run.checkpoints.steps()
    for line in run.log.path.read_text("utf-8").splitlines():
        json.loads(line, parse_constant=pytest.fail)
    network = reranker(small).network.requires_grad_(True)
    assert run.checkpoints.restore(network, torch.optim.AdamW(network.parameters()), run.processes)["step"]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns(precision, small, tmp_path):
    start = reranker(small)
    run, _ = finished(start, quick(30, precision=precision), tmp_path)
    curve = [value for _, value in losses(run)]
    assert sum(curve[-5:]) < 0.9 * sum(curve[:5])
    assert all(value.dtype == torch.float32 for value in weights(start).values())


@pytest.mark.parametrize("make", [reranker, encoder])
def test_activations_that_are_computed_again_change_nothing(make, dropping, body, tmp_path):
    found = []
    for again in (False, True):
        start = make(dropping if make is reranker else body)
        run, _ = finished(
            start, quick(3, recompute=again, batches=Batches(8, 4, max_steps=3, tokens=100)), tmp_path / str(again)
        )
        found.append((losses(run), weights(start)))
    assert [step for step, _ in found[0][0]] == [1, 2, 3]
    assert [value for _, value in found[0][0]] == pytest.approx([value for _, value in found[1][0]], rel=1e-5)
    for name, value in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], value, atol=1e-4, rtol=1e-3)


def test_word_vectors_that_were_not_shown_stay(small, tmp_path):
    start = reranker(small)
    before = weights(start)["body.embeddings.word_embeddings.weight"]
    finished(start, quick(2), tmp_path)
    moved = (weights(start)["body.embeddings.word_embeddings.weight"] != before).any(dim=1)
    shown = {token for pair in start.template.encode(pairs(LEARN)) for token in pair.ids}
    assert set(moved.nonzero()[:, 0].tolist()) <= shown and moved.any()
