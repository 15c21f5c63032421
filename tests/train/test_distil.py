"""A teacher that knows a rule teaches a thinned cross-encoder and a bi-encoder, from lists that nobody labelled."""

import json
from dataclasses import replace

import pytest
import transformers as hf

from tamis.core import Document, Query
from tamis.data import Example, read_training
from tamis.errors import InputError, ModelError
from tamis.score.load import load_scorer
from tamis.train import agreement, scores
from tamis.train.after import Outcome
from tamis.train.distil import Distillation, Plan, distil, student_base, taught
from tamis.train.job import Job
from tamis.train.losses.forms import loss
from tamis.train.options import Batches, Learning, Options, Watch
from tamis.train.pool import Pool
from tamis.train.teaching import Teacher

from ..score.tiny_bi import bi_bert
from .rules import learnable
from .runs import small_bert
from .teachers import Rule, lists, unlabelled, worth

STEPS = 40
LABELLED = learnable(24, 5)


@pytest.fixture(autouse=True)
def no_long_timing(monkeypatch):
    monkeypatch.setattr(agreement, "SECONDS", 0.1)


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    root = tmp_path_factory.mktemp("bases")
    kinds = {"cross-encoder": hf.BertForSequenceClassification, "bi-encoder": hf.BertModel}
    made = {kind: small_bert(root / kind, of) for kind, of in kinds.items()}
    return made | {"encoder": bi_bert(root / "encoder")}  # with its modules, so that it scores as it is


def options(steps=STEPS, rate=1e-2, **settings):
    return Options(
        batches=Batches(queries=8, max_steps=steps), learning=Learning(rate=rate), watch=Watch(evaluate=40), **settings
    )


def asked(tmp_path, bases, kind="cross-encoder", *, data=None, teacher=None, dev=0.2, **more):
    data = data if data is not None else [lists(unlabelled(120, 0), tmp_path / "lists.jsonl")]
    job = Job(data, bases[kind], tmp_path / "out", kind=kind, dev=dev)
    return Distillation(Teacher("rule", given=teacher or Rule()), job, **more)


@pytest.mark.parametrize(
    ("kind", "rate", "gain", "least"), [("cross-encoder", 6e-3, 0.5, 0.5), ("bi-encoder", 1e-2, 0.5, 0.8)]
)
def test_a_student_learns_its_teachers_order(tmp_path, bases, kind, rate, gain, least):
    """Held-out rank correlation rises by ``gain`` and reaches ``least``: with one layer of two, without any label."""
    found = distil(asked(tmp_path, bases, kind), options(rate=rate, layers=1))
    said = found.outcome.distilled
    alike = {name: one["mean"] for name, one in said["agreement"].items()}
    assert alike["after"] > max(alike["before"], alike["bm25"]) + gain and alike["after"] > least, alike
    figures = {name: system.evaluation.means["ndcg@10"] for name, system in found.figures.systems.items()}
    assert figures["teacher"] == 1 and figures["after"] > max(figures["before"], figures["random"]) + 0.03
    # What is written says whose pupil it is, and that this is agreement and no quality.
    home = tmp_path / "out" / "training"
    assert Outcome.load(home / "result.json").distilled == said
    assert (said["teacher"], said["fingerprint"], said["labels"]) == ("rule", "rule:1.0", "teacher")
    assert said["factor"] == (1 if kind == "cross-encoder" else pytest.approx(2 / said["spread"], rel=1e-4))
    assert said["costs"]["student"]["megabytes"] < 5 and said["costs"]["teacher"]["pairs_per_second"] > 0
    card = (tmp_path / "out" / "README.md").read_text()
    assert "**Agreement with the teacher, not quality**" in card and "model-index" not in card
    for absent in ("calibration.json", "errors.html", "checkpoints", "base"):
        assert not (home / absent).exists()
    assert found.refit is None
    for one in read_training(home / "teacher.jsonl"):
        assert one.scores == tuple(worth(one.query, text) for text in one.documents)


def test_labelled_dev_queries_measure_quality_and_the_teacher_beside(tmp_path, bases):
    data = [lists(LABELLED, tmp_path / "labelled.jsonl")]
    found = distil(asked(tmp_path, bases, "bi-encoder", data=data, dev=0.5), options(3))
    said = found.outcome.distilled
    assert said["labels"] == "people" and found.refit is not None
    means = found.figures["teacher"].evaluation.means
    dev = found.figures.dev
    pairs = [(one.query, document) for one in dev.queries for document in one.documents]
    assert 0.5 < means["ndcg@10"] < 1 and len(pairs) == dev.pairs  # the rule has its prices, the labels do not
    assert (tmp_path / "out" / "training" / "errors.html").exists()
    assert "model-index" in (tmp_path / "out" / "README.md").read_text()
    assert found.outcome.counts["positives"] == 0  # labels that the loss does not read draw no documents


def test_margins_are_learnt_where_there_are_labels(tmp_path, bases):
    data = [lists([*LABELLED, *unlabelled(9, 1)], tmp_path / "labelled.jsonl")]
    found = distil(asked(tmp_path, bases, data=data, dev=0), options(2, loss=loss("margin-mse")))
    assert found.figures is None and found.outcome.counts["queries"] == len(LABELLED)
    assert found.outcome.distilled["labels"] == "" and found.outcome.distilled["agreement"] == {}


@pytest.mark.slow
def test_what_was_interrupted_ends_as_what_was_not(tmp_path, bases, monkeypatch):
    monkeypatch.setattr(scores, "FIRST_BLOCK", 64)
    monkeypatch.setattr(scores, "LARGEST_BLOCK", 64)
    work = asked(tmp_path, bases, "bi-encoder", teacher=Rule(breaks=300), dev=0)
    with pytest.raises(KeyboardInterrupt):
        distil(work, options(4))
    assert not (tmp_path / "out" / "config.json").exists()
    stopped = distil(replace(work, teacher=Teacher("rule", given=Rule())), options(4), stop=lambda: True)
    assert not stopped.complete and stopped.outcome.stopped == "while the teacher scored"
    plan = Plan.of(replace(work, teacher=Teacher("rule", given=Rule())), options(4))
    assert plan.score() and not taught(plan, stop=lambda: True).complete  # stopped again, after a step
    again = replace(work, teacher=Teacher("rule", given=Rule()), job=replace(work.job, resume=True))
    found = distil(again, options(4))
    assert found.complete and found.outcome.steps == 4
    assert found.outcome.distilled["pairs"] == sum(len(one.documents) for one in unlabelled(120, 0))
    elsewhere = replace(work.job, output=tmp_path / "whole")
    whole = distil(replace(work, teacher=Teacher("rule", given=Rule()), job=elsewhere), options(4))
    assert whole.outcome.fingerprint == found.outcome.fingerprint


def test_another_teacher_is_refused(tmp_path, bases):
    Plan.of(asked(tmp_path, bases), options()).score()
    with pytest.raises(InputError, match="these are scores of another teacher"):
        distil(asked(tmp_path, bases, teacher=Rule("other")), options())


def test_a_base_that_cannot_be_trained_is_told_before_the_teacher_works(tmp_path, bases):
    teacher = Rule()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError):
        distil(asked(tmp_path, {"cross-encoder": tmp_path / "empty"}, teacher=teacher), options())
    assert teacher.scored == 0 and not (tmp_path / "out").exists()


def test_candidates_come_from_a_corpus(tmp_path, bases):
    texts = ["a river of stone", "the table", "apple bread", "stone bread", "no word of these"]
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(texts) + "\n")
    queries = tmp_path / "queries.txt"
    queries.write_text("stone river\nbread and apple\nof these\n")
    data = [lists([Example("the table?", ("own text", "the table"), (1.0, 0.0))], tmp_path / "own.jsonl")]
    work = asked(tmp_path, bases, data=data, queries=queries, pool=Pool(corpus, 2), dev=0)
    plan = Plan.of(work, options())
    found = {one.query: one for one in plan.learn}
    assert set(found["stone river"].documents) == {"a river of stone", "stone bread"}
    assert found["the table?"].documents[:2] == ("own text", "the table") and found["the table?"].labels == ()
    assert all(len(set(one.documents)) == len(one.documents) for one in plan.learn)
    assert Plan.of(replace(work, job=replace(work.job, data=[])), options()).learn == [
        one for one in plan.learn if one.query != "the table?"
    ]


@pytest.mark.parametrize(
    ("changed", "settings", "says"),
    [
        ({}, {"loss": "lambda"}, "does not read a teacher's scores: choose kl, margin-mse or teacher-mse"),
        ({"kind": "bi-encoder"}, {"loss": "teacher-mse"}, "which cosines cannot reach"),
        ({}, {"loss": "margin-mse"}, "no query has documents of different labels"),
        ({"pool": Pool("nowhere")}, {"loss": "margin-mse"}, "which candidates of a corpus lack"),
        ({"queries": "queries.txt"}, {}, "queries alone have no documents to score"),
        ({"short": True}, {}, "has two documents for the teacher to tell apart"),
        ({"factor": -1.0}, {}, "by a number above 0, got -1.0"),
        ({"teacher": Rule(spread=0.0)}, {}, "the same score: there is nothing to learn"),
    ],
)
def test_what_cannot_be_learnt_is_refused(tmp_path, bases, changed, settings, says):
    changed = dict(changed)
    if changed.pop("short", False):
        changed["data"] = [lists([Example(f"q{at}", ("only",)) for at in range(4)], tmp_path / "short.jsonl")]
    made = options(**{name: loss(word) for name, word in settings.items()})
    with pytest.raises(InputError, match=says):
        distil(asked(tmp_path, bases, **changed), made)
    assert not (tmp_path / "out" / "config.json").exists()


def test_where_a_student_begins(bases):
    teacher = Teacher(str(bases["cross-encoder"]))
    thin = options(layers=1)
    assert student_base(teacher, None, thin, "cross-encoder") == str(bases["cross-encoder"])
    assert student_base(teacher, "e5-small", options(), "bi-encoder") == "e5-small"
    encoder = Teacher(str(bases["encoder"]))
    assert student_base(encoder, None, thin, "bi-encoder") == str(bases["encoder"])
    for wrong, given, kind, says in (
        (teacher, options(), "cross-encoder", "how many of its --layers"),
        (teacher, thin, "bi-encoder", "name an encoder with --base"),
        (Teacher("tei+http://127.0.0.1:1"), thin, "cross-encoder", "behind a URL has no weights"),
    ):
        with pytest.raises(InputError, match=says):
            student_base(wrong, None, given, kind)


@pytest.mark.slow
def test_a_student_of_cosines_can_teach_in_turn(tmp_path, bases):
    """Cosines lie close together: their spread is brought to that of logits, and the factor is told."""
    work = asked(tmp_path, bases, dev=0)
    work = replace(work, teacher=Teacher(str(bases["encoder"])))
    said = distil(work, options(1, layers=1)).outcome.distilled
    assert said["spread"] < 1 and said["factor"] == pytest.approx(1 / said["spread"], rel=1e-4)
    assert said["costs"]["teacher"]["megabytes"] > said["costs"]["student"]["megabytes"] > 3
    row = json.loads((tmp_path / "out" / "training" / "teacher.jsonl").read_text().splitlines()[0])
    pairs = [(Query(row["query"]), Document("", text)) for text in row["documents"]]
    assert load_scorer(bases["encoder"]).score(pairs).tolist() == pytest.approx(row["scores"], abs=1e-5)
