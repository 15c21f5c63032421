"""What holds for every loss: gradients, padding, order, weights, micro-batches, precision, lists that teach nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from tamis.errors import InputError  # noqa: E402
from tamis.train.losses.base import Loss, Targets, mean_loss  # noqa: E402
from tamis.train.losses.distil import KL  # noqa: E402
from tamis.train.losses.lambdas import NDCG2PP, LambdaLoss  # noqa: E402
from tamis.train.losses.listwise import PListMLE, Softmax  # noqa: E402
from tamis.train.losses.pairwise import Margin, RankNet  # noqa: E402
from tamis.train.losses.pointwise import BCE  # noqa: E402

from .lists import ALL, MATRIX_ONLY, ORDERING, drawn, padded  # noqa: E402

every = pytest.mark.parametrize("loss", ALL, ids=str)
few = settings(max_examples=5)
seeds = st.integers(0, 2**31)


def with_slopes(loss, scores, targets):
    leaf = scores.clone().requires_grad_()
    value = loss(leaf, targets)
    value.backward()
    return value.detach(), leaf.grad


def the_same(one, other):
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("loss", (*ALL, *MATRIX_ONLY), ids=str)
def test_is_a_loss_with_the_gradient_of_its_value(loss):
    assert isinstance(loss, Loss)
    assert loss.reads and loss.reads <= {"labels", "teacher"}
    scores, targets = drawn(11, queries=3, longest=4)
    assert torch.autograd.gradcheck(lambda x: loss(x, targets), scores.requires_grad_())


@every
@given(seed=seeds, filler=st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e30, 0.0]))
@few
def test_nothing_of_the_padding_is_read(loss, seed, filler):
    scores, targets = drawn(seed)
    value, slopes = with_slopes(loss, scores, targets)
    filled = [torch.where(targets.real, x, filler) for x in (scores, targets.labels, targets.teacher)]
    weights = torch.where(targets.real, 1.0, filler).double()
    other = Targets(filled[1], targets.real, filled[2], weights)
    the_same(with_slopes(loss, filled[0], other), (value, slopes))
    the_same(loss.units(other), loss.units(targets))
    assert torch.isfinite(value)
    assert (slopes[~targets.real] == 0).all()

    wide = [torch.nn.functional.pad(x, (0, 3), value=filler) for x in (scores, targets.labels, targets.teacher)]
    wider = Targets(wide[1], torch.nn.functional.pad(targets.real, (0, 3)), wide[2])
    the_same(loss(wide[0], wider), value)


@every
@given(seed=seeds)
@few
def test_micro_batches_add_up(loss, seed):
    scores, targets = drawn(seed)
    halves = [(scores[at], Targets(*(x[at] for x in targets[:3]))) for at in (slice(0, 2), slice(2, None))]
    the_same(sum(loss(*half) for half in halves), loss(scores, targets))
    the_same(sum(loss.units(half[1]) for half in halves), loss.units(targets))


@every
@given(seed=seeds)
@few
def test_the_order_of_a_list_does_not_matter(loss, seed):
    scores, targets = drawn(seed)
    shuffled = torch.randperm(scores.shape[1], generator=torch.Generator().manual_seed(seed))
    value, slopes = with_slopes(loss, scores, targets)
    other, moved = with_slopes(loss, scores[:, shuffled], Targets(*(x[:, shuffled] for x in targets[:3])))
    the_same((other, moved), (value, slopes[:, shuffled]))


@pytest.mark.parametrize("loss", ORDERING, ids=str)
@given(seed=seeds, shift=st.floats(-50, 50))
@few
def test_losses_of_pairs_and_lists_read_differences_of_scores(loss, seed, shift):
    scores, targets = drawn(seed)
    torch.testing.assert_close(loss(scores + shift, targets), loss(scores, targets), rtol=1e-9, atol=1e-9)


@every
@given(seed=seeds)
@few
def test_the_right_order_costs_less_than_its_reverse(loss, seed):
    source = torch.Generator().manual_seed(seed)
    labels = torch.stack([torch.randperm(4, generator=source) for _ in range(3)]).double()
    targets = Targets(labels, labels >= 0, teacher=labels)
    centred = labels - 1.5
    assert mean_loss(loss, centred, targets) < mean_loss(loss, -centred, targets)


@pytest.mark.parametrize("loss", [x for x in ALL if not isinstance(x, (LambdaLoss, PListMLE, KL))], ids=str)
@given(seed=seeds)
@few
def test_a_weight_is_how_often_a_document_stands_there(loss, seed):
    scores, targets = drawn(seed, queries=1)
    often = torch.randint(0, 4, scores.shape, generator=torch.Generator().manual_seed(seed))
    weighted = targets._replace(weights=often.double())
    repeated = Targets(*(x.repeat_interleave(often[0], dim=1) for x in targets[:3]))
    repeated_scores = scores.repeat_interleave(often[0], dim=1)
    if repeated_scores.shape[1]:
        the_same(loss(scores, weighted), loss(repeated_scores, repeated))
        the_same(loss.units(weighted), loss.units(repeated))


@every
def test_a_document_of_weight_0_is_not_there(loss):
    scores, targets = drawn(5)
    kept = torch.arange(scores.shape[1]) != 1
    weighted = targets._replace(weights=kept.double().expand(scores.shape))
    fewer = Targets(*(x[:, kept] for x in targets[:3]))
    the_same(loss(torch.where(kept, scores, float("nan")), weighted), loss(scores[:, kept], fewer))
    the_same(loss.units(weighted), loss.units(fewer))


@pytest.mark.parametrize("loss", [x for x in ORDERING if "labels" in x.reads], ids=str)
@pytest.mark.parametrize("grade", [0.0, 1.0])
def test_lists_of_one_grade_teach_no_order(loss, grade):
    scores, targets = drawn(2)
    alike = targets._replace(labels=torch.full_like(scores, grade))
    value, slopes = with_slopes(loss, scores, alike)
    assert float(loss.units(alike)) == 0 == float(value) and (slopes == 0).all()
    assert float(mean_loss(loss, scores, alike)) == 0


@every
def test_batches_without_documents_have_a_loss_of_0(loss):
    scores, targets = drawn(2)
    value, slopes = with_slopes(loss, scores, targets._replace(real=torch.zeros_like(targets.real)))
    assert float(value) == 0 == float(loss.units(targets._replace(real=torch.zeros_like(targets.real))))
    assert (slopes == 0).all()


@every
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single(loss, dtype):
    scores, targets = drawn(4)
    low = scores.to(dtype)
    value, slopes = with_slopes(loss, low, targets)
    assert value.dtype == torch.float32 and slopes.dtype == dtype
    torch.testing.assert_close(value, loss(low.float(), targets))


@every
def test_scores_far_apart_have_finite_losses_and_gradients(loss):
    labels = torch.tensor([[1.0, 0.0, 2.0, 0.0]] * 2)
    scores = torch.tensor([[1e4, -1e4, 3e3, 0.0], [-1e4, 1e4, 0.0, 9e3]])
    value, slopes = with_slopes(loss, scores, Targets(labels, labels >= 0, teacher=labels))
    assert torch.isfinite(value) and torch.isfinite(slopes).all() and (slopes[1] != 0).any()


@pytest.mark.parametrize("loss", [x for x in ALL if "teacher" in x.reads], ids=str)
def test_a_missing_teacher_is_an_error(loss):
    scores, targets = drawn(1)
    with pytest.raises(InputError, match=rf"the loss '{loss.name}' learns from a teacher's scores and the examples"):
        loss(scores, targets._replace(teacher=None))
    with pytest.raises(InputError, match="score them with the teacher first"):
        loss.units(targets._replace(teacher=None))


def test_shapes_must_agree():
    scores, targets = drawn(1)
    with pytest.raises(InputError, match=r"one shape \(queries, documents\), got \(5, 5\), \(5, 6\) and \(5, 6\)"):
        RankNet()(scores[:, :5], targets)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Softmax(scale=0), "scale must be a number above 0, got 0"),
        (lambda: Margin(margin=-1), "margin must be a number above 0"),
        (lambda: RankNet(sigma=float("nan")), "sigma must be a number above 0"),
        (lambda: BCE(top_grade=0), "top_grade must be"),
        (lambda: BCE(positive_weight=float("inf")), "positive_weight must be"),
        (lambda: KL(temperature=0), "temperature must be"),
        (lambda: NDCG2PP(mu=0), "mu must be"),
        (lambda: LambdaLoss(k=0), "k must be a whole number of at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_errors(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_positives_of_one_grade_do_not_compete():
    """Two positives far apart in score, both above the negative: each is judged against the negative alone."""
    labels = torch.tensor([[1.0, 1.0, 0.0]])
    scores = torch.tensor([[30.0, 2.0, 0.0]])
    _, slopes = with_slopes(Softmax(), padded(scores, labels >= 0), Targets(labels, labels >= 0))
    assert slopes[0].tolist() == pytest.approx([0.0, -0.1192, 0.1192], abs=1e-4)
