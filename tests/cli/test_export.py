"""``tamis export``: a folder that runs without PyTorch, its check as a table and as JSON, and clear refusals."""

import json
import subprocess
import sys

import pytest

from tamis import Document, Query, load_scorer

pytest.importorskip("onnx", reason="the export extra is not installed")
PAIRS = [(Query("Who is it?"), Document(str(at), "It is Paris. " * at)) for at in range(1, 9)]


@pytest.mark.slow
def test_both_formats_as_json(run, tiny_model, tmp_path):
    folder, made = tiny_model("bert"), tmp_path / "made"
    ran = run("export", folder, "--format", "onnx", "-o", made, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert shown["output"] == str(made)
    (row,) = shown["graphs"]
    assert row["format"] == "onnx"
    assert row["path"] == str(made / "model.onnx")
    assert row["megabytes"] > 0
    assert row["parity"]["largest_difference"] < 1e-4
    assert row["parity"]["rank_correlation"] > 0.999
    assert row["speed"]["made"] > 0 and row["speed"]["source"] > 0
    assert "speed" not in (made / "tamis_export.json").read_text(), "which would be another on every run"
    expected = load_scorer(folder, engine="torch").score(PAIRS)
    assert load_scorer(made, engine="onnx").score(PAIRS) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_a_table_for_people_beside_the_source(run, tiny_model):
    folder = tiny_model("xlm_roberta")
    ran = run("export", folder)
    assert ran.code == 0, ran.err
    text = " ".join(ran.out.split())
    for said in ("xlm_roberta-onnx", "onnx", "MB", "difference", "rank corr.", "1.0000", "pairs/s", "on 160 pairs"):
        assert said in text
    assert (folder.parent / "xlm_roberta-onnx" / "model.onnx").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("export", "nowhere"), 1, "no folder 'nowhere': expected a model folder"),
        (("export", "FOLDER", "--format", "gguf", "-o", "OUT"), 1, "formats=['gguf']: expected"),
        (("export", "FOLDER", "-o", "FOLDER"), 1, "is there already"),
        (("export", "EMPTY", "-o", "OUT"), 1, "config.json"),
        (("export", "FOLDER", "--format", "gptq-int4", "-o", "OUT"), 1, "language models that answer in words"),
        (("export", "FOLDER", "--format", "gptq-int4", "--format", "onnx"), 2, "name no other format beside it"),
        (("export", "FOLDER", "--calibration", "x.jsonl", "-o", "OUT"), 2, "--calibration is for --format gptq-int4"),
    ],
)
def test_what_cannot_be_is_one_clear_line(run, tiny_model, tmp_path, arguments, code, message):
    (tmp_path / "empty").mkdir()
    places = {"FOLDER": tiny_model("bert"), "EMPTY": tmp_path / "empty", "OUT": tmp_path / "out"}
    ran = run(*(places.get(a, a) for a in arguments))
    assert (ran.code, ran.out) == (code, "")
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_was_exported_needs_no_pytorch(run, tiny_model, tmp_path):
    made = tmp_path / "made"
    assert run("export", tiny_model("bert"), "-o", made).code == 0
    code = (
        "import sys; sys.modules['torch'] = None; from tamis import rerank; "
        "print(len(rerank('who?', ['Paris', 'Rain'], model=sys.argv[1])), 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(made)], capture_output=True, text=True)
    assert done.stdout.split() == ["2", "False"], done.stderr[-2000:]
