"""Cut the demo's sets out of two that may ship: Chinese statutes and questions (STARD), English abstracts (SciFact).

    TAMIS_DATA=/path/to/data python recipes/demo-corpus/build.py

Laws are taken whole, so that a question meets its neighbours too, and with them the questions all of whose statutes
are there; abstracts are the first ones by id.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

DATA = Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval"
OUT = Path(__file__).resolve().parents[2] / "demo"
LAWS = {
    "中华人民共和国民法典",
    "劳动合同法",
    "劳动合同法实施条例",
    "消费者权益保护法",
    "道路交通安全法",
    "道路交通安全法实施条例",
    "治安管理处罚法",
    "未成年人保护法",
    "妇女权益保障法",
    "食品安全法",
    "保险法",
    "旅游法",
    "个人所得税法",
    "产品质量法",
    "铁路安全管理条例",
    "著作权法",
    "反家庭暴力法",
    "老年人权益保障法",
    "社会保险法",
    "工伤保险条例",
    "职工带薪年休假条例",
    "个人信息保护法",
}
ABSTRACTS = 600


def rows(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def write(name: str, documents: list[dict]) -> None:
    # No time stamp in the archive: the same input gives the same bytes.
    body = "".join(json.dumps(d, ensure_ascii=False) + "\n" for d in documents).encode()
    (OUT / name).mkdir(parents=True, exist_ok=True)
    (OUT / name / "corpus.jsonl.gz").write_bytes(gzip.compress(body, mtime=0))
    print(f"{len(documents):>6,} documents, {len(body):>9,} bytes: {name}")


def write_questions(name: str, source: Path, known: set[str]) -> None:
    """The questions of which every relevant document is known, and their qrels."""
    qrels: dict[str, list[str]] = {}
    for line in lines(source / "qrels.tsv"):
        qrels.setdefault(line.split("\t")[0], []).append(line)
    whole = {query for query, found in qrels.items() if all(line.split("\t")[1] in known for line in found)}
    asked = [line for line in lines(source / "queries.jsonl") if json.loads(line)["id"] in whole]
    (OUT / name / "queries.jsonl").write_text("".join(asked), encoding="utf-8")
    found = [line for query, listed in qrels.items() if query in whole for line in listed]
    (OUT / name / "qrels.tsv").write_text("".join(found), encoding="utf-8")
    print(f"{len(asked):>6,} questions, {len(found):>6,} relevant statutes")


def main() -> None:
    law = re.compile(r"(.+?)第[一二三四五六七八九十百千零]+条")
    source = DATA / "stard_dev"
    statutes = [d for d in rows(source / "corpus.jsonl.gz") if (m := law.match(d["title"])) and m[1] in LAWS]
    write("statutes", sorted(statutes, key=lambda d: (len(d["id"]), d["id"])))
    write_questions("statutes", source, {d["id"] for d in statutes})
    abstracts = sorted(rows(DATA / "scifact/corpus.jsonl.gz"), key=lambda d: (len(d["id"]), d["id"]))
    write("abstracts", abstracts[:ABSTRACTS])


if __name__ == "__main__":
    main()
