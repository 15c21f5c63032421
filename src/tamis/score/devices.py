"""The devices of this machine that a model can run on: its processors, and what PyTorch finds beside them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tamis.extras import available, require
from tamis.score.threads import threads

CPU, MEMORY = Path("/proc/cpuinfo"), Path("/proc/meminfo")
PATIENCE = 120.0  # seconds that PyTorch has to look around
_LOOK = """
import json
from dataclasses import asdict
from tamis.score.devices import cards
print(json.dumps([asdict(one) for one in cards()]))
"""


@dataclass(frozen=True, slots=True)
class Device:
    """Something that computes.

    Attributes:
        name: as options take it: ``"cpu"``, ``"cuda:1"``, ``"mps"``.
        model: what it is.
        gigabytes: its memory; 0 where that is not known.
        cores: processors that a model uses; 0 of what is no CPU.
    """

    name: str
    model: str = ""
    gigabytes: float = 0.0
    cores: int = 0


def devices() -> list[Device]:
    """The CPU, then what PyTorch finds, where it is installed.

    PyTorch looks around in a process of its own, once: this one keeps the memory that it would take, here and on the
    accelerators.

    >>> from tamis.score.devices import devices
    >>> devices()[0].name
    'cpu'
    """
    return [cpu(), *_found()]


def cpu(info: Path = CPU, memory: Path = MEMORY) -> Device:
    """The processors.

    >>> cpu().cores >= 1
    True
    """
    name = fields(info).get("model name") or platform.processor() or platform.machine()
    total, _ = gigabytes(memory)
    return Device("cpu", name, round(total, 1), threads())


def cards() -> list[Device]:
    """What PyTorch finds beside the CPU; PyTorch is imported for it.

    Raises:
        MissingExtraError: PyTorch is not installed.
    """
    torch = require("torch")
    known = [torch.cuda.get_device_properties(at) for at in range(torch.cuda.device_count())]
    found = [Device(f"cuda:{at}", str(card.name), round(card.total_memory / 2**30)) for at, card in enumerate(known)]
    return [*found, *([Device("mps")] if torch.backends.mps.is_available() else [])]


def gigabytes(info: Path = MEMORY) -> tuple[float, float]:
    """Memory in all, and memory free to use; 0 of what this system does not tell."""
    told = fields(info)
    if "MemTotal" in told:
        total, free = (int(told[name].split()[0]) / 2**20 for name in ("MemTotal", "MemAvailable"))
        return total, free
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 0.0
    return 0.0, 0.0


def fields(path: Path) -> dict[str, str]:
    """``name: value`` lines of a file of /proc, each name's first; empty where there is no such file."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found


@cache
def _found() -> tuple[Device, ...]:
    """The accelerators; none where PyTorch is not there, or cannot say."""
    if not available("torch"):
        return ()
    try:
        asked = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, timeout=PATIENCE, check=True)
        return tuple(Device(**row) for row in json.loads(asked.stdout))
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return ()
