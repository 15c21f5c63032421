"""The command line in two processes: killed, interrupted, gone on with; and errors that are told once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tamis.score.folder import ModelFolder
from tamis.train.bases.opened import start_of
from tamis.train.checkpoints import Checkpoints
from tamis.train.optimiser import optimiser
from tamis.train.options import Learning, Options
from tamis.train.processes.base import Alone
from tamis.train.tune import Full

from .conftest import environment, losses

TRAIN = [sys.executable, "-m", "tamis", "train", "--device", "cpu", "--dev", "0", "--batch-size", "5"]
TWO = ["--nproc", "2"]


def command(root: Path, output: Path, *more: str) -> list[str]:
    return [*TRAIN, "--data", str(root / "labels.jsonl"), "--base", str(root / "cross"), "-o", str(output), *more]


def begun(line: list[str], home: Path, steps: int) -> subprocess.Popen[str]:
    """The command under way, once it has written a checkpoint after so many steps."""
    found = subprocess.Popen(line, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not any(int(p.name[5:]) >= steps for p in (home / "training/checkpoints").glob("step-*")):
        assert found.poll() is None, found.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def process_of(launcher: int, rank: int) -> int:
    """The process with a rank among those that a launcher started."""
    tasks = Path(f"/proc/{launcher}/task")
    if not tasks.is_dir():
        pytest.skip("this system lists no processes under /proc")
    children = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    told = f"RANK={rank}".encode()
    return next(child for child in children if told in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"))


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_run_and_its_checkpoint_is_whole(root, tmp_path):
    line = command(root, tmp_path / "out", "--max-steps", "300", "--checkpoint-every", "2")
    run = begun([*line, *TWO], tmp_path / "out", 4)
    os.kill(process_of(run.pid, 1), signal.SIGKILL)
    said, complained = run.communicate(timeout=60)
    assert run.returncode == 1
    assert complained == (
        "error: process 2 of 2 was ended by SIGKILL; the last checkpoint is whole: go on with --resume\n"
    )
    assert said == ""
    assert not (tmp_path / "out/config.json").exists()
    folder = tmp_path / "out/training/checkpoints"
    written = json.loads((max(folder.glob("step-*")) / "state.json").read_text())
    network = start_of(ModelFolder(root / "cross"), "cross-encoder", Options()).network
    Full()(network)
    learner = optimiser(network, (), Learning(), 1e-4)
    assert Checkpoints(folder, written["run"]).restore(network, learner, Alone())["step"] == written["step"] >= 4
    assert len(learner.state) == len(list(network.parameters()))


@pytest.mark.slow
def test_an_error_of_all_is_told_once(root, tmp_path):
    (tmp_path / "out").write_text("in the way")
    done = subprocess.run(
        command(root, tmp_path / "out", *TWO), env=environment(), capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {tmp_path / 'out'} is a file: name a folder to make\n"


@pytest.mark.slow
def test_an_error_of_the_first_process_ends_all(root, tmp_path):
    folder = tmp_path / "out/training/checkpoints"
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    line = command(root, tmp_path / "out", *TWO, "--strategy", "fsdp")
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {folder}: a checkpoint was not written: File exists\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_checkpoint_that_both_and_one_go_on_with(root, tmp_path, number):
    out = tmp_path / "out"
    line = command(root, out, "--max-steps", "150", "--checkpoint-every", "1000", "--strategy", "fsdp")
    whole = command(root, tmp_path / "whole", "--max-steps", "150", "--checkpoint-every", "1000", *TWO)
    run = subprocess.Popen([*line, *TWO], env=environment(), stderr=subprocess.PIPE, text=True)
    log = out / "training/log.jsonl"
    while not log.is_file() or len(log.read_text().splitlines()) < 5:
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    run.send_signal(number)
    complained = run.communicate(timeout=120)[1]
    assert run.returncode == 128 + number
    assert complained.count("stopping after this step") == 1
    steps = [json.loads(p.read_text())["step"] for p in (out / "training/checkpoints").glob("step-*/state.json")]
    assert len(steps) == 1 and 5 <= steps[0] < 150
    subprocess.run([*line, *TWO, "--resume"], env=environment(), check=True, timeout=300)
    subprocess.run(whole, env=environment(), check=True, timeout=300)
    assert losses(out / "training") == pytest.approx(losses(tmp_path / "whole/training"), abs=1e-2)
