"""The page of errors: self-contained, safe against what stands in the data, true to the figures, seen in a browser."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tamis.calibrate.evidence.words import LANGUAGES
from tamis.data import Example
from tamis.errors import InputError
from tamis.evaluate.mistakes import KINDS as MISTAKES
from tamis.train.after.cases import cases
from tamis.train.after.errors_page import errors_page
from tamis.train.after.figures import MAIN, measure
from tamis.train.after.slices import KINDS as SLICES
from tamis.train.after.words import PAGES

from ...pages import EVIL, asks_for_nothing, data_of
from .worlds import Constant, Noisy, examples


@pytest.fixture(scope="module")
def evil():
    odd = [Example(f"{EVIL} carp {at}", (f"{EVIL} eel", f"carp {EVIL}"), (1.0, 0.0), EVIL) for at in range(3)]
    return measure([*odd, *examples(20)], {"before": Noisy("start", 1.0), "after": Noisy("trained", 0.6, 1)})


def test_page_is_one_file_that_asks_for_nothing(figures):
    asks_for_nothing(errors_page(figures))


def test_texts_cannot_leave_the_data(evil):
    made = errors_page(evil, title=EVIL)
    assert made.count("</script>") == 2
    found = data_of(made)
    assert found["title"] == EVIL
    line = " ".join(EVIL.split())
    assert any(case["query"].startswith(line) and case["instruction"] == line for case in found["cases"])


def test_queries_shown_are_the_worst_and_those_that_changed_most(figures):
    chosen = cases(figures)
    before, after = figures["before"].evaluation[MAIN], figures["after"].evaluation[MAIN]
    assert list(after[list(chosen.worst)]) == sorted(after[after < 1])[:30]
    gain = after - before
    assert list(gain[list(chosen.wins)]) == sorted(gain[gain > 0], reverse=True)[:15]
    assert list(gain[list(chosen.losses)]) == sorted(gain[gain < 0])[:15]
    found = chosen.as_json()
    for point, b, a in zip(found["points"], before, after, strict=True):
        assert point[:2] == [round(b, 4), round(a, 4)]
        if point[2] >= 0:
            assert found["cases"][point[2]]["after"] == a


def test_a_case_shows_top_documents_and_relevant_ones_below(figures):
    for case in cases(figures).as_json()["cases"]:
        at = int(case["number"]) - 1
        one = figures.dev.queries[at]
        now, was = figures.ranked("after"), figures.ranked("before")
        place = {document.text: i for i, document in enumerate(one.documents)}
        assert [d["rank"] for d in case["documents"]][:5] == [1, 2, 3, 4, 5]
        below = [d for d in case["documents"] if d["rank"] > 5]
        assert (
            all(d["relevant"] for d in below)
            and len(below) + case["more"] + sum(d["relevant"] for d in case["documents"][:5]) == case["relevant"]
        )
        for d in case["documents"]:
            i = place[d["text"]]
            assert (d["rank"], d["was"]) == (now.ranks(at)[i], was.ranks(at)[i])
            assert (d["score"], d["score_before"]) == (now.scores[at][i], was.scores[at][i])
            assert d["label"] == one.labels[i]
        assert case["first"] == min(now.ranks(at)[figures.dev.relevant(at)])
        assert case["first_before"] == min(was.ranks(at)[figures.dev.relevant(at)])


def test_without_a_start_bm25_is_what_the_model_is_held_against():
    found = data_of(errors_page(measure(examples(6), {"after": Noisy("n", 0.5)})))
    assert found["against"] == "bm25"
    with pytest.raises(InputError, match="'random' gives no scores"):
        errors_page(measure(examples(6), {"after": Noisy("n", 0.5)}), against="random")


def test_another_language_is_one_clear_error(figures):
    with pytest.raises(InputError, match="language must be one of en, zh, got 'fr'"):
        errors_page(figures, language="fr")


def test_every_sentence_that_the_pages_use_is_in_the_table():
    web = files("tamis.train.after").joinpath("web")
    known = PAGES.table()
    for name in ("errors", "curves"):
        template, script = (web.joinpath(f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "js"))
        used = set(re.findall(r'data-(?:t|label)="([\w.]+)"', template))
        used |= set(re.findall(r'T\("(\w+\.\w+)"[,)]', script))
        assert used and used <= set(known)
        assert "innerHTML" not in script and "eval(" not in script
    for one in known.values():
        assert set(one) == set(LANGUAGES)
        places = {language: set(re.findall(r"\{\w+%?\}", one[language])) for language in LANGUAGES}
        assert places["en"] == places["zh"], one


def test_every_slice_and_mistake_has_its_words():
    parts = {f"slice.{kind}.{part}" for kind, (_, named) in SLICES.items() for part in named}
    named = {f"slice.{kind}" for kind in SLICES} | parts
    named |= {f"mistake.{kind}{end}" for kind in MISTAKES for end in ("", "_words")}
    assert named <= set(PAGES.table())


# ---- in a browser


@pytest.fixture
def opened(browser, tmp_path):
    def opened(page):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        browser.open(path)
        assert browser.complaints() == []
        assert len(browser.requests()) == 1
        assert browser.run("document.body.innerText.match(/undefined|NaN|\\{\\w+%?\\}/)") is None
        return browser

    return opened


def test_the_page_shows_what_was_measured_in_both_languages(opened, evil):
    page = opened(errors_page(evil, language="zh", title=EVIL))
    assert page.run("window.broken") is None and page.run("document.title") == EVIL
    assert page.text("h-worst") == PAGES.table()["worst.title"]["zh"]
    page.run("document.querySelector('[data-language=en]').click()")
    assert page.text("h-worst") == PAGES.table()["worst.title"]["en"]
    assert page.run("document.querySelectorAll('#scatter circle').length") == 23
    wins = evil["before"].against.wins
    assert f"{wins} / {evil['before'].against.losses}" in page.text("figures-table")
    assert page.run("document.querySelectorAll('#bars rect.win').length") == wins
    assert f"{evil['after'].intervals[MAIN].mean:.3f}" in page.text("tiles")
    assert " ".join(EVIL.split()).split("\u2028")[0][:30] in page.run("document.getElementById('worst').textContent")
    page.run("document.querySelector('circle.known').dispatchEvent(new Event('click'))")
    assert page.run("document.querySelectorAll('.case[open]').length") >= 1
    page.send("Emulation.setDeviceMetricsOverride", width=380, height=800, deviceScaleFactor=1, mobile=False)
    assert page.run("document.documentElement.scrollWidth") <= 380
    page.send("Emulation.clearDeviceMetricsOverride")


def test_the_address_says_the_language(opened, figures):
    page = opened(errors_page(figures))
    page.run("location.hash = '#zh'")
    page.run("location.reload()")
    page.until("document.documentElement?.lang === 'zh-CN'")
    assert page.text("h-worst") == PAGES.table()["worst.title"]["zh"]


def test_odd_figures_still_make_a_page(opened):
    perfect = [Example("carp", ("carp", "eel"), (1.0, 0.0))]
    nothing = [Example("carp", ("eel", "pike"), (0.2, 0.1))]  # differs, but nothing is relevant
    for data, scorer in ((perfect, Noisy("n", 0.0)), (nothing, Constant())):
        page = opened(errors_page(measure(data, {"before": scorer, "after": scorer})))
        assert PAGES.table()["errors.same"]["en"][:13] in page.text("verdict")
        assert PAGES.table()["slices.nothing"]["en"] in page.text("slices-table")
