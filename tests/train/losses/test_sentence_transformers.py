"""Each loss equals sentence-transformers' on random lists, in value and in gradient."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from sentence_transformers.cross_encoder import losses as theirs  # noqa: E402
from sentence_transformers.sentence_transformer import losses as bi  # noqa: E402

from tamis.train.losses.base import Targets, mean_loss  # noqa: E402
from tamis.train.losses.contrastive import Symmetric, in_batch  # noqa: E402
from tamis.train.losses.distil import KL, MarginMSE, TeacherMSE  # noqa: E402
from tamis.train.losses.lambdas import NDCG1, NDCG2, NDCG2PP, LambdaLoss, LambdaRank, Unweighted  # noqa: E402
from tamis.train.losses.listwise import ListMLE, ListNet, PListMLE, Softmax  # noqa: E402
from tamis.train.losses.pairwise import RankNet  # noqa: E402
from tamis.train.losses.pointwise import BCE, MSE  # noqa: E402

from .lists import drawn  # noqa: E402
from .official import Given, of_lists, of_pairs  # noqa: E402

SEEDS = range(4)
EACH = dict(rtol=1e-6, atol=1e-6)


def ours(loss, scores, targets):
    """The mean of our loss and its gradient, from the same float32 numbers, computed in float64."""
    leaf = scores.detach().double().requires_grad_()
    value = mean_loss(loss, leaf, targets)
    value.backward()
    return value.detach(), leaf.grad


def equal(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other.double(), **EACH)


def with_two_grades(seed, top=3):
    """Lists that all have two grades: sentence-transformers' means count lists of one grade too."""
    scores, targets = drawn(seed, top=top)
    real, labels = targets.real.clone(), targets.labels.clone()
    real[:, :2] = True
    labels[:, 0], labels[:, 1] = 1, 0
    scores = torch.where(real & scores.isnan(), torch.linspace(-1, 1, scores.shape[1]).double(), scores)
    return scores.float(), Targets(labels, real)


def with_distinct_labels(seed):
    scores, targets = with_two_grades(seed)
    source = torch.Generator().manual_seed(seed)
    labels = torch.stack([torch.randperm(scores.shape[1], generator=source) for _ in scores]).double() / 2
    return scores, targets._replace(labels=labels)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weight", [1.0, 4.0])
def test_bce(seed, weight):
    scores, targets = with_two_grades(seed)
    shares = targets._replace(labels=targets.labels / 3)
    wanted = of_pairs(
        lambda model: theirs.BinaryCrossEntropyLoss(model, pos_weight=torch.tensor(weight)), scores, shares
    )
    equal(ours(BCE(positive_weight=weight), scores, shares), wanted)
    equal(ours(BCE(top_grade=3, positive_weight=weight), scores, targets), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_mse_to_labels_and_to_a_teacher(seed):
    scores, targets = with_two_grades(seed)
    wanted = of_pairs(theirs.MSELoss, scores, targets)
    equal(ours(MSE(), scores, targets), wanted)
    taught = Targets(torch.zeros_like(scores), targets.real, teacher=targets.labels)
    equal(ours(TeacherMSE(), scores, taught), wanted)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sigma", [1.0, 0.5])
def test_ranknet(seed, sigma):
    scores, targets = with_two_grades(seed)
    wanted = of_lists(lambda model: theirs.RankNetLoss(model, sigma=sigma, reduction_log="natural"), scores, targets)
    equal(ours(RankNet(sigma=sigma), scores, targets), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_listnet(seed):
    scores, targets = with_two_grades(seed)
    equal(ours(ListNet(), scores, targets), of_lists(theirs.ListNetLoss, scores, targets))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("loss", "of"), [(ListMLE(), "ListMLELoss"), (PListMLE(), "PListMLELoss")])
def test_listmle_where_labels_are_distinct(loss, of, seed):
    scores, targets = with_distinct_labels(seed)
    wanted = of_lists(lambda model: getattr(theirs, of)(model, respect_input_order=False), scores, targets)
    equal(ours(loss, scores, targets), wanted)


WEIGHTINGS = [
    (Unweighted(), theirs.NoWeightingScheme()),
    (NDCG1(), theirs.NDCGLoss1Scheme()),
    (NDCG2(), theirs.NDCGLoss2Scheme()),
    (LambdaRank(), theirs.LambdaRankScheme()),
    (NDCG2PP(), theirs.NDCGLoss2PPScheme()),
    (NDCG2PP(mu=2.0), theirs.NDCGLoss2PPScheme(mu=2.0)),
]
IDS = [row[0].name for row in WEIGHTINGS]


@pytest.mark.parametrize("top", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("weighting", "scheme"), WEIGHTINGS, ids=IDS)
def test_lambda_loss(weighting, scheme, seed, top):
    scores, targets = with_two_grades(seed, top)
    wanted = of_lists(lambda model: theirs.LambdaLoss(model, scheme, sigma=1.5), scores, targets)
    equal(ours(LambdaLoss(weighting, sigma=1.5), scores, targets), wanted)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("weighting", "scheme"), WEIGHTINGS, ids=IDS)
def test_lambda_loss_at_k_is_the_same_sum(weighting, scheme, seed, k):
    scores, targets = with_two_grades(seed)
    value, slopes = of_lists(lambda model: theirs.LambdaLoss(model, scheme, k=k), scores, targets)
    many = sum(pairs_near_the_top(row, weighting.every_pair, k) for row in by_score(scores, targets))
    found = LambdaLoss(weighting, k=k)
    units = found.units(targets)
    equal([x * units for x in ours(found, scores, targets)], (value * many, slopes * many))


def by_score(scores, targets):
    """The labels of each list in the scores' order."""
    for row, labels, real in zip(scores, targets.labels, targets.real, strict=True):
        there = sorted(range(len(row)), key=lambda at: -float(row[at]) if real[at] else float("inf"))
        yield [float(labels[at]) for at in there if real[at]]


def pairs_near_the_top(labels, every_pair, k):
    places = range(len(labels))
    return sum((every_pair or labels[i] > labels[j]) and min(i, j) < k for i in places for j in places)


@pytest.mark.parametrize("seed", SEEDS)
def test_margin_mse_and_kl(seed):
    source = torch.Generator().manual_seed(seed)
    scores, teacher = (torch.randn(4, 5, generator=source) * size for size in (1.0, 3.0))
    labels = torch.zeros(4, 5).index_fill_(1, torch.tensor(0), 1.0)
    targets = Targets(labels, labels >= 0, teacher.double())

    model = Given(scores)
    queries = [str(at) for at in range(4)]
    value = theirs.MarginMSELoss(model)([queries, *([str(at)] * 4 for at in range(5))], list(teacher))
    value.backward()
    equal(ours(MarginMSE(), scores, targets), (value.detach(), model.scores.grad))

    for temperature in (1.0, 2.0):
        leaf = scores.clone().requires_grad_()
        kl = bi.DistillKLDivLoss(None, similarity_fct=lambda q, d: d[:, 0] * q[:, 0], temperature=temperature)
        value = kl.compute_loss_from_embeddings([torch.ones(4, 1), *leaf.T.unsqueeze(2)], teacher)
        value.backward()
        equal(ours(KL(temperature), scores, targets), (value.detach(), leaf.grad))


@pytest.mark.parametrize("seed", SEEDS)
def test_softmax_of_a_cross_encoder_with_in_batch_negatives(seed):
    scores = torch.randn(5, 5, generator=torch.Generator().manual_seed(seed))
    model = Given(scores)
    texts = [str(at) for at in range(5)]
    value = theirs.MultipleNegativesRankingLoss(model, num_negatives=None, scale=10.0)([texts, texts], None)
    value.backward()
    leaf = scores.double().requires_grad_()
    found = mean_loss(Softmax(scale=10), leaf.sigmoid(), Targets(torch.eye(5), torch.ones(5, 5, dtype=torch.bool)))
    found.backward()
    equal((found.detach(), leaf.grad), (value.detach(), model.scores.grad))


@pytest.mark.parametrize("negatives", [0, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_softmax_of_a_bi_encoder_in_one_direction_and_in_two(seed, negatives):
    source = torch.Generator().manual_seed(seed)
    columns = [torch.randn(6, 4, generator=source, dtype=torch.float64) for _ in range(2 + negatives)]
    owner = torch.arange(6).repeat(1 + negatives)
    labels = torch.cat([torch.ones(6), torch.zeros(6 * negatives)])
    two = dict(directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction")
    for loss, options in ((Softmax(), {}), (Symmetric(Softmax()), two)):
        leaves = [column.clone().requires_grad_() for column in columns]
        wanted = bi.MultipleNegativesRankingLoss(None, scale=15.0, **options)
        wanted = wanted.compute_loss_from_embeddings(leaves, None)
        slopes = torch.autograd.grad(wanted, leaves)
        unit = [torch.nn.functional.normalize(leaf, dim=1) for leaf in leaves]
        found = mean_loss(loss, *in_batch(unit[0], torch.cat(unit[1:]), owner=owner, labels=labels, scale=15.0))
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
        for one, other in zip(torch.autograd.grad(found, leaves), slopes, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
