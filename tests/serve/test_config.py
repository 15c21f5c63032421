"""tamis.toml and the environment: what they say is held against the constructors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.errors import DataError, InputError
from tamis.observe.clicks import Exploration
from tamis.observe.drift import LookOptions
from tamis.observe.lifecycle.bounds import Bounds as Moves
from tamis.observe.options import WatchOptions
from tamis.serve.bounds import Bounds
from tamis.serve.config import Configuration, IndexOptions, Listening, ModelOptions, configuration
from tamis.serve.queue import Limits

WHOLE = """
policy = "faq"
encoder = ""

[serve]
host = "0.0.0.0"
port = 9000
keys = ["shop=sha256:%s"]
owners = ["shop"]
rate = "600/minute"

[bounds]
documents = 500

[queue]
beside = 1

[models.mini]
calibration = "default"
aliases = ["rerank-v3.5"]

[models.law]
model = "./law-reranker"
engine = "torch"
max_length = 256
passages = 128

[index]
path = "./law"
recall = "bm25"

[policies]
faq = "faq.json"

[observe]
store = "kept.db"
days = 30
approval = "auto"

[observe.bounds]
step = 0.5
floor = -inf

[observe.looks]
window = 500

[observe.exploration]
rate = 0.01
""" % ("0" * 64)


@pytest.fixture
def write(tmp_path):
    def written(text):
        (tmp_path / "tamis.toml").write_text(text, "utf-8")
        return tmp_path / "tamis.toml"

    return written


def test_a_file_says_all_that_there_is(write):
    assert configuration(write(WHOLE), {}) == Configuration(
        serve=Listening("0.0.0.0", 9000, keys=("shop=sha256:" + "0" * 64,), owners=("shop",), rate="600/minute"),
        bounds=Bounds(documents=500),
        queue=Limits(beside=1),
        models={
            "mini": ModelOptions(calibration="default", aliases=("rerank-v3.5",)),
            "law": ModelOptions("./law-reranker", passages=128, options={"engine": "torch", "max_length": 256}),
        },
        index=IndexOptions("./law", "bm25"),
        policies={"faq": "faq.json"},
        policy="faq",
        encoder="",
        observe=WatchOptions(
            "kept.db", days=30, approval="auto", bounds=Moves(step=0.5), looks=LookOptions(500),
            exploration=Exploration(0.01),
        ),
    )  # fmt: skip


def test_the_environment_goes_over_the_file_and_the_command_line_over_both(write):
    path = write('[serve]\nport = 1\nrate = "1/second"\nhost = "::1"\n')
    environ = {
        "TAMIS_SERVE__PORT": "2",
        "TAMIS_SERVE__OWNERS": "a,b",
        "TAMIS_OBSERVE__STORE": "f",
        "TAMIS_OBSERVE_KEY": "not of this",
        "TAMIS_THREADS": "3",
    }
    environ |= {"TAMIS_SERVE__HOST": "127.0.0.2", "TAMIS_MODELS__LAW__MODEL": "e5-small"}
    found = configuration(path, environ, {"serve": {"host": "127.0.0.3"}})
    assert found.serve == Listening("127.0.0.3", 2, rate="1/second", owners=("a", "b"))
    assert found.observe.store == "f" and found.models == {"law": ModelOptions("e5-small")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[serve]\nprot = 1", "serve.prot is not known: .*did you mean 'port'"),
        ("[srve]\nport = 1", "srve is not known: .*did you mean 'serve'"),
        ("[serve]\nport = 'x'", "serve.port: .*'x'"),
        ("[serve]\ndraining = -1", "serve: expected stopping, draining and idle of at least 0"),
        ("serve = 3", "serve: expected a table, got 3"),
        ("[observe]\nstroe = 'x'", "observe.stroe is not known: .*did you mean 'store'"),
        ("[observe]\nshare = 2", "observe: .*a share between 0 and 1, got"),
        ("[observe.exploration]\nrate = 0.5", ".*rate of exploration from 0 to 0.05"),
        ("[observe]\napproval = 'nobody'", "observe.approval: .*'nobody'"),
        ("[models]\nmini = 3", "models.mini: expected a table"),
        ("[models.mini]\nengin = 'onnx'", "models.mini.engin is not known: .*did you mean 'engine'"),
        ("[models.mini]\nengine = 'onix'", "models.mini.*engine: .*'onix'"),
        ("[models.mini]\noptions = {}", "models.mini.options is not known"),
        ("[index]\nrecall = 'bm25'", "index.path is missing"),
        ("[index]\npath = 'x'\nrecall = 'bm52'", "index.recall: .*'bm52'"),
        ("[policies]\nfaq = 3", "policies.faq: .*got 3"),
        ("[queue]\nbeside = 0", "queue.beside: expected at least 1, got 0"),
        ("[bounds]\nseconds = nan", "bounds.seconds: expected a number above 0, got nan"),
        ("[serve", "expected TOML"),
    ],
)
def test_mistakes_in_a_file_are_named_with_file_and_key(write, text, says):
    with pytest.raises(DataError, match=f"tamis.toml: {says}"):
        configuration(write(text), {})


def test_mistakes_in_the_environment_name_the_variable():
    with pytest.raises(InputError, match=r"TAMIS_QUEUE__WAITNG: queue.waitng is not known: .*'waiting'"):
        configuration(None, {"TAMIS_QUEUE__WAITNG": "3"})
    with pytest.raises(InputError, match="TAMIS_SERVE: serve: expected a table"):
        configuration(None, {"TAMIS_SERVE": "3"})


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        configuration(tmp_path / "tamis.toml", {})


@pytest.mark.parametrize("page", ["serving.md", "serving.zh.md"])
def test_the_documented_file_is_one(write, page):
    text = (Path(__file__).parents[2] / "docs" / page).read_text("utf-8")
    (file,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    found = configuration(write(file), {})
    assert (
        found.policy == "faq" and list(found.models) == ["default", "long"] and found.llm.options == {"model": "qwen3"}
    )
