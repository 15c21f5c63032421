"""Rankings side by side: what moved, what is accepted, what the rewrite changes."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.core import Query
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError, NotFoundError
from tamis.recall import Index
from tamis.serve.comparing import MOST, Way, compared, rewritten
from tamis.serve.models import Models
from tamis.serve.policies import Policies
from tamis.serve.recalling import Recall
from tamis.serve.served import Served
from tamis.serve.service import Service
from tamis.workbench.asking import lines

from .servers import Overlap

DOCUMENTS = "It rained.\nA drum sieve sieves flour. It has a mesh of drum hair.\nA hat."


class Backwards(Overlap):
    """The other way round."""

    name = "backwards"

    def score(self, pairs):
        return -super().score(pairs)


def asked(work, **parts):
    """What a service of two models answers, in a loop of its own."""

    async def run():
        models = Models({"overlap": Served(Overlap()), "backwards": Served(Backwards(2))})
        service = Service(models, **{name: make() for name, make in parts.items()})
        try:
            return await work(service)
        finally:
            await service.close()

    return asyncio.run(run())


def given(service, text="drum sieve", history=()):
    return service.given(Query(text, history=history), lines(DOCUMENTS))


def test_each_way_has_its_order_its_moves_and_its_numbers():
    one, two = asked(lambda s: compared(s, given(s), [Way("overlap"), Way("backwards")]))
    assert [place.before for place in one.places] == [1, 0, 2] and [place.moved for place in one.places] == [1, -1, 0]
    assert [place.candidate.score for place in one.places] == [3.0, -1.0, -1.0]
    assert (one.scale, one.policy, one.thresholds) == ("sigmoid", "", ())
    assert np.allclose([place.shown for place in one.places], 1 / (1 + np.exp([-3.0, 1.0, 1.0])))
    assert [place.before for place in two.places] == [0, 2, 1] and two.way.model == "backwards"


def test_the_best_sentence_of_a_document_is_found():
    (found,) = asked(lambda s: compared(s, given(s), [Way()]))
    first = found.places[0]
    assert first.candidate.doc.text[first.span.start : first.span.end] == "A drum sieve sieves flour."
    (without,) = asked(lambda s: compared(s, given(s), [Way()], passages=False))
    assert all(place.span is None for place in without.places)


def test_a_policy_draws_its_line_only_for_its_own_scores():
    policies = lambda: Policies({"strict": Policy(Thresholds(2.0), scorer="overlap:1", stage="overlap")}, "strict")  # noqa: E731
    one, two = asked(lambda s: compared(s, given(s), [Way("overlap"), Way("backwards")]), policies=policies)
    assert one.policy == "strict" and one.thresholds == (2.0,)
    assert [bool(place.reason) for place in one.places] == [False, True, True]
    assert two.policy == "" and not any(place.reason for place in two.places)
    (none,) = asked(lambda s: compared(s, given(s), [Way()], policy="none"), policies=policies)
    assert none.policy == ""


@pytest.mark.parametrize(("ways", "error"), [([], InputError), ([Way()] * (MOST + 1), InputError)])
def test_so_many_ways_stand_side_by_side(ways, error):
    with pytest.raises(error, match=f"1 to {MOST}"):
        asked(lambda s: compared(s, given(s), ways))


def test_a_model_that_is_not_here_is_named():
    with pytest.raises(NotFoundError, match="did you mean 'overlap'"):
        asked(lambda s: compared(s, given(s), [Way("overlab")]))


def test_what_was_meant_beside_what_was_typed():
    history = ("what is a drum sieve?",)
    found = asked(lambda s: rewritten(s, given(s, "what is it made of?", history)))
    assert "drum sieve" in found.variants[0].text
    assert found.meant.places[0].moved == 1  # the sieve comes first for what was meant
    assert found.meant.places[0].candidate.doc.text.startswith("A drum sieve")


def test_what_only_the_rewrite_finds_is_new():
    texts = ["Throat cancer is treatable when it is found early.", "Is it treatable water?", "A hat."]

    async def work(service):
        query = Query("is it treatable?", history=("Tell me about throat cancer.",))
        ranking = await service.recalled(query, 1)
        return await rewritten(service, ranking, k=2)

    found = asked(work, recall=lambda: Recall(Index.build(texts, encoder=None).retriever("bm25")))
    assert {place.candidate.doc.text: place.before for place in found.meant.places} == {texts[0]: None, texts[1]: 0}
