"""Hub ids: what is cached loads without a net, what is not is one clear error, and folders never open a socket."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import MissingExtraError, ModelError
from tamis.score.hub import fetched, is_hub_id

TEXTS = [("capital of France?", "Paris."), ("首都", "筛子 " * 30)]
PAIRS = [(Query(query), Document("d", document)) for query, document in TEXTS]


@pytest.fixture
def cache(exported, tmp_path) -> Path:
    """A cache as huggingface_hub keeps it, with one model: blobs, and a revision's names that link to them."""
    pytest.importorskip("huggingface_hub")
    home = tmp_path / "hub"
    repository = home / "models--tiny--sieve"
    snapshot = repository / "snapshots" / ("0123456789" * 4)
    (repository / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name)
    for at, path in enumerate(sorted(exported("wide_bert").iterdir())):
        blob = repository / "blobs" / f"{at:040x}"
        shutil.copyfile(path, blob)
        (snapshot / path.name).symlink_to(Path("../../blobs") / blob.name)
    return home


LOADED = """
import json, socket, sys, time

def refuse(*_):
    raise OSError("a socket was opened")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from tamis import Document, Query, load_scorer
from tamis.errors import ModelError

spec, texts = sys.argv[1], json.loads(sys.argv[2])
start = time.perf_counter()
try:
    scorer = load_scorer(spec)
except ModelError as error:
    print(json.dumps({"error": str(error), "seconds": time.perf_counter() - start}))
else:
    scores = list(scorer.score([(Query(q), Document("d", d)) for q, d in texts]))
    print(json.dumps({"scores": scores, "name": scorer.name, "fingerprint": scorer.fingerprint}))
"""


def loaded(spec: str, home: Path, **more: str):
    """What a process of its own says, which can reach no net."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGINGFACE_", "TAMIS_"))}
    environment = kept | {"HF_HUB_CACHE": str(home), "HF_HOME": str(home.parent)} | more
    command = [sys.executable, "-c", LOADED, spec, json.dumps(TEXTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("offline", [{"HF_HUB_OFFLINE": "1"}, {}], ids=["said to be offline", "without a net"])
def test_a_cached_model_loads_by_its_id_without_a_net(offline, cache, exported):
    found = loaded("tiny/sieve", cache, **offline)
    here = load_scorer(exported("wide_bert"))
    np.testing.assert_allclose(found["scores"], here.score(PAIRS), atol=1e-6)
    assert found["fingerprint"] == here.fingerprint, "the files are the same, wherever they lie"
    assert found["name"] == "tiny/sieve", "not the revision's forty digits"


def test_an_unknown_id_is_one_clear_error_at_once(cache):
    found = loaded("tiny/unknown", cache, HF_HUB_OFFLINE="1")
    assert found["error"].startswith("model 'tiny/unknown' is neither a folder nor to be had from huggingface: ")
    assert found["error"].endswith("Offline, give the path of a folder")
    assert "\n" not in found["error"]
    assert found["seconds"] < 5


def test_a_cached_model_without_weights_says_so(cache):
    for path in (cache / "models--tiny--sieve" / "snapshots").rglob("*.onnx"):
        path.unlink()
    assert "expected weights in model.safetensors" in loaded("tiny/sieve", cache, HF_HUB_OFFLINE="1")["error"]


@pytest.mark.parametrize("family", ["bert", "qwen3", "ettin"])
def test_folders_open_no_socket(family, tiny_model, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    folder = shutil.copytree(tiny_model(family), tmp_path / family)
    scorer = load_scorer(folder, engine="torch")
    assert scorer.score(PAIRS).shape == (2,)
    assert scorer.fingerprint


def test_a_folder_of_the_form_of_an_id_is_a_folder(exported, tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    shutil.copytree(exported("wide_bert"), tmp_path / "tiny" / "sieve")
    monkeypatch.chdir(tmp_path)
    scorer = load_scorer("tiny/sieve")
    assert scorer.fingerprint == load_scorer(exported("wide_bert")).fingerprint
    assert scorer.name == "sieve"


@pytest.mark.parametrize("spec", ["BAAI/bge-reranker-v2-m3", "a/b", "Qwen/Qwen3-Reranker-0.6B", "x_y/z-1.5"])
def test_what_an_id_looks_like(spec):
    assert is_hub_id(spec)


@pytest.mark.parametrize(
    "spec", ["tamis-mini", "./a/b", "../a", "/a/b", "a/b/c", "a\\b", "a/", "/", "", "a b/c", "a/b?"]
)
def test_what_is_no_id(spec):
    assert not is_hub_id(spec)


def test_an_unknown_hub_is_told_with_those_known(monkeypatch):
    monkeypatch.setenv("TAMIS_HUB", "hugingface")
    with pytest.raises(ModelError, match="TAMIS_HUB='hugingface': expected huggingface or modelscope"):
        fetched("a/b")


@pytest.mark.parametrize(("hub", "package"), [("huggingface", "huggingface_hub"), ("modelscope", "modelscope")])
def test_a_hub_that_is_not_installed_is_told_with_its_command(hub, package, monkeypatch):
    monkeypatch.setenv("TAMIS_HUB", hub)
    monkeypatch.setitem(sys.modules, package, None)
    start = time.perf_counter()
    with pytest.raises(MissingExtraError, match=rf"needs the package '{package}', which is not installed: pip install"):
        load_scorer("tiny/sieve")
    assert time.perf_counter() - start < 5
