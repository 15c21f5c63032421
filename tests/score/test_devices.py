"""The devices of a machine: the CPU by what Linux says of it, and what PyTorch finds."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tamis.score import devices as room
from tamis.score.devices import Device, cards, cpu, devices, gigabytes
from tamis.score.threads import threads


@pytest.fixture
def anew():
    """What was found before is forgotten."""
    room._found.cache_clear()
    yield
    room._found.cache_clear()


def test_the_cpu_with_its_cores_and_memory(tmp_path):
    (tmp_path / "cpuinfo").write_text("model name\t: Some CPU\n")
    (tmp_path / "meminfo").write_text("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n")
    assert cpu(tmp_path / "cpuinfo", tmp_path / "meminfo") == Device("cpu", "Some CPU", 8.0, threads())
    assert gigabytes(tmp_path / "meminfo") == (8.0, 4.0)
    assert cpu(tmp_path / "none", tmp_path / "none").cores == threads()


def torch(count, mps):
    card = SimpleNamespace(name="Card", total_memory=24 * 2**30)
    cuda = SimpleNamespace(device_count=lambda: count, get_device_properties=lambda at: card)
    return SimpleNamespace(cuda=cuda, backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)))


def test_cards_as_pytorch_finds_them(monkeypatch):
    monkeypatch.setattr(room, "require", lambda name: torch(2, mps=True))
    assert cards() == [Device("cuda:0", "Card", 24), Device("cuda:1", "Card", 24), Device("mps")]
    monkeypatch.setattr(room, "require", lambda name: torch(0, mps=False))
    assert cards() == []


def test_another_process_looks_around_once(anew, monkeypatch):
    asked = []

    def run(command, **given):
        asked.append(command)
        return SimpleNamespace(stdout=json.dumps([{"name": "cuda:0", "model": "Card", "gigabytes": 24}]))

    monkeypatch.setattr(room, "available", lambda name: True)
    monkeypatch.setattr(room.subprocess, "run", run)
    assert devices() == devices() == [cpu(), Device("cuda:0", "Card", 24)]
    assert len(asked) == 1 and asked[0][0] == sys.executable


@pytest.mark.parametrize("broken", [subprocess.TimeoutExpired("x", 1), ValueError("no JSON"), OSError("no process")])
def test_where_pytorch_cannot_say_there_is_the_cpu(broken, anew, monkeypatch):
    def run(command, **given):
        raise broken

    monkeypatch.setattr(room, "available", lambda name: True)
    monkeypatch.setattr(room.subprocess, "run", run)
    assert devices() == [cpu()]


def test_without_pytorch_there_is_the_cpu(anew, monkeypatch):
    monkeypatch.setattr(room, "available", lambda name: False)
    assert devices() == [cpu()]


def test_this_machine(anew):
    assert devices()[0] == cpu()
