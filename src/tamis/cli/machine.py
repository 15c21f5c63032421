"""What this machine has for running models: processors and their instructions, memory, accelerators."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tamis.extras import available, require
from tamis.score.devices import CPU, MEMORY, cards, fields, gigabytes
from tamis.score.threads import threads

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
    told = fields(info)
    flags = set((told.get("flags") or told.get("Features") or "").split())
    known = [name for flag, name in INSTRUCTIONS.items() if flag in flags]
    name = told.get("model name") or platform.processor() or platform.machine()
    wide = ", ".join(known) or ("none of the wide instructions" if flags else "instructions not known here")
    return f"{name}; {os.cpu_count()} processors, {threads()} used by a model (TAMIS_THREADS changes that); {wide}"


def memory(info: Path = MEMORY) -> str:
    """Memory in all and free to use, in GB."""
    total, free = gigabytes(info)
    if not total:
        return "not known on this system"
    return f"{total:.1f} GB" + (f", {free:.1f} GB available" if free else "")


def accelerators() -> str:
    """What PyTorch finds; PyTorch is imported for it, where it is installed."""
    if not available("torch"):
        return 'PyTorch is not installed: ONNX graphs run on the CPU (pip install "tamis[torch]" for others)'
    found = [f"{card.name} {card.model}, {card.gigabytes:.0f} GB" if card.model else card.name for card in cards()]
    return f"torch {require('torch').__version__}: {'; '.join(found) or 'no accelerator, the CPU'}"
