"""``tamis agree``: JSON, tables, adjudicated training pairs, the queue, and one line for every mistake."""

import json
import random

import pytest

from tamis.data import read_examples


@pytest.fixture
def labels(tmp_path):
    """Three annotators of 60 pairs with grades 0 to 2; the third one guesses often."""
    chance = random.Random(0)
    rows = []
    for at in range(60):
        grade = chance.choice([0, 0, 1, 2])
        for who, knows in (("ann", 0.95), ("bob", 0.85), ("[eve]", 0.4)):
            said = grade if chance.random() < knows else chance.choice([0, 1, 2])
            rows.append({"item": at, "query": f"q{at // 6}", "document": f"d{at}", "annotator": who, "label": said})
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def wide(tmp_path, text):
    path = tmp_path / "table.tsv"
    path.write_text(text)
    return path


def test_json(run, labels):
    ran = run("agree", labels, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["items"], found["annotators"], found["ratings"]) == (60, 3, 180)
    for name in ("percent_agreement", "cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"):
        low, high = found["interval"][name]
        assert low < found[name] < high
    assert found["level"] == "nominal" and "gwet_ac2" not in found
    ordinal = json.loads(run("agree", labels, "--json", "--ordinal").out)
    assert ordinal["level"] == "ordinal" and 0 < ordinal["gwet_ac2"] < 1
    assert json.loads(run("agree", labels, "--json", "--nominal").out) == found


def test_tables_for_people(run, labels):
    ran = run("agree", labels, "--ordinal")
    assert ran.code == 0, ran.err
    text = " ".join(ran.out.split())
    for said in ("60 items, 3 annotators, 180 labels (ordinal)", "Krippendorff's alpha", "Gwet's AC2", "accuracy"):
        assert said in text
    assert text.index("[eve]") < text.index("bob") < text.index("ann ")  # the worst stands first
    assert "Krippendorff's alpha is" in ran.err


@pytest.mark.parametrize("majority", [(), ("--majority",)])
def test_adjudicated_labels_train_and_open_items_are_listed(run, labels, tmp_path, majority):
    pairs, queue = tmp_path / "pairs.jsonl", tmp_path / "queue.jsonl"
    ran = run("agree", labels, "-o", pairs, "--queue", queue, *majority)
    assert ran.code == 0, ran.err
    assert "60 adjudicated labels" in ran.err and "items to look at again" in ran.err
    examples = list(read_examples(pairs))
    assert len(examples) == 60 and {label for example in examples for label in example.labels} <= {0, 1, 2}
    weights = {(example.weights or (1.0,))[0] for example in examples}
    assert ({round(weight, 3) for weight in weights} <= {0.333, 0.667, 1}) == bool(majority)
    rows = [json.loads(line) for line in queue.read_text().splitlines()]
    assert rows and [row["entropy"] for row in rows] == sorted((row["entropy"] for row in rows), reverse=True)
    assert set(rows[0]["votes"]) == {"ann", "bob", "[eve]"}


def test_known_labels(run, labels, tmp_path):
    gold = tmp_path / "gold.csv"
    gold.write_text("item,label\n" + "".join(f"{at},0\n" for at in range(10)))
    ran = run("agree", labels, "--gold", gold, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["gold"]["items"] == 10 and 0 < found["gold"]["dawid_skene"]["accuracy"] < 1
    assert found["quality"][0]["gold_items"] == 10
    text = " ".join(run("agree", labels, "--gold", gold).out.split())
    assert "known labels hit by Dawid and Skene" in text and "known labels hit by majority" in text


def test_a_table_with_a_column_an_annotator_and_words(run, tmp_path):
    path = wide(tmp_path, "1\tyes\tpartly\n2\tno\tno\n3\tyes\t?\n4\tpartly\tpartly\n")
    layout = ("--header", "item,ann,bob", "--annotators", "ann,bob")
    ran = run("agree", path, *layout, "--missing", "?", "--grades", "no=0,partly=1,yes=2", "--ordinal", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["items"], found["ratings"]) == (4, 7)
    assert [row["label"] for row in found["labels"]] == ["0", "1", "2"]


def test_words_with_texts_are_told_from_training_labels(run, tmp_path):
    path = wide(tmp_path, "query\tdocument\tann\tbob\nq\td\tyes\tyes\nq\te\tno\tyes\n")
    ran = run("agree", path, "--annotators", "ann,bob", "-o", tmp_path / "out.jsonl")
    assert ran.code == 0, ran.err
    assert "training reads labels that are numbers" in ran.err


def test_one_label_only_is_not_defined_and_said_so(run, tmp_path):
    path = wide(tmp_path, "item\tann\tbob\n1\tyes\tyes\n2\tyes\tyes\n")
    found = json.loads(run("agree", path, "--annotators", "ann,bob", "--json").out)
    assert found["fleiss_kappa"] is None and found["percent_agreement"] == 1
    assert "only one label is used" in found["undefined"]["fleiss_kappa"]
    text = " ".join(run("agree", path, "--annotators", "ann,bob").out.split())
    assert "not defined: only one label is used" in text


@pytest.mark.parametrize(
    ("content", "arguments", "code", "message"),
    [
        (None, (), 1, "no such file"),
        ("item,label\n1,x\n", (), 1, "line 2, field 'annotator': missing"),
        ("item,annotator,label\n1,a,x\n1,a,y\n", (), 1, "line 3: annotator 'a' labels item '1' a second time"),
        ("item,annotator,label\n1,a,x\n1,b,y\n", ("--ordinal",), 1, "labels 'x', 'y' have no order"),
        ("item,annotator,label\n1,a,x\n", ("--grades", "x"), 2, "--grades takes LABEL=NUMBER"),
        ("item,annotator,label\n1,a,x\n", ("--grades", "y=1"), 1, "label 'x' has no grade"),
        ("item,annotator,label\n1,a,x\n", ("--missing", "x,,y"), 2, "--missing takes different names"),
        ("item,a\n1,x\n", ("--annotators", "b"), 1, "field 'b': missing; found: item, a"),
        ("1,x\n", ("--annotators", "b", "--header", "item,a"), 2, "'b', which --header does not have"),
        ("item,annotator,label\n1,a,x\n", ("--gold", "nowhere.csv"), 1, "nowhere.csv: no such file"),
        ("item,annotator,label\n1,a,x\n", ("-o", "nowhere/out.jsonl"), 1, "the folder"),
        (b"item,annotator,label\n1,a,\xff\xfe\n", (), 1, "neither UTF-8 nor GB18030"),
    ],
)
def test_a_mistake_is_one_clear_line(run, tmp_path, monkeypatch, content, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "labels.csv"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    ran = run("agree", path, *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == ([] if content is None else [path])
