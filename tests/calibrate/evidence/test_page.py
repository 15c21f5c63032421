"""The page: self-contained, safe against what stands in the data, and in a real browser what a reader can do there."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tamis.calibrate.evidence.page import as_script_data, page
from tamis.calibrate.evidence.report import score_report
from tamis.calibrate.evidence.words import LANGUAGES, table
from tamis.calibrate.labelled import Labelled
from tamis.errors import InputError

from ...pages import EVIL, Elements, asks_for_nothing
from ..worlds import clustered


@pytest.fixture(scope="module")
def report():
    world = clustered(150, 1)
    names = [f"q{at}" for at in range(149)] + [EVIL]
    scores = np.where(world.groups == 149, world.scores.min() - 1 - 1e-6 * np.arange(1500), world.scores)
    return score_report(Labelled.of(scores, world.labels, world.groups), stage="tamis-mini", query_ids=names)


def test_page_is_one_file_that_asks_for_nothing(report):
    made = page(report)
    assert "connect-src 'none'" in asks_for_nothing(made)
    assert "Copyright (c) 2022 Leon Sorokin" in made and "without restriction" in made
    assert len(made) < 300_000


def test_data_come_back_and_cannot_leave_their_element(report):
    made = page(report, title=EVIL, policy={"issued": False, "reason": EVIL})
    elements = Elements(made)
    assert made.count("</script>") == 3
    assert [tag for tag, _ in elements.tags].count("script") == 3
    data = json.loads(elements.data)
    assert data["report"] == json.loads(json.dumps(report.as_json()))
    assert data["title"] == data["policy"]["reason"] == EVIL
    assert EVIL in {remark["query"] for remark in data["report"]["reading"]["remarks"]}


def test_data_are_small_however_many_pairs_there_are():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=50_000), rng.random(50_000) < 0.3
    made = page(score_report(Labelled.of(scores + labels, labels)))
    assert len(Elements(made).data) < 100_000


def test_script_data_keep_every_text():
    for text in (EVIL, "<!--", "]]>", "\u2029", '"\\'):
        written = as_script_data({"t": text})
        assert json.loads(written)["t"] == text
        assert not set("<>&\u2028\u2029") & set(written)
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_script_data(float("nan"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_fixed_sentences_stand_in_the_language_asked_for(report, language):
    made = page(report, language=language)
    assert f'<h2 id="h-cost" data-t="cost.title">{table()["cost.title"][language]}</h2>' in made
    assert '<html lang="zh-CN">' in made if language == "zh" else '<html lang="en">' in made
    assert "{{" not in made.split("<body>")[1].split("<script")[0]


def test_another_language_is_one_clear_error(report):
    with pytest.raises(InputError, match="language must be one of en, zh, got 'fr'"):
        page(report, language="fr")


def test_every_sentence_that_the_page_uses_is_in_the_table():
    from importlib.resources import files

    web = files("tamis.calibrate.evidence").joinpath("web")
    template, script = (web.joinpath(name).read_text(encoding="utf-8") for name in ("report.html", "report.js"))
    used = set(re.findall(r'data-(?:t|label)="([\w.]+)"', template)) | set(re.findall(r'T\("(\w+\.\w+)"[,)]', script))
    assert used and used <= set(table())
    assert "innerHTML" not in script and "eval(" not in script


# ---- in a browser


@pytest.fixture
def opened(browser, report, tmp_path):
    def opened(**options):
        path = tmp_path / "report.html"
        path.write_text(page(options.pop("report", report), **options), encoding="utf-8")
        browser.open(path)
        return browser

    return opened


def figures(browser):
    """What the live sentence says, as numbers."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", browser.text("live"))]


def exact(report, threshold):
    world = report.operating
    at = min(range(len(world.thresholds)), key=lambda i: abs(world.thresholds[i] - threshold))
    return world, at


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_draws_and_breaks_nothing(opened, browser, language, scheme):
    browser.scheme(scheme)
    opened(language=language, title=EVIL)
    assert browser.complaints() == []
    assert len(browser.requests()) == 1
    assert browser.run("window.broken") is None
    assert browser.run("document.querySelectorAll('.plot canvas').length") == 5
    assert browser.run("document.title") == EVIL
    assert browser.run("document.body.innerText.match(/undefined|NaN|\\{\\w+%?\\}/)") is None
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is (scheme == "light")


def test_slider_and_keys_move_the_line_and_the_figures_are_exact(opened, browser, report):
    opened()
    browser.run("document.getElementById('threshold').focus()")
    before = browser.run("+document.getElementById('threshold').value")
    for _ in range(5):
        browser.key("ArrowRight")
    at = browser.run("+document.getElementById('threshold').value")
    assert at == before + 5
    threshold, accepted, precision, *_ = figures(browser)
    world, place = exact(report, threshold)
    assert precision == round(100 * world.precision[place][1])
    recall = figures(browser)[6]
    assert accepted == 100 and recall == round(100 * world.recall[place][1])
    assert browser.run("document.getElementById('threshold').getAttribute('aria-valuetext')") == f"{threshold:g}"
    tiles = browser.text("outcome")
    assert str(int(world.accepted[place])) in tiles and str(world.misled[place]) in tiles


def test_dragging_in_the_plot_moves_the_line(opened, browser):
    opened()
    browser.run("document.getElementById('plot-histogram').scrollIntoView({block: 'center'})")
    box = browser.run(
        "(() => { const b = document.querySelector('#plot-histogram .u-over').getBoundingClientRect();"
        " return [b.left, b.top, b.width, b.height]; })()"
    )
    left, top, width, height = box
    browser.mouse("mousePressed", left + width / 4, top + height / 2)
    low = figures(browser)[0]
    browser.mouse("mouseMoved", left + 3 * width / 4, top + height / 2)
    high = figures(browser)[0]
    browser.mouse("mouseReleased", left + 3 * width / 4, top + height / 2)
    edges = json.loads(browser.run("document.getElementById('data').textContent"))["report"]["histogram"]["edges"]
    span = edges[-1] - edges[0]
    assert low == pytest.approx(edges[0] + span / 4, abs=span / 20)
    assert high == pytest.approx(edges[0] + 3 * span / 4, abs=span / 20)


def test_costs_are_recounted_and_the_line_goes_where_it_is_cheapest(opened, browser, report):
    opened()
    world = report.operating

    def costs(wrong, missed, share):
        right = np.array(world.relevant) / world.all_relevant
        false = (np.array(world.accepted) - np.array(world.relevant)) / (world.pairs - world.all_relevant)
        return 1000 * (wrong * (1 - share) * false + missed * share * (1 - right))

    def put(**values):
        for name, value in values.items():
            name = name.replace("_", "-")
            element = f"document.getElementById('{name}')"
            browser.run(f"{element}.value = {value}; {element}.dispatchEvent(new Event('input'))")
        return browser.text("cost-live")

    text = put(cost_wrong=2, cost_missed=1, prevalence=40)
    expected = costs(2, 1, 0.4)
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]
    assert numbers[0] == pytest.approx(world.thresholds[int(expected.argmin())], abs=1e-3)
    assert numbers[1] == pytest.approx(expected.min(), rel=0.01)
    assert numbers[3:6] == [1200, 400, pytest.approx(66.7)]
    browser.run("document.getElementById('cost-move').click()")
    assert figures(browser)[0] == numbers[0]
    assert "accept everything" in put(cost_wrong=0, cost_missed=1)
    assert "accept nothing" in put(cost_wrong=5, cost_missed=0)
    assert browser.run("document.getElementById('cost-move').hidden") is True


def test_the_highest_f_measure_is_found_for_any_weight(opened, browser, report):
    opened()
    world = report.operating
    accepted, right = np.array(world.accepted), np.array(world.relevant)
    for beta in (0.5, 1, 2):
        element = "document.getElementById('beta')"
        browser.run(f"{element}.value = {beta}; {element}.dispatchEvent(new Event('input'))")
        expected = (1 + beta**2) * right / (beta**2 * world.all_relevant + accepted)
        said = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", browser.text("f-live"))]
        assert said[0] == beta
        assert said[1] == pytest.approx(100 * expected.max(), abs=0.06)
        assert said[2] == pytest.approx(world.thresholds[int(expected.argmax())], rel=1e-3)
        browser.run("document.getElementById('f-move').click()")
        assert figures(browser)[0] == said[2]
        assert f"F{beta:g}" in browser.text("outcome")


def test_the_overlap_is_shaded_and_told(opened, browser, report):
    opened()
    zone = report.overlap_zone
    said = browser.text("zone-words")
    assert f"{zone.low:.4g}" in said and f"{zone.high:.4g}" in said and f"{100 * zone.share:.1f}" in said
    opened(report=score_report(Labelled.of([0.0, 0.1, 0.9, 1.0] * 5, [0, 0, 1, 1] * 5)))
    assert "no overlap" in browser.text("zone-words")


def test_language_switches_on_the_page(opened, browser):
    opened()
    assert browser.text("h-threshold") == table()["threshold.title"]["en"]
    browser.run("document.querySelector('[data-language=zh]').click()")
    assert browser.text("h-threshold") == table()["threshold.title"]["zh"]
    assert browser.run("document.documentElement.lang") == "zh-CN"
    assert browser.run("document.querySelector('[data-language=zh]').getAttribute('aria-pressed')") == "true"
    english = re.compile(
        "|".join(re.escape(one["en"]) for one in table().values() if "{" not in one["en"] and " " in one["en"])
    )
    assert not english.search(browser.run("document.body.innerText").replace("5 / 25 / 75 / 95 %", ""))
    assert browser.complaints() == []


def test_a_tuned_threshold_is_shown_and_a_refusal_too(opened, browser):
    opened(
        policy={
            "issued": True,
            "threshold": 2.5,
            "bound": 0.9,
            "held_out": {"precision": 0.93, "precision_interval": [0.9, 0.96]},
        }
    )
    assert "at least 2.5" in browser.text("policy-words").replace("\u00a0", " ")
    assert "93.0\u00a0% (90.0\u00a0% to 96.0\u00a0%)" in browser.text("policy-table")
    assert figures(browser)[0] == pytest.approx(2.5, abs=0.1)
    opened(
        policy={
            "issued": False,
            "threshold": None,
            "reason": "too few <b>labels</b>",
            "nearest_achievable": [[0.8, 1.5]],
        }
    )
    assert "too few <b>labels</b>" in browser.text("policy-words")
    assert "80.0\u00a0% from a score of 1.5 on" in browser.text("policy-table")
    told = {"en": {"reason": "label 7 more"}, "zh": {"reason": "再标注 7 个"}}
    opened(policy={"issued": False, "threshold": None, "reason": "in full", "assumptions": [], "told": told})
    assert "label 7 more" in browser.text("policy-words")
    browser.run("document.querySelector('[data-language=zh]').click()")
    assert "再标注 7 个" in browser.text("policy-words")


@pytest.mark.parametrize(
    "data",
    [
        Labelled.of([1.0, 2.0, 3.0], [1, 1, 1]),
        Labelled.of([0.5], [0], ["a"]),
        Labelled.of([2.0] * 12, [0, 1] * 6, list("aabbccddeeff")),
        Labelled.of([1e-9, 2e9, 3.0, -4e12] * 5, [0, 1, 1, 0] * 5, [i // 2 for i in range(20)]),
    ],
)
def test_odd_data_still_make_a_page(opened, browser, data):
    for language in LANGUAGES:
        opened(report=score_report(data), language=language)
        assert browser.complaints() == []
        assert browser.run("document.body.innerText.match(/undefined|NaN|\\{\\w+%?\\}/)") is None


def test_plots_have_text_beside_them_and_everything_has_a_name(opened, browser):
    opened()
    assert browser.run("[...document.querySelectorAll('.plot')].every(e => e.getAttribute('aria-label').length > 20)")
    assert browser.run("[...document.querySelectorAll('input')].every(e => e.labels.length === 1)")
    rows = "document.querySelectorAll('#data-{} tbody tr').length"
    assert browser.run(rows.format("histogram")) == 40 and browser.run(rows.format("curves")) > 90
    assert browser.run("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == browser.run(
        "document.querySelectorAll('[id]').length"
    )


def test_print_is_light_and_narrow_windows_do_not_scroll_sideways(opened, browser, tmp_path):
    browser.scheme("dark")
    opened()
    browser.paper(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert browser.run("document.documentElement.classList.contains('printing')") is False
    browser.send("Emulation.setDeviceMetricsOverride", width=380, height=800, deviceScaleFactor=1, mobile=False)
    opened()
    assert browser.run("document.documentElement.scrollWidth") <= 380
    browser.send("Emulation.clearDeviceMetricsOverride")


def test_the_security_policy_stops_scripts_and_requests_that_are_not_the_pages_own(opened, browser):
    opened()
    browser.run("addEventListener('securitypolicyviolation', e => (window.stopped ||= []).push(e.effectiveDirective))")
    browser.run(
        "{ const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s) }"
    )
    browser.run("fetch('http://127.0.0.1:9/').catch(() => 0)")
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert browser.run("window.ran") is None
    assert {"connect-src", "script-src-elem"} <= set(browser.run("window.stopped"))
