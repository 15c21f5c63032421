"""``tamis label``: from pairs to a promise with simulated annotators, every verb, keys, and one line for a mistake."""

import csv
import itertools
import json
import random
import sys

import pytest

from tamis.cli import labelling

PLACES = ("Lyon", "Turin", "Leeds", "Porto", "Ghent", "Basel", "Cork", "Lviv", "Bonn", "Graz")
TOOLS = ("sieve", "ladle", "whisk", "kettle", "mortar", "funnel", "ladder", "drill", "tent", "canoe", "saw", "kayak")


def hired(tool, place, draw):
    """Documents for a question, each with whether it answers it."""
    elsewhere = f"{draw.choice(PLACES)} hires out a {draw.choice(TOOLS)} for a week."
    yield f"In {place} a {tool} is hired out for three days.", 1
    yield f"{place} hires out every {tool} for a week.", 1
    yield elsewhere, int(place in elsewhere and tool in elsewhere)
    yield "Rain fell on the harbour all day.", 0


@pytest.fixture
def shop(tmp_path):
    """A file of 360 pairs without scores, and what is true of each query and document."""
    draw, truth, rows = random.Random(4), {}, []
    for tool, place in itertools.product(TOOLS, PLACES):
        query = f"For how long can I hire a {tool} in {place}?"
        for document, label in draw.sample(list(hired(tool, place, draw)), 3):
            truth[query, document] = label
            rows.append({"query": query, "document": document})
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path, truth


@pytest.fixture
def scored(tmp_path):
    """A file of 100 scored pairs, of which the better half is relevant."""
    path = tmp_path / "scored.csv"
    lines = (f"p{at},question {at},[b]answer {at}[/b],{at / 10}" for at in range(100))
    path.write_text("\n".join(["id,query,document,score", *lines]) + "\n")
    return path


@pytest.fixture
def project(run, scored, tmp_path):
    folder = tmp_path / "project"
    ran = run("label", "new", folder, "--pairs", scored, "--precision", ".9", "--budget", 20, "--title", "[shop]")
    assert ran.code == 0, ran.err
    assert "20 pairs to label, of 20" in ran.err and "the 20 pairs that are planned cannot show it" in ran.err
    return folder


def asked(run, folder, who):
    ran = run("label", "next", folder, "--annotator", who, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_two_annotators_who_are_right_nine_times_in_ten(run, shop, tmp_path):
    """What they label is promised or refused by ``tamis tune`` as it should be; they agree as often as simulated."""
    from tamis.decide import PrecisionAtLeast
    from tamis.labelling import Guide, Project
    from tamis.score import load_scorer

    (pairs, truth), draw, told = shop, random.Random(7), []
    scorer, guide, target = load_scorer("tamis-mini"), Guide(overlap=0.6), PrecisionAtLeast(0.6)
    project = Project.create(
        tmp_path / "p",
        pairs,
        target=target,
        budget=150,
        scorer=scorer,
        guide=guide,
        progress=lambda *at: told.append(at),
    )
    assert told[-1] == (360, 360) and project.charter.fingerprint == scorer.fingerprint
    assert len(project.rounds[0].items) == 72  # the best fifth of the pool
    people = itertools.cycle(("ann", "bob", "eve"))
    idle = 0
    while idle < 3:
        who = next(people)
        if (item := project.next(who)) is None:
            idle += 1
            continue
        idle, right = 0, truth[item.query, item.document]
        project.label(item.id, who, right if draw.random() < 0.9 else 1 - right, seconds=3.0)
    standing = project.progress()
    assert standing.outlook.finished and standing.open == 0 and standing.disputed == 0
    agreed = project.agreement().coefficients["percent_agreement"]
    assert agreed.low < 0.9**2 + 0.1**2 < agreed.high
    labelled, said = tmp_path / "labelled.csv", tmp_path / "said.jsonl"
    assert run("label", "export", tmp_path / "p", "-o", labelled).code == 0
    ran = run("tune", labelled, "--model", "tamis-mini", "--precision", ".6", "-o", tmp_path / "policy.json", "--json")
    assert ran.code == 0, ran.err
    tuned = json.loads(ran.out)
    assert tuned["certified"] is standing.outlook.shown is True
    refused = json.loads(run("tune", labelled, "--model", "tamis-mini", "--precision", ".98", "--json").out)
    assert not refused["certified"] and refused["labels_needed"] > 100
    assert run("calibrate", labelled, "--model", "tamis-mini", "-o", tmp_path / "c.json").code == 0
    assert run("label", "export", tmp_path / "p", "-o", said, "--annotations").code == 0
    found = json.loads(run("agree", said, "--json").out)
    assert (found["annotators"], found["ratings"]) == (3, standing.labels)


def test_verbs_one_after_another(run, project, tmp_path):
    one = asked(run, project, "ann")
    assert one["grades"] == ["irrelevant", "relevant"] and "score" not in one
    assert asked(run, project, "ann") == one
    ran = run("label", "next", project, "--annotator", "ann")
    assert ran.code == 0 and "[b]answer" in ran.out and f"tamis label set {project} {one['item']}" in ran.err
    ran = run("label", "set", project, one["item"], "relevant", "--annotator", "ann", "--seconds", 2.5, "--json")
    assert json.loads(ran.out)["label"] == "relevant"
    two = asked(run, project, "ann")
    assert run("label", "skip", project, two["item"], "-a", "ann").code == 0
    assert f"taken back: {two['item']}" in run("label", "undo", project, "-a", "ann").err
    assert json.loads(run("label", "undo", project, "-a", "ann", "--json").out)["item"] == one["item"]
    assert "nothing that could be taken back" in run("label", "undo", project, "-a", "ann").err
    assert run("label", "set", project, one["item"], "1", "-a", "ann").code == 0
    found = json.loads(run("label", "status", project, "--json").out)
    assert (found["labelled"], found["planned"], found["agreement"]) == (1, 20, None)
    assert "1 of 20 pairs labelled" in found["sentence"]
    assert json.loads(run("label", "replan", project, "--budget", 5, "--json").out)["items"]
    assert "7 pairs to label" in run("label", "more", project, 2).err


def test_status_shows_people_agreement_and_what_is_missing(run, project):
    for who in ("ann", "[bob]"):
        while (pair := asked(run, project, who))["item"]:
            assert run("label", "set", project, pair["item"], int(pair["item"][1:]) % 2, "-a", who).code == 0
    assert "nothing is left for ann" in run("label", "next", project, "-a", "ann").err
    ran = run("label", "status", project)
    assert ran.code == 0 and "[shop]" in ran.out and "[bob]" in ran.out and "Gwet's AC1" in ran.out
    assert "20 of 20 pairs labelled" in ran.err
    assert json.loads(run("label", "status", project, "--json").out)["agreement"]["percent_agreement"] == 1.0


def test_export_says_what_to_do_next(run, project, tmp_path):
    pair = asked(run, project, "ann")
    run("label", "set", project, pair["item"], "relevant", "-a", "ann")
    ran = run("label", "export", project, "-o", tmp_path / "x.csv")
    assert "19 pairs of the round have no label yet" in ran.err and "then: tamis tune" in ran.err
    (row,) = csv.DictReader((tmp_path / "x.csv").read_text().splitlines())
    assert (row["item"], row["label"], row["weight"], row["annotators"]) == (pair["item"], "1", "20.0", "ann")
    ran = run("label", "export", project, "-o", tmp_path / "y.jsonl", "--every-round", "--dawid-skene", "--json")
    assert json.loads(ran.out)["pairs"] == 1
    ran = run("label", "export", project, "-o", tmp_path / "z.jsonl", "--every-round")
    assert "then: tamis calibrate" in ran.err
    assert (
        json.loads(run("label", "export", project, "-o", tmp_path / "a.csv", "--annotations", "--json").out)["labels"]
        == 1
    )


def test_keys_label_in_a_terminal(run, project, monkeypatch):
    pressed = iter(["x", "1", "0", "s", "u", "u", "1", "1", "q"])
    monkeypatch.setattr(labelling.typer, "getchar", lambda: next(pressed))
    ran = run("label", project, "--annotator", "ann")
    assert ran.code == 1 and "keys are read from a terminal" in ran.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    ran = run("label", project, "--annotator", "ann")
    assert ran.code == 0, ran.err
    assert (
        "0 irrelevant  1 relevant  s skip  u undo  q quit" in ran.err and "3 labels; 3 of 20 pairs labelled" in ran.err
    )


def test_a_pair_is_shown_with_its_lines_and_cannot_steer_a_terminal(run, tmp_path):
    row = {"query": "q\n[red]two", "document": "one\ntwo\x1b[2J", "title": "T", "score": 1}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row))
    assert run("label", "new", tmp_path / "p", "--pairs", tmp_path / "pairs.jsonl", "--precision", ".9").code == 0
    shown = run("label", "next", tmp_path / "p", "-a", "ann").out
    assert shown.splitlines()[:4] == ["q", "[red]two", "T", "one"] and "\x1b" not in shown


def test_grades_of_three_and_guidelines(run, scored, tmp_path):
    (tmp_path / "how.txt").write_text("Judge the [answer].")
    new = ("label", "new", tmp_path / "g", "--pairs", scored, "--precision", ".9", "--grades", "no,partly,yes")
    ran = run(*new)
    assert ran.code == 1 and "--relevant-if 1" in ran.err
    ran = run(*new, "--relevant-if", 2, "--guidelines", tmp_path / "how.txt", "--overlap", 1, "--json")
    assert ran.code == 0 and json.loads(ran.out)["promise"].startswith("at least 90 %")
    pair = asked(run, tmp_path / "g", "ann")
    assert run("label", "set", tmp_path / "g", pair["item"], "partly", "-a", "ann").code == 0
    ran = run("label", "export", tmp_path / "g", "-o", tmp_path / "x.jsonl")
    assert "--relevant-if 2 --precision 0.9" in ran.err
    assert json.loads((tmp_path / "x.jsonl").read_text())["label"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("next", "nowhere", "-a", "ann"), 1, "holds no labelling project"),
        (("next", "nowhere"), 2, "--annotator"),
        (("stauts", "-a", "ann"), 1, "holds no labelling project"),
        (("set", "{project}", "p99", "maybe", "-a", "ann"), 1, "expected one of the grades"),
        (("set", "{project}", "p0", "1", "-a", "ann"), 1, "was not drawn"),
        (("set", "{project}", "p99", "1", "-a", " "), 1, "1 to 100 characters"),
        (("export", "{project}", "-o", "x.jsonl"), 1, "nothing is labelled yet"),
        (("export", "{project}", "-o", "x.txt"), 1, "ends in .jsonl or .csv"),
        (("export", "{project}", "-o", "x.csv", "--annotations", "--every-round"), 2, "leave the other options out"),
        (("replan", "{project}"), 1, "nothing is labelled yet"),
        (("new", "{project}", "--pairs", "{scored}", "--precision", ".9"), 1, "not empty"),
        (("new", "x", "--pairs", "{scored}", "--precision", "90"), 1, "90 % is written 0.9"),
        (("new", "x", "--pairs", "{scored}"), 2, "--precision"),
    ],
)
def test_a_mistake_is_one_line(run, project, scored, monkeypatch, arguments, code, says):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    ran = run("label", *(word.format(project=project, scored=scored) for word in arguments))
    assert ran.code == code and says in " ".join(ran.err.replace("│", " ").split()), ran.err


def test_help_has_an_example_of_every_verb(run):
    ran = run("label", "--help")
    verbs = ("new", "next", "set", "skip", "undo", "status", "replan", "more", "export", "work")
    assert ran.code == 0 and all(verb in ran.out for verb in verbs)
    for verb in verbs:
        assert "Example: tamis label" in run("label", verb, "--help").out
