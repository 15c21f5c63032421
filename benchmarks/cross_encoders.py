"""Cross-encoders beside sentence-transformers, FlashRank and plain ONNX Runtime, each target beside its figure.

    scripts/bench cross [SECTION ...] [--json FILE]
    sections: minilm tinybert xlmr qwen memory cold int8 cascade (all: about 25 minutes on two cores)

Contenders take turns in one process; ratios are medians of the rounds' ratios, texts are tokenised within the time.
Weights are random in true shapes, except in the sections int8 and cascade, which need real data (``TAMIS_DATA``) and
the folder that ``benchmarks/train_cross.py`` wrote (``TAMIS_TRAINED``).
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TAMIS_THREADS", "2")
os.environ |= {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}

import causal
import classifiers
import processes
import trained
from report import Report

from tamis.score.threads import threads

SECTIONS: dict[str, Callable[[Report, Path], None]] = {
    **{name: partial(classifiers.measure, name) for name in classifiers.PLANS},
    "qwen": causal.measure,
    "memory": processes.memory,
    "cold": processes.cold,
    "int8": trained.int8,
    "cascade": trained.cascade,
}


def description() -> str:
    """Processor, threads, and the versions that matter."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    packages = ("torch", "transformers", "sentence-transformers", "onnxruntime", "flashrank")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    features = {word for line in lines if line.startswith("flags") for word in line.split()}
    vectors = next(
        (word for word in ("avx512_vnni", "avx_vnni", "avx512f", "avx2") if word in features), "no AVX2 known"
    )
    return f"{next(named, platform.processor())} ({vectors}), {threads()} threads; {versions}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sections", nargs="*", default=list(SECTIONS), metavar="SECTION")
    options.add_argument("--json", type=Path, metavar="FILE", help="add what was measured to this file")
    asked = options.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        options.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    import torch

    torch.set_num_threads(threads())
    warnings.simplefilter("ignore")
    report = Report()
    report.say(machine := description())
    for name in asked.sections:
        start = time.perf_counter()
        report.keep(name, "machine", machine)
        with tempfile.TemporaryDirectory() as place:
            try:
                SECTIONS[name](report, Path(place))
            except Exception as error:  # one section's failure must not lose the others
                traceback.print_exc()
                report.absent(name, "the section", error)
        report.say(f"({name}: {time.perf_counter() - start:.0f} s)")
        if asked.json:
            report.write(asked.json)


if __name__ == "__main__":
    main()
