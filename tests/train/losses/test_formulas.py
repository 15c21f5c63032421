"""Each loss equals its paper's formula, written out in plain Python over lists with ties, grades and padding."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from tamis.train.losses.distil import KL, MarginMSE, TeacherMSE  # noqa: E402
from tamis.train.losses.lambdas import NDCG1, NDCG2, NDCG2PP, LambdaLoss, LambdaRank, Unweighted  # noqa: E402
from tamis.train.losses.listwise import ListMLE, ListNet, PListMLE, Softmax  # noqa: E402
from tamis.train.losses.pairwise import Margin, RankNet  # noqa: E402
from tamis.train.losses.pointwise import BCE, MSE  # noqa: E402

from .lists import drawn, padded, rows  # noqa: E402

# Each formula: a list of (score, label, teacher, weight) -> the terms of its sum and how much each counts.


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def bce(docs, top=1.0, positive_weight=1.0):
    for s, y, _, _ in docs:
        p = min(y / top, 1)
        yield -positive_weight * p * math.log(sigmoid(s)) - (1 - p) * math.log(1 - sigmoid(s)), 1


def mse(docs):
    yield from (((s - y) ** 2, 1) for s, y, _, _ in docs)


def teacher_mse(docs):
    yield from (((s - t) ** 2, 1) for s, _, t, _ in docs)


def better_pairs(docs):
    return [(a, b) for a in docs for b in docs if a[1] > b[1]]


def margin(docs, lead):
    yield from ((max(0, lead - (a[0] - b[0])), 1) for a, b in better_pairs(docs))


def ranknet(docs, sigma):
    yield from ((math.log(1 + math.exp(-sigma * (a[0] - b[0]))), 1) for a, b in better_pairs(docs))


def margin_mse(docs):
    yield from ((((a[0] - b[0]) - (a[2] - b[2])) ** 2, 1) for a, b in better_pairs(docs))


def softmax(docs, scale=1.0):
    for s, y, _, _ in docs:
        if lower := [math.exp(scale * b[0]) for b in docs if b[1] < y]:
            yield -math.log(math.exp(scale * s) / (math.exp(scale * s) + sum(lower))), 1


def shares(values):
    return [math.exp(x) / sum(map(math.exp, values)) for x in values]


def mixed(docs):
    return len({y for _, y, _, _ in docs}) > 1


def listnet(docs):
    if mixed(docs):
        wanted, found = shares([d[1] for d in docs]), shares([d[0] for d in docs])
        yield -sum(p * math.log(q) for p, q in zip(wanted, found, strict=True)), 1


def listmle(docs):
    if mixed(docs):
        yield sum(term for term, _ in softmax(docs)), 1


def plistmle(docs):
    """Positions by label, those of one grade sharing the mean of theirs."""
    if not mixed(docs):
        return
    n = len(docs)
    order = sorted(docs, key=lambda d: -d[1])
    places = [2 ** (n - p) - 1 for p in range(1, n + 1)]
    total = 0.0
    for s, y, _, w in docs:
        lower = sum(b[3] * math.exp(b[0]) for b in docs if b[1] < y)
        mine = [place for place, d in zip(places, order, strict=True) if d[1] == y]
        total += w * sum(mine) / len(mine) / sum(places) * math.log(1 + lower / math.exp(s))
    yield total, 1


def kl(docs, temperature):
    if len(docs) > 1:
        wanted, found = (shares([d[at] / temperature for d in docs]) for at in (2, 0))
        yield temperature**2 * sum(p * math.log(p / q) for p, q in zip(wanted, found, strict=True)), 1


def discount(place):
    return math.log2(1 + place)


def worth(weighting, gains, i, j, mu=10.0):
    """Wang et al. 2018: the weight of the documents ranked i and j, from 1."""
    change = abs(gains[i - 1] - gains[j - 1])
    if weighting == "none":
        return 1.0
    if weighting == "ndcg1":
        return gains[i - 1] / discount(i)
    ndcg2 = 0 if i == j else abs(1 / discount(abs(i - j)) - 1 / discount(abs(i - j) + 1)) * change
    lambdarank = abs(1 / discount(i) - 1 / discount(j)) * change
    return {"ndcg2": ndcg2, "lambdarank": lambdarank, "ndcg2++": mu * ndcg2 + lambdarank}[weighting]


def lambda_loss(docs, weighting, k, sigma):
    docs = sorted(docs, key=lambda d: -d[0])
    n, every = len(docs), weighting == "ndcg1"
    best = sorted((2 ** d[1] - 1 for d in docs), reverse=True)[:k]
    ideal = sum(g / discount(p) for p, g in enumerate(best, 1)) or 1.0
    gains = [(2 ** d[1] - 1) / ideal for d in docs]
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            a, b = docs[i - 1], docs[j - 1]
            if a[1] > b[1] or (every and mixed(docs)):
                near = k is None or i <= k or j <= k
                term = -math.log2(sigmoid(sigma * (a[0] - b[0]))) * worth(weighting, gains, i, j)
                yield near * term, a[3] * b[3]


FORMULAS = [
    (BCE(), bce),
    (BCE(top_grade=2, positive_weight=2.5), lambda docs: bce(docs, 2, 2.5)),
    (MSE(), mse),
    (TeacherMSE(), teacher_mse),
    (Margin(margin=0.7), lambda docs: margin(docs, 0.7)),
    (RankNet(sigma=2), lambda docs: ranknet(docs, 2)),
    (MarginMSE(), margin_mse),
    (Softmax(), softmax),
    (Softmax(scale=5), lambda docs: softmax(docs, 5)),
    (ListNet(), listnet),
    (ListMLE(), listmle),
    (PListMLE(), plistmle),
    (KL(), lambda docs: kl(docs, 1)),
    (KL(temperature=3), lambda docs: kl(docs, 3)),
    *(
        (LambdaLoss(kind, k=k, sigma=sigma), lambda docs, kind=kind, k=k, s=sigma: lambda_loss(docs, kind.name, k, s))
        for kind in (Unweighted(), NDCG1(), NDCG2(), LambdaRank(), NDCG2PP())
        for k, sigma in ((None, 1.0), (2, 1.5))
    ),
]
IDS = [str(loss) for loss, _ in FORMULAS]


def same(loss, formula, scores, targets):
    terms = [term for docs in rows(scores, targets) for term in formula(docs)]
    wanted, units = sum(value * count for value, count in terms), sum(count for _, count in terms)
    assert float(loss(scores, targets)) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert float(loss.units(targets)) == pytest.approx(units, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("loss", "formula"), FORMULAS, ids=IDS)
def test_sum_and_units(loss, formula, seed):
    same(loss, formula, *drawn(seed))


@pytest.mark.parametrize("loss", [PListMLE(), LambdaLoss(), LambdaLoss(NDCG1(), k=2)], ids=str)
def test_weights_of_losses_that_know_places(loss):
    """A pair counts the product of its weights; a place of PListMLE its document's. The others: test_properties."""
    scores, targets = drawn(7)
    weights = torch.rand(scores.shape, generator=torch.Generator().manual_seed(7)).double() * 2 + 0.1
    formula = plistmle if isinstance(loss, PListMLE) else lambda d: lambda_loss(d, loss.weighting.name, loss.k, 1.0)
    same(loss, formula, scores, targets._replace(weights=padded(weights, targets.real)))


@pytest.mark.parametrize("loss", [MarginMSE(), KL(), TeacherMSE()], ids=str)
def test_documents_the_teacher_did_not_score_are_not_there(loss):
    scores, targets = drawn(3)
    said = targets.teacher.clone()
    said[:, 1] = float("nan")
    fewer = targets._replace(real=targets.real & torch.tensor([True, False, True, True, True, True]))
    assert float(loss(scores, targets._replace(teacher=said))) == pytest.approx(float(loss(scores, fewer)))
    assert float(loss.units(targets._replace(teacher=said))) == float(loss.units(fewer))


def test_long_lists_of_places_stay_finite():
    scores, labels = torch.zeros(1, 3000), torch.arange(3000.0).unsqueeze(0)
    value = PListMLE()(scores, drawn(0)[1]._replace(labels=labels, real=labels >= 0))
    tail = sum(2.0 ** -(place + 1) * math.log(3000 - place) for place in range(60))
    assert float(value) == pytest.approx(tail, rel=1e-5)
