"""The page of the gain: self-contained, safe against its data, true to the figures, seen in a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import pytest

from tamis.calibrate.evidence.words import LANGUAGES
from tamis.core import Document, Query
from tamis.errors import InputError
from tamis.evaluate import SLICES, nDCG
from tamis.evaluate.gain import GAINS, INTERACTION, MEASURES, SYSTEMS
from tamis.evaluate.mistakes import KINDS
from tamis.gains import page
from tamis.gains.cases import cases
from tamis.gains.errors import HURTS, Errors
from tamis.gains.gate import Reason
from tamis.gains.page import PAGES

from ..pages import EVIL, asks_for_nothing, data_of
from .conftest import Exact, study, world


@pytest.fixture(scope="module")
def evil():
    collection = world()
    documents = {
        name: replace(one, text=f"{one.text} {EVIL}", title=EVIL) for name, one in collection.documents.items()
    }
    documents["d\u2028"] = Document("d\u2028", EVIL)
    queries = [Query(f"{q.text} {EVIL}", q.id, history=(*q.history, EVIL)) for q in collection.queries]
    return study(replace(collection, name=EVIL, documents=documents, queries=queries), scorer=Exact()).run()


def test_the_page_is_one_file_that_asks_for_nothing(talked):
    asks_for_nothing(page(talked))


def test_texts_cannot_leave_the_data(evil):
    made = page(evil, title=EVIL)
    assert made.count("</script>") == 2
    assert data_of(made)["set"] == EVIL


def test_every_control_has_a_label(talked):
    source = PAGES.asset("gain.html")
    for control in re.findall(r'<(?:select|input)[^>]*id="(\w+)"', source):
        assert re.search(rf'<label[^>]*>(?:(?!</label>).)*id="{control}"', source), control


def test_a_case_says_where_its_documents_stand(talked):
    found = cases(Errors(talked))
    assert found["all"] == len(found["cases"]) == 50
    names = [document["id"] for document in found["documents"]]
    for case, query in zip(found["cases"], talked.queries, strict=True):
        at = talked.queries.index(query)
        assert case["id"] == query.id and case["history"] == list(query.history)
        assert case["rewritten"] == talked.asked[at][0].text
        for system, rankings in talked.rankings.items():
            ranks = {names[int(number)]: rank for number, rank in case["ranks"][system].items()}
            scores = {c.doc.id: c.score for c in rankings[at]}
            order = sorted(scores, key=lambda name: (scores[name], name), reverse=True)
            assert [names[number] for number in case["orders"][system]] == order[:10]
            assert all(order[rank - 1] == name for name, rank in ranks.items())
            assert case["values"][system] == talked.gain.systems[system][nDCG @ 10][at]
        assert [names[number] for number in case["relevant"]] + ["?"] * case["nowhere"] == [query.id.removeprefix("q-")]


def test_a_large_set_shows_the_queries_that_differ_most(talked, monkeypatch):
    monkeypatch.setattr("tamis.gains.cases.SHOWN", 7)
    found = cases(Errors(talked))
    spreads = {c["id"]: max(c["values"].values()) - min(c["values"].values()) for c in cases_of(talked)}
    shown = [spreads[case["id"]] for case in found["cases"]]
    assert len(shown) == 7 and sorted(shown) == sorted(spreads.values())[-7:]


def cases_of(found):
    columns = {name: one[nDCG @ 10] for name, one in found.gain.systems.items()}
    return [
        {"id": query.id, "values": {name: column[at] for name, column in columns.items()}}
        for at, query in enumerate(found.queries)
    ]


def test_another_language_is_one_clear_error(talked):
    with pytest.raises(InputError, match="language must be one of en, zh, got 'fr'"):
        page(talked, language="fr")


def test_every_sentence_that_the_page_uses_is_in_the_table():
    web, known = files("tamis.gains").joinpath("web"), PAGES.table()
    template, script = (web.joinpath(f"gain.{kind}").read_text(encoding="utf-8") for kind in ("html", "js"))
    used = set(re.findall(r'data-(?:t|label)="([\w.]+)"', template))
    used |= set(re.findall(r'T\("(\w+\.\w+)"[,)]', script))
    used |= {f"system.{name}" for name in ("random", *SYSTEMS)}
    used |= {"gains." + name.replace(" ", "_") for name in (*GAINS, INTERACTION)}
    used |= {"list." + name.replace(" ", "_") for name in (*HURTS, "worst", "near miss", "suspect label")}
    used |= {f"slice.{one.kind}" for one in SLICES} | {
        f"slice.{one.kind}.{part}" for one in SLICES for part in one.parts
    }
    used |= {f"gate.{reason}" for reason in (*Reason.__args__, "on", "off")} | {f"mistake.{kind}" for kind in KINDS}
    used |= {f"measure.{name}" for name in ("ndcg_10", "rr_10", "hit_1", "recall_100")}
    assert len(MEASURES) == 4 and used <= set(known)
    assert "innerHTML" not in script and "eval(" not in script
    for one in known.values():
        assert set(one) == set(LANGUAGES)
        places = {language: set(re.findall(r"\{\w+%?\}", one[language])) for language in LANGUAGES}
        assert places["en"] == places["zh"], one


# ---- in a browser


@pytest.fixture
def opened(browser, tmp_path):
    def opened(made):
        path = tmp_path / "page.html"
        path.write_text(made, encoding="utf-8")
        browser.open(path)
        assert browser.complaints() == []
        assert len(browser.requests()) == 1
        assert browser.run("document.body.innerText.match(/undefined|NaN|\\{\\w+%?\\}/)") is None
        return browser

    return opened


def choose(browser, id, value):
    element = f"document.getElementById({id!r})"
    event = "input" if id == "text" else "change"
    browser.run(f"{element}.value = {value!r}; {element}.dispatchEvent(new Event({event!r}))")


def count(browser):
    return int(re.search(r"\d+", browser.text("count"))[0])


def test_the_page_shows_what_was_measured_in_both_languages(opened, evil):
    browser = opened(page(evil, language="zh", title=EVIL))
    assert browser.run("window.broken") is None and browser.run("document.title") == EVIL
    assert browser.text("h-gains") == PAGES.table()["gains.title"]["zh"]
    browser.run("document.querySelector('[data-language=en]').click()")
    assert browser.text("h-gains") == PAGES.table()["gains.title"]["en"]
    for name, one in evil.gain.systems.items():
        assert f"{one[nDCG @ 10].mean():.3f}" in browser.text("systems-table"), name
    assert browser.run("document.querySelectorAll('#picture circle').length") == 4
    both = evil.gain.test("both").paired
    assert f"{both.wins} / {both.losses} / {both.ties}" in browser.text("gains-table")
    browser.run("document.querySelectorAll('#queries details').forEach((one) => { one.open = true; })")
    browser.run("new Promise((done) => setTimeout(done, 200))")
    assert browser.run("window.broken") is None
    assert browser.run("document.querySelectorAll('#queries .sides').length") > 0


def test_filters_choose_queries(opened, talked):
    browser = opened(page(talked))
    assert count(browser) == 50
    paired = talked.gain.test("both").paired
    for fate, expected in (("win", paired.wins), ("loss", paired.losses), ("tie", paired.ties)):
        choose(browser, "fate", fate)
        assert count(browser) == expected
    choose(browser, "fate", "all")
    choose(browser, "before", "rerank")
    choose(browser, "fate", "win")
    assert count(browser) == talked.gain.test("rewrite if rerank").paired.wins
    choose(browser, "fate", "all")
    choose(browser, "text", "PIKE")
    assert count(browser) == 5
    choose(browser, "slice", "pronoun.no")
    assert count(browser) == 0


def test_relevant_documents_are_marked_on_both_sides(opened, talked):
    browser = opened(page(talked))
    browser.run("document.querySelector('#queries details').open = true")
    browser.run("new Promise((done) => setTimeout(done, 200))")
    texts = browser.run("[...document.querySelectorAll('#queries .side')].map((one) => one.innerText)")
    assert len(texts) == 2 and all("relevant" in text for text in texts)
    assert browser.run("document.querySelectorAll('#queries .side li.good').length") == 2


def test_a_keyboard_reaches_the_filters_and_opens_a_query(opened, talked):
    browser = opened(page(talked))
    browser.run("document.getElementById('before').focus()")
    reached = []
    for _ in range(8):
        browser.key("Tab")
        reached.append(browser.run("document.activeElement.id || document.activeElement.tagName"))
    assert reached[:6] == ["after", "fate", "list", "slice", "text", "changed"] and "SUMMARY" in reached
    browser.key("Enter")
    assert browser.run("document.querySelectorAll('#queries details[open]').length") == 1


def test_a_page_without_a_reranker_works(opened):
    browser = opened(page(study(world()).run(), language="zh"))
    assert browser.run("document.querySelectorAll('#picture circle').length") == 2
