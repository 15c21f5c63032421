"""What this machine has for running models: processors and their instructions, memory, accelerators."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tamis.extras import available, require
from tamis.score.threads import threads

CPU, MEMORY = Path("/proc/cpuinfo"), Path("/proc/meminfo")
# What a flag of the processor is worth to a model; names as Linux writes them, of x86 and of ARM.
INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX-VNNI (int8)",
    "avx512_vnni": "AVX-512 VNNI (int8)",
    "amx_int8": "AMX (int8)",
    "amx_bf16": "AMX (bf16)",
    "asimddp": "dot products (int8)",
    "i8mm": "I8MM (int8)",
    "avx512_bf16": "AVX-512 BF16",
    "bf16": "BF16",
}


def processor(info: Path = CPU) -> str:
    """Name, number and instructions of the processors, as far as this system tells."""
    fields = _fields(info)
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    known = [name for flag, name in INSTRUCTIONS.items() if flag in flags]
    name = fields.get("model name") or platform.processor() or platform.machine()
    told = ", ".join(known) or ("none of the wide instructions" if flags else "instructions not known here")
    return f"{name}; {os.cpu_count()} processors, {threads()} used by a model (TAMIS_THREADS changes that); {told}"


def memory(info: Path = MEMORY) -> str:
    """Memory in all and free to use, in GB."""
    fields = _fields(info)
    if "MemTotal" in fields:
        total, free = (int(fields[name].split()[0]) / 2**20 for name in ("MemTotal", "MemAvailable"))
        return f"{total:.1f} GB, {free:.1f} GB available"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GB"
    return "not known on this system"


def accelerators() -> str:
    """What PyTorch finds; PyTorch is imported for it, where it is installed."""
    if not available("torch"):
        return 'PyTorch is not installed: ONNX graphs run on the CPU (pip install "tamis[torch]" for others)'
    torch = require("torch")
    cards = [torch.cuda.get_device_properties(at) for at in range(torch.cuda.device_count())]
    found = [f"cuda:{at} {card.name}, {card.total_memory / 2**30:.0f} GB" for at, card in enumerate(cards)]
    found += ["mps"] if torch.backends.mps.is_available() else []
    return f"torch {torch.__version__}: {'; '.join(found) or 'no accelerator, the CPU'}"


def _fields(path: Path) -> dict[str, str]:
    """``name: value`` lines of a file of /proc, each name's first; empty where there is no such file."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found
