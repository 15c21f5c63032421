"""Losses of whole lists: contrastive cross-entropy, ListNet, ListMLE and its position-aware form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from tamis.score.nets.lib import Tensor, torch
from tamis.train.losses.base import LABELS, Lists, Targets, checked, graded, lists, softplus, summed, two_grades


def positives(of: Lists) -> Tensor:
    """How much each document counts as a positive, shape (Q, L): its weight, 0 where none of its list is lower."""
    least = torch.where(of.stands, of.labels, torch.inf).amin(dim=1, keepdim=True)
    return torch.where(of.labels > least, of.weights, torch.zeros_like(of.weights))


class Surprises(NamedTuple):
    """Each positive's value and where it stands: its list and its place in it; all of shape (P,)."""

    values: Tensor
    list: Tensor
    place: Tensor


def surprises(of: Lists) -> Surprises:
    """``-log(e^s_i / (e^s_i + sum of e^s_j over the documents j with a lower label))`` of each positive i.

    A document stands in the sum as often as its weight says. One row of L a positive, not an L x L a list: in lists of
    in-batch negatives positives are few and L is in the thousands.
    """
    at, place = positives(of).nonzero(as_tuple=True)
    own = of.labels[at, place].unsqueeze(1)
    often = of.scores + torch.where(of.stands, of.weights, 1.0).log()
    sums = torch.where(of.stands[at] & (of.labels[at] < own), often[at], -torch.inf).logsumexp(dim=1)
    return Surprises(softplus(sums - of.scores[at, place]), at, place)


@dataclass(frozen=True, slots=True)
class Softmax:
    """Contrastive cross-entropy (InfoNCE): each positive against the documents of its list that have a lower label.

    Reads labels: any number of positives, any grades. Of grades 2, 1, 0, the 2 stands against all others and the 1
    against the 0; positives of one grade do not compete. A unit is a document with a lower one in its list, its
    weight the label's; the weight of a lower document is how often it stands in the denominator.

    When to use: few positives among many negatives, and in-batch negatives (``contrastive.in_batch``): the usual
    loss of bi-encoders, and a strong one for cross-encoders with mined negatives.
    Relation to others: with one negative it is ``RankNet``; ``ListMLE`` is its sum over a list; ``ListNet`` fits
    a distribution over all documents instead of one positive at a time.

    Args:
        scale: factor of the scores, one over the temperature, above 0: 1 for logits; cosines want about 20, unless
            ``in_batch`` has already scaled them.

    References:
        van den Oord et al., "Representation learning with contrastive predictive coding" (2018), eq. 4; Henderson et
        al., "Efficient natural language response suggestion for Smart Reply" (2017), section 4.4;
        sentence-transformers' MultipleNegativesRankingLoss where each query has one positive.

    >>> labels = torch.tensor([[1.0, 0.0, 0.0]])
    >>> round(float(Softmax()(torch.tensor([[1.0, 1.0, 1.0]]), Targets(labels, labels >= 0))), 4)
    1.0986
    """

    name: ClassVar[str] = "softmax"
    reads: ClassVar[frozenset[str]] = LABELS

    scale: float = 1.0

    def __post_init__(self) -> None:
        checked("scale", self.scale)

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over positives; see ``Loss``."""
        of = lists(scores, targets)
        found = surprises(of._replace(scores=self.scale * of.scores))
        return summed(found.values, of.weights[found.list, found.place])

    def units(self, targets: Targets) -> Tensor:
        """The number of documents with a lower one in their list."""
        return positives(graded(targets)).sum()


@dataclass(frozen=True, slots=True)
class ListNet:
    """Cross-entropy between the lists' distributions of the first document: by the labels and by the scores.

    Reads labels on the scale of logits: a label one higher is e times as likely to stand first. A unit is a list;
    lists of one grade are left out, their uniform distribution would only flatten the scores. A label's weight is how
    often its document stands in the list.

    When to use: many graded labels a list, such as ratings by several annotators.
    Relation to others: ``KL`` is the same against a teacher's scores (up to the teacher's entropy); ``Softmax`` asks
    only that positives stand above what is lower.

    References:
        ``-sum_i softmax(y)_i log softmax(s)_i``: Cao et al., "Learning to rank: from pairwise approach to listwise
        approach" (ICML 2007), with top-one probabilities; sentence-transformers' ListNetLoss.

    >>> labels = torch.tensor([[1.0, 0.0]])
    >>> round(float(ListNet()(torch.tensor([[1.0, 0.0]]), Targets(labels, labels >= 0))), 4)
    0.5822
    """

    name: ClassVar[str] = "listnet"
    reads: ClassVar[frozenset[str]] = LABELS

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over lists; see ``Loss``."""
        of = lists(scores, targets)
        far = torch.finfo(of.scores.dtype).min  # finite: the logarithm of an empty list must have a gradient
        often = torch.where(of.stands, of.weights, torch.ones_like(of.weights)).log()
        whole = torch.where(of.stands, of.scores + often, far).logsumexp(dim=1, keepdim=True)
        shares = torch.where(of.stands, of.labels + often, far).softmax(dim=1)
        terms = torch.where(of.stands, shares * (whole - of.scores), torch.zeros_like(shares))
        return summed(terms.sum(dim=1), two_grades(of))

    def units(self, targets: Targets) -> Tensor:
        """The number of lists with documents of different labels."""
        return two_grades(graded(targets)).sum()


@dataclass(frozen=True, slots=True)
class ListMLE:
    """Negative log-likelihood of the labels' order, documents drawn one after the other (Plackett-Luce).

    Reads labels, of which only the order counts. Documents of one grade have no order among themselves: each stands
    against the lower ones only, so nothing is learnt from the order of the file. A unit is a list; lists of one
    grade are left out. A label's weight is how often its document is drawn and stands in the denominators.

    When to use: full orders (distinct labels), such as a teacher's ranking.
    Relation to others: the sum of ``Softmax`` over a list, lists instead of positives counting alike; ``PListMLE``
    weighs the first places more.

    References:
        Xia et al., "Listwise approach to learning to rank: theory and algorithm" (ICML 2008);
        sentence-transformers' ListMLELoss with ``respect_input_order=False``, equal where labels are distinct.

    >>> labels = torch.tensor([[2.0, 1.0, 0.0]])
    >>> round(float(ListMLE()(torch.tensor([[0.0, 0.0, 0.0]]), Targets(labels, labels >= 0))), 4)
    1.7918
    """

    name: ClassVar[str] = "listmle"
    reads: ClassVar[frozenset[str]] = LABELS

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over lists; see ``Loss``."""
        of = lists(scores, targets)
        found = surprises(of)
        return summed(found.values, of.weights[found.list, found.place])

    def units(self, targets: Targets) -> Tensor:
        """The number of lists with documents of different labels."""
        return two_grades(graded(targets)).sum()


@dataclass(frozen=True, slots=True)
class PListMLE:
    """``ListMLE`` with a weight for each place, ``2^(n - place) - 1`` of n documents over their sum.

    Reads labels as ``ListMLE`` does; documents of one grade share the mean weight of their places. A unit is a list;
    lists of one grade are left out. A label's weight multiplies its document's place and its part of denominators.

    When to use: full orders of which the first places matter most: half of all weight lies on the first.
    Relation to others: ``LambdaLoss`` weighs places by nDCG, which falls far more slowly.

    References:
        Lan et al., "Position-aware ListMLE: a sequential learning process for ranking" (UAI 2014);
        sentence-transformers' PListMLELoss with ``respect_input_order=False``, equal where labels are distinct.

    >>> labels = torch.tensor([[2.0, 1.0, 0.0]])
    >>> round(float(PListMLE()(torch.tensor([[0.0, 0.0, 0.0]]), Targets(labels, labels >= 0))), 4)
    0.9972
    """

    name: ClassVar[str] = "plistmle"
    reads: ClassVar[frozenset[str]] = LABELS

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over lists; see ``Loss``."""
        of = lists(scores, targets)
        found = surprises(of)
        return summed(found.values, (of.weights * _places(of))[found.list, found.place])

    def units(self, targets: Targets) -> Tensor:
        """The number of lists with documents of different labels."""
        return two_grades(graded(targets)).sum()


def _places(of: Lists) -> Tensor:
    """Each document's mean weight over the places its grade takes, shape (Q, L).

    The sum of ``2^(n - p) - 1`` over the places ``above < p <= above + tied`` is a geometric series; it is taken
    over ``2^n``, so that lists of any length stay finite.
    """
    many, lower, above = of.stands.sum(dim=1, keepdim=True), _lower(of, of.labels), _lower(of, -of.labels)
    tied = (many - lower - above).clamp(min=1)
    half, last = torch.exp2(-above.to(of.scores.dtype)), torch.exp2(-many.to(of.scores.dtype))
    share = half * (1 - torch.exp2(-tied.to(half.dtype))) / tied - last
    whole = 1 - (many + 1) * last  # of all places; 0 where fewer than two documents stand
    return share / torch.where(whole > 0, whole, torch.ones_like(whole))


def _lower(of: Lists, labels: Tensor) -> Tensor:
    """How many documents of its list have a lower label than each, shape (Q, L)."""
    rising = torch.where(of.stands, labels, torch.inf).sort(dim=1).values
    return torch.searchsorted(rising.contiguous(), labels.contiguous())
