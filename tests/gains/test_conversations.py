"""The script that makes conversational sets: documents are answers, histories hold earlier turns only."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tamis.core import Document, Query
from tamis.data import Collection, read_queries

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "conversations.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("conversations", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["conversations"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["conversations"]


def talk(name, *turns):
    """A conversation as rows: question, what it means, and the answer that the next row's history ends with."""
    history, rows = ["Drum sieves", "Use"], []
    for at, (question, rewrite, answer) in enumerate(turns, 1):
        rows.append({"id": f"{name}_{at}", "history": list(history), "question": question, "rewrite": rewrite})
        history += [question, answer]
    return rows


ROWS = [
    *talk(
        "C_a_0",
        ("what is a tamis?", "what is a tamis?", "a sieve with a drum of wood"),
        ("what is it for?", "what is a tamis for?", "cooks press soups and purees through"),
        ("who made the first?", "who made the first tamis?", "I don't know."),
        ("is it old?", "is a tamis old?", "yes"),
        ("since when is it known?", "since when is a tamis known?", "known since the middle ages in France"),
        ("where?", "where is a tamis used?", "never written down"),
    ),
    *talk(
        "C_b_1",
        ("and soups?", "what do cooks do with soups?", "cooks press soups and purees through"),
        ("why do they?", "why do cooks press soups?", "so that no lump is left"),
        ("is that so?", "is no lump left?", "nobody knows"),
    ),
]


def test_documents_are_answers_that_say_something_each_once(script):
    made = script.canard(ROWS, all_turns=True)
    assert made.documents == {
        "C_a_0_1": "a sieve with a drum of wood",
        "C_a_0_2": "cooks press soups and purees through",
        "C_a_0_5": "known since the middle ages in France",
        "C_b_1_2": "so that no lump is left",
    }
    assert [turn.id for turn in made.turns] == ["C_a_0_1", "C_a_0_2", "C_a_0_5", "C_b_1_1", "C_b_1_2"]
    assert {turn.id: turn.answer for turn in made.turns}["C_b_1_1"] == "C_a_0_2"


def test_nothing_of_the_answer_is_in_the_question_or_its_history(script):
    made = script.canard(ROWS, all_turns=True)
    for turn in made.turns:
        assert made.documents[turn.answer] not in (turn.text, *turn.history)
        assert turn.text not in turn.history
    assert made.turns[1].history == ("Drum sieves", "Use", "what is a tamis?", "a sieve with a drum of wood")


def test_one_turn_a_conversation_after_another_question(script):
    made = script.canard(ROWS)
    assert [turn.id.rpartition("_")[0] for turn in made.turns] == ["C_a_0", "C_b_1"]
    assert all(len(turn.history) > 2 for turn in made.turns)
    assert made.turns == script.canard(ROWS).turns
    assert set(made.documents) == set(script.canard(ROWS, all_turns=True).documents)


@pytest.mark.parametrize("answer", ["CANNOTANSWER", "I don't know.", "I don\u2019t know", "in 1959", ""])
def test_answers_that_say_nothing(script, answer):
    assert not script.says_something(answer)


def test_what_is_written_is_a_set_with_history_and_its_rewrites(script, tmp_path):
    script.canard(ROWS).write(tmp_path / "made")
    collection = Collection.open(tmp_path / "made")
    assert len(collection.judged) == 2 and all(query.history for query in collection.judged)
    rewrites = {query.id: query.text for query in read_queries(tmp_path / "made" / "rewrites.jsonl")}
    assert rewrites.keys() == collection.qrels.keys()
    assert all(document.title == "" for document in collection.documents.values())


def test_synthetic_questions_lose_the_name_and_keep_one_about_another_paragraph(script):
    documents = {f"p{at}": Document(f"p{at}", f"第{at}段的正文", "梵文" if at < 2 else "锣鼓经") for at in range(3)}
    queries = [Query("梵文的语法是谁整理的？", "a"), Query("谁最早研究梵文？", "b"), Query("锣鼓经是什么？", "c")]
    qrels = {"a": {"p0": 1}, "b": {"p1": 1}, "c": {"p2": 1}}
    (turn,) = script.synthetic_zh(Collection("x", documents, queries, qrels), 10).turns
    assert turn.id in ("a", "b") and "梵文" not in turn.text and "梵文" in turn.rewrite
    assert turn.history == ({"a": queries[1].text, "b": queries[0].text}[turn.id],)
    assert turn.answer in qrels[turn.id]
