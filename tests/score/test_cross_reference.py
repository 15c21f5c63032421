"""Every family's scores beside the formula of its model card, computed one pair at a time: equal to 1e-5 in fp32."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tamis import Document, Query, load_scorer

for package in ("torch", "transformers", "safetensors"):
    pytest.importorskip(package)

from . import official  # noqa: E402
from .tiny import FAMILIES  # noqa: E402

# Other forms of folders whose network and formula stand beside them.
FORMS = ("bert_two_labels", "bert_sentence_transformers", "modernbert_cls", "qwen2_classifier", "qwen3_untied",
         "qwen3_converted", "qwen3_two_labels", "qwen3_sentence_transformers")  # fmt: skip
CASES = [pytest.param(family, marks=pytest.mark.slow) if family in FORMS else family for family in FAMILIES]
TOLERANCE = {"atol": 1e-5, "rtol": 1e-5}


def asked(pairs):
    """The texts of pairs, just as they are."""
    return [(query.text, document.text) for query, document in pairs]


@pytest.fixture(scope="session")
def formula(tiny_model, pairs_in_many_languages):
    """``formula(family)``: the official score of every pair, shape (200,)."""
    found = {}

    def scores(family):
        if family not in found:
            score, folder = official.official(family), tiny_model(family)
            found[family] = np.array([score(folder, *texts) for texts in asked(pairs_in_many_languages)])
        return found[family]

    return scores


@pytest.mark.parametrize("family", CASES)
def test_scores_equal_the_official_formula_batched_any_way(family, tiny_model, pairs_in_many_languages, formula):
    scorer = load_scorer(tiny_model(family), engine="torch")
    expected, pairs = formula(family), pairs_in_many_languages
    np.testing.assert_allclose(scorer.score(pairs), expected, **TOLERANCE)

    order = Random(1).sample(range(len(pairs)), len(pairs))
    np.testing.assert_allclose(scorer.score([pairs[at] for at in order]), expected[order], **TOLERANCE)
    parts = [scorer.score(pairs[at : at + 7]) for at in range(0, 70, 7)]
    np.testing.assert_allclose(np.concatenate(parts), expected[:70], **TOLERANCE)
    alone = [scorer.score([pair])[0] for pair in pairs[::10]]
    np.testing.assert_allclose(alone, expected[::10], **TOLERANCE)


@pytest.mark.parametrize("family", CASES)
def test_many_documents_of_one_query_equal_the_official_formula(family, tiny_model, pairs_in_many_languages):
    """Where the beginning that documents share is computed once."""
    query = Query("What is the capital of France, and how many people live there?")
    pairs = [(query, document) for _, document in pairs_in_many_languages[:30]]
    score, folder = official.official(family), tiny_model(family)
    expected = [score(folder, *texts) for texts in asked(pairs)]
    np.testing.assert_allclose(load_scorer(folder, engine="torch").score(pairs), expected, **TOLERANCE)


@pytest.mark.parametrize("family", CASES)
def test_scores_tell_pairs_apart(family, formula):
    """Else equality would say little."""
    scores = formula(family)
    assert scores.std() > 0.15
    assert len(np.unique(scores.round(4))) > 150


def test_the_official_probability_is_the_sigmoid_of_the_raw_score(tiny_model, pairs_in_many_languages):
    """By the README's own words: log_softmax over [no, yes], exp of the second."""
    import torch

    folder, pairs = tiny_model("qwen3"), pairs_in_many_languages[:12]
    raw = load_scorer(folder, engine="torch").score(pairs)
    for score, texts in zip(raw, asked(pairs), strict=True):
        logits = official.all_logits(folder, official.qwen3_ids(folder, *texts))[-1]
        both = torch.log_softmax(torch.stack([logits[2152], logits[9693]]).double(), dim=0)
        assert 1 / (1 + np.exp(-score)) == pytest.approx(both[1].exp().item(), abs=1e-5)


def test_the_conversion_to_a_classifier_answers_as_the_causal_model(tiny_model, pairs_in_many_languages):
    causal, converted = (
        load_scorer(tiny_model(family), engine="torch").score(pairs_in_many_languages)
        for family in ("qwen3", "qwen3_converted")
    )
    np.testing.assert_allclose(causal, converted, atol=1e-6, rtol=1e-6)


def test_an_instruction_goes_where_the_prompt_has_it(tiny_model, pairs_in_many_languages):
    told = "Find the passage that answers the question in the same language"
    pairs = [(Query(query.text, instruction=told), document) for query, document in pairs_in_many_languages[:20]]
    for family, score in (("qwen3", official.official_qwen3), ("mxbai_v2", official.official_mxbai_v2)):
        folder = tiny_model(family)
        expected = [score(folder, *texts, told) for texts in asked(pairs)]
        np.testing.assert_allclose(load_scorer(folder, engine="torch").score(pairs), expected, **TOLERANCE)


def test_the_evaluation_form_of_qwen3_is_a_named_template(tiny_model, pairs_in_many_languages):
    folder, pairs = tiny_model("qwen3"), pairs_in_many_languages[:60]
    expected = [official.official_qwen3_eval(folder, *texts) for texts in asked(pairs)]
    scores = load_scorer(folder, engine="torch", template="qwen3-eval").score(pairs)
    np.testing.assert_allclose(scores, expected, **TOLERANCE)
    assert np.abs(scores - load_scorer(folder, engine="torch").score(pairs)).min() > 1e-4


def test_a_long_document_is_cut_as_the_official_code_cuts_it(tiny_model):
    """The tail of the document goes; the prompt's suffix stays."""
    long = "gravity attracts two bodies and ocean tides follow " * 60
    pairs = [(Query("gravity"), Document("d", long)), (Query("bodies"), Document("d", long[:200]))]
    folder = tiny_model("qwen3")
    expected = [official.official_qwen3(folder, q.text, d.text, max_length=300) for q, d in pairs]
    scores = load_scorer(folder, engine="torch", max_length=300).score(pairs)
    np.testing.assert_allclose(scores, expected, **TOLERANCE)

    classifier = tiny_model("bert")
    expected = [official.official_pair_logit(classifier, q.text, d.text) for q, d in pairs]
    np.testing.assert_allclose(load_scorer(classifier, engine="torch").score(pairs), expected, **TOLERANCE)
