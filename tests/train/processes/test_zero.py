"""DeepSpeed's ZeRO, stage 2: its configuration, and the same numbers as one process where it is installed."""

from __future__ import annotations

import json
import subprocess

import pytest

torch = pytest.importorskip("torch")

from tamis.extras import available  # noqa: E402
from tamis.train.options import Batches, Learning, Options  # noqa: E402
from tamis.train.processes.zero import zero2_config  # noqa: E402
from tamis.train.tune import Lora  # noqa: E402

from .conftest import case, environment  # noqa: E402
from .test_launch import TWO, command  # noqa: E402
from .test_same_numbers import SOON, compared  # noqa: E402

deepspeed = pytest.mark.skipif(not available("deepspeed"), reason="deepspeed is not installed here")


def test_the_configuration_says_what_the_options_say():
    options = Options(tune=Lora(), batches=Batches(queries=10), learning=Learning(clip=0.5, decay=0.1))
    found = zero2_config(options, 4)
    assert found["zero_optimization"]["stage"] == 2
    assert found["train_micro_batch_size_per_gpu"] == 3
    assert found["gradient_clipping"] == 0.5
    assert found["optimizer"]["params"] == {"lr": 3e-4, "weight_decay": 0.1, "torch_adam": True}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.slow
@pytest.mark.skipif(available("deepspeed"), reason="deepspeed is installed here")
def test_without_deepspeed_one_sentence_says_how_to_install_it(root, tmp_path):
    line = command(root, tmp_path / "out", *TWO, "--strategy", "zero2")
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: training in several processes with --strategy zero2 needs the package 'deepspeed', which is not "
        'installed: pip install "tamis[deepspeed]"\n'
    )


@pytest.fixture(scope="module")
def trained(work) -> None:
    broken = [case(f"zero2-broken-{count}", measure=True, stop=5) for count in (1, 2)]
    again = [case(f"zero2-broken-{count}", measure=True) for count in (1, 2)]
    work(2, *(case(f"zero2-{n}", **c) for n, c in SOON.items()), *broken, again[1], strategy="zero2")
    work(1, *(case(f"alone-{name}", **changes) for name, changes in SOON.items()), again[0])


@deepspeed
@pytest.mark.slow
@pytest.mark.parametrize("name", [*SOON, "broken-1", "broken-2"])
def test_two_processes_learn_what_one_does(root, trained, name):
    compared(root, f"zero2-{name}", f"alone-{name if name in SOON else 'parts'}")


@deepspeed
@pytest.mark.slow
def test_the_command_line_leaves_the_configuration_beside_the_model(root, tmp_path):
    line = command(root, tmp_path / "out", *TWO, "--strategy", "zero2", "--max-steps", "4")
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/config.json").is_file()
    assert json.loads((tmp_path / "out/training/deepspeed.json").read_text())["zero_optimization"]["stage"] == 2
