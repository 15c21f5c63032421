"""Late-interaction models in training: the network's logits, the written folder, what stays, what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tamis import load_scorer
from tamis.core import Document, Query
from tamis.data import Example
from tamis.errors import InputError
from tamis.score.blend import EVIDENCE
from tamis.score.folder import ModelFolder
from tamis.score.load import EMBEDDED
from tamis.train.adapters import merged
from tamis.train.bases.late import PACE, Weights, factors, grown, start_late, unrelated
from tamis.train.bases.opened import based, start_of
from tamis.train.job import Job, train
from tamis.train.loop import fit
from tamis.train.options import Batches, Options
from tamis.train.tune import Full, Head

from ..runs import quick, run_of

# Whoever asks wants the reply, not the text that repeats the words: lexical evidence misleads here.
TOPICS = ("refund", "parcel", "invoice", "password", "warranty", "delivery", "coupon", "address")


def asked(question):
    return [
        Example(
            question.format(one),
            (f"Open the page for your {one} and choose help.", question.format(other), f"A {other} is a thing."),
            (1.0, 0.0, 0.0),
        )
        for one, other in zip(TOPICS, TOPICS[1:] + TOPICS[:1], strict=True)
    ]


LEARN, DEV = asked("how do I get my {} sorted"), asked("who can see to my {} today")
PAIRS = [(Query(one.query), Document(str(at), text)) for one in LEARN for at, text in enumerate(one.documents)]
BM25 = {"bm25": np.linspace(0, 9, len(PAIRS))}


def start():
    return start_late(ModelFolder(EMBEDDED / "tamis-mini"), "cross-encoder", Options())


def test_it_begins_as_its_base():
    ready, base = start(), load_scorer("tamis-mini")
    found = ready.scorer(ready.network, "cpu")
    np.testing.assert_allclose(found.score(PAIRS), base.score(PAIRS), atol=1e-9)
    np.testing.assert_allclose(found.score_with_evidence(PAIRS, BM25), base.score_with_evidence(PAIRS, BM25), atol=1e-9)


def test_the_folder_says_how_much_it_reads(tmp_path):
    short = start().shortened(12)
    short.write(dict(short.network.named_parameters()), tmp_path / "short")
    again = start_late(ModelFolder(tmp_path / "short"), "cross-encoder", Options())
    again.write(dict(again.network.named_parameters()), tmp_path / "again")
    found = load_scorer(tmp_path / "short").score(PAIRS)
    np.testing.assert_allclose(found, load_scorer("tamis-mini", max_length=12).score(PAIRS), atol=1e-9)
    np.testing.assert_array_equal(found, load_scorer(tmp_path / "again").score(PAIRS))
    assert not np.allclose(found, load_scorer("tamis-mini").score(PAIRS))


def test_the_network_gives_the_scores_of_the_scorer():
    ready = start()
    with torch.no_grad():
        ready.network.grown.copy_(torch.randn(ready.network.grown.shape, generator=torch.manual_seed(0)) / PACE / 3)
    read = ready.task(Batches(), torch.device("cpu")).read(LEARN)
    logits = ready.network(read.evidence, read.rows).detach().numpy()
    np.testing.assert_allclose(logits, ready.scorer(ready.network, "cpu").score(PAIRS), atol=1e-4)
    assert np.abs(logits - load_scorer("tamis-mini").score(PAIRS)).max() > 1


def test_the_cosines_factor_is_part_of_all_and_none_is_below_0():
    numbers = torch.zeros(1, len(EVIDENCE))
    numbers[0, :2] = torch.tensor([1.0, -3.0]) / PACE  # four times as much of all, and of MaxSim four times that
    assert factors(numbers)[0].tolist() == pytest.approx([4, 16, 4, 4, 4, 4, 4])
    assert bool((factors(torch.randn(9, len(EVIDENCE))) >= 0).all())


def test_unrelated_texts_and_bm25s_share_stay():
    blends = load_scorer("tamis-mini").blends
    numbers = np.tile([2.0, 3.0, 0.0, 1.0, 4.0, 2.0, 2.0], (len(blends.texts), 1))
    found, none = grown(blends, numbers), unrelated(blends)[None]
    for name, blend in blends.texts.items():
        assert found.texts[name].logits(none) == pytest.approx(blend.logits(none))
        assert found.texts[name].cosine == 2 * blend.cosine and found.texts[name].phrase == 0
    for name, blend in blends.with_bm25.items():
        assert found.with_bm25[name].logits(none) == pytest.approx(blend.logits(none))
        assert (found.with_bm25[name].cosine, found.with_bm25[name].bm25) == (blend.cosine, blend.bm25)
        assert found.with_bm25[name].terms == 2 * blend.terms


def test_what_was_trained_is_what_is_loaded(tmp_path):
    ready = start()
    fit(run_of(ready, LEARN, quick(6), tmp_path / "run"))
    expected = ready.scorer(ready.network, "cpu")
    ready.write(merged(ready.network), tmp_path / "model")
    found = load_scorer(tmp_path / "model")
    np.testing.assert_allclose(found.score(PAIRS), expected.score(PAIRS), atol=1e-9)
    assert np.abs(found.score(PAIRS) - load_scorer("tamis-mini").score(PAIRS)).max() > 0.1
    assert found.fingerprint != load_scorer("tamis-mini").fingerprint
    again = start_of(based(tmp_path / "model", tmp_path / "made", None), "cross-encoder", Options())
    np.testing.assert_allclose(again.scorer(again.network, "cpu").score(PAIRS), expected.score(PAIRS), atol=1e-9)


def test_a_job_from_labels_to_a_measured_folder(tmp_path):
    for name, examples in (("learn", LEARN), ("dev", DEV)):
        rows = [{"query": one.query, "documents": one.documents, "labels": one.labels} for one in examples]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    learn, dev = ([str(tmp_path / f"{name}.jsonl")] for name in ("learn", "dev"))
    options = Options(batches=Batches(queries=4, epochs=10))
    done = train(Job(learn, "tamis-mini", tmp_path / "mine", dev=dev), options)
    log = [json.loads(line) for line in (tmp_path / "mine/training/log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in log if "loss" in row]
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])
    values = {name: done.figures[name].intervals for name in ("before", "after")}
    before, after = (next(iter(values[name].values())).mean for name in ("before", "after"))
    assert after >= before
    card = (tmp_path / "mine/README.md").read_text("utf-8")
    assert 'library_name: "tamis"' in card and "late-interaction" in card
    assert (tmp_path / "mine/training/calibration.json").is_file()


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("bi-encoder", Options(), "gives scores, no vectors"),
        ("cross-encoder", Options(layers=2), "only the weights of its evidence learn"),
        ("cross-encoder", Options(tune=Head()), "only the weights of its evidence learn"),
        ("cross-encoder", Options(tune=Full(freeze_layers=2)), "only the weights of its evidence learn"),
        ("cross-encoder", Options(recompute=True), "only the weights of its evidence learn"),
        ("cross-encoder", Options(max_length=2), "max_length must be"),
    ],
)
def test_what_it_has_not_is_refused(kind, options, message):
    with pytest.raises(InputError, match=message):
        start_of(ModelFolder(EMBEDDED / "tamis-blend"), kind, options)


def test_a_shorter_window_is_what_is_read():
    ready = start_of(ModelFolder(EMBEDDED / "tamis-mini"), "cross-encoder", Options(max_length=16))
    long = [(Query("refund"), Document("a", "refund " * 300))]
    assert ready.scorer(ready.network, "cpu").features(long)[0, 3] == 16


def test_zero_cosine_weight_is_no_division_by_zero():
    blends = load_scorer("tamis-mini").blends
    found = grown(blends, np.zeros((len(blends.texts), len(EVIDENCE))))
    assert all(np.isfinite(blend.logits(unrelated(blends)[None])).all() for blend in found.with_bm25.values())
    assert Weights(found)(torch.zeros(1, len(EVIDENCE)), torch.zeros(1, dtype=torch.long)).isfinite().all()
