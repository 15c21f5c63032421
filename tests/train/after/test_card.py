"""The model card: read by a hub's own library, with figures beside baselines and no path of the machine."""

from __future__ import annotations

import pytest
from huggingface_hub import ModelCard

from tamis.errors import InputError
from tamis.train.after.card import Card, card_body, card_text, shown_base, shown_command, write_card
from tamis.train.after.families import FAMILIES
from tamis.train.after.figures import MAIN
from tamis.train.after.result import Outcome

DONE = Outcome(
    base="cross-encoder/ms-marco-MiniLM-L-6-v2",
    family="cross-encoder",
    options={"loss": "lambda", "output": "/srv/hidden/x/reranker-ft", "rate": 2e-5, "lora": None},
    data="ab12",
    counts={"queries": 1200, "pairs": 24000},
    steps=1000,
    best_step=800,
    stopped="no better nDCG@10 | for `3` evaluations",
    command=shown_command(["tamis", "train", "--data", "/srv/hidden/x/my data.jsonl"]),
    versions={"tamis": "0.1.0"},
)


def test_a_hub_reads_the_head(figures, tmp_path):
    card = Card('mine: "quoted" #1', DONE, figures, ("zh", "en"), "apache-2.0")
    write_card(tmp_path, card)
    read = ModelCard.load(tmp_path / "README.md")
    assert read.data.base_model == "cross-encoder/ms-marco-MiniLM-L-6-v2"
    assert read.data.language == ["zh", "en"] and read.data.license == "apache-2.0"
    assert read.data.pipeline_tag == "text-ranking" and "reranker" in read.data.tags
    assert read.data.model_name == 'mine: "quoted" #1'
    results = {one.metric_type: one.metric_value for one in read.data.eval_results}
    assert results["ndcg_at_10"] == round(figures["after"].intervals[MAIN].mean, 4) and len(results) == 3


def test_figures_stand_beside_baselines(figures):
    text = card_text(Card("mine", DONE, figures))
    for row in figures.rows():
        assert " | ".join(row[1:]) in text
    assert "| random order |" in text and "| BM25 |" in text and "| before training |" in text
    assert "digest ab12" in text and "| pairs | 24,000 |" in text and "tamis train --data 'my data.jsonl'" in text
    assert "no better nDCG@10 \\| for \\`3\\` evaluations" in text
    without = card_text(Card("mine", DONE))
    assert "how good it is has not been measured" in without and "model-index" not in without


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_says_how_it_is_loaded(family):
    text = card_text(Card("mine", Outcome("org/base", family)))
    assert "import tamis" in text and "FOLDER" not in text
    for block in text.split("```python\n")[1:]:
        compile(block.split("```")[0], "card", "exec")
    assert ("from sentence_transformers" in text) is (family not in ("causal", "late-interaction"))


@pytest.mark.parametrize(
    ("base", "shown", "is_hub"),
    [
        ("BAAI/bge-reranker-v2-m3", "BAAI/bge-reranker-v2-m3", True),
        ("/srv/hidden/x/weights/bert", "bert", False),
        ("../weights/bert/", "bert", False),
        ("C:\\hidden\\x\\bert", "bert", False),
        ("~/bert", "bert", False),
        ("tamis-mini", "tamis-mini", False),
    ],
)
def test_a_base_is_a_hub_id_or_the_folders_name(base, shown, is_hub):
    assert shown_base(base) == shown
    text = card_text(Card("mine", Outcome(base, "cross-encoder")))
    assert f"trained from {shown}." in text and ("base_model:" in text) is is_hub
    assert "hidden" not in text


def test_a_relative_folder_that_is_there_is_no_hub_id(tmp_path, monkeypatch):
    (tmp_path / "models" / "bert").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert shown_base("models/bert") == "bert"


def test_no_path_of_the_machine(figures):
    text = card_text(Card("mine", DONE, figures))
    assert "/srv" not in text and "hidden" not in text and '"output": "reranker-ft"' in text


def test_commands_keep_what_is_not_of_the_machine():
    given = ["tamis", "train", "--data", "data/train.jsonl", "--base", "a/b", "--output", "./out", "--teacher=/x/y z"]
    assert shown_command(given) == "tamis train --data data/train.jsonl --base a/b --output out '--teacher=y z'"


def test_what_cannot_be_written_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match=f"family must be one of {', '.join(FAMILIES)}, got 'gpt'"):
        card_text(Card("mine", Outcome("a/b", "gpt")))
    with pytest.raises(InputError, match="does not exist"):
        write_card(tmp_path / "nowhere", Card("mine", DONE))


def test_a_card_is_read_without_its_head(tmp_path):
    assert card_body(tmp_path) == ""
    write_card(tmp_path, Card("mine", Outcome("org/base", "cross-encoder", data="abc")))
    body = card_body(tmp_path)
    assert body.startswith("# mine\n") and "library_name" not in body and "## Limits" in body
    (tmp_path / "README.md").write_text("# By hand\n\n---\n\nwithout a head\n")
    assert card_body(tmp_path) == "# By hand\n\n---\n\nwithout a head\n"
