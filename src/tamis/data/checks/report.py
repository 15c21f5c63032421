"""What a report on training data says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from tamis.data.training import Conflicts, Counts

Level: TypeAlias = Literal["error", "warning", "note"]

CONTRADICTIONS = "contradictions"  # the finding that a training may be told to settle
PLACES = 5  # places that a finding names


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found: file, line (None in an evaluation set's folder), and what stands there."""

    path: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f', line {self.line}'}: {self.what}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the data that its owner should know.

    Attributes:
        name: its kind, such as ``"contradictions"``.
        level: ``"error"``: training would refuse the data or measure nothing; ``"warning"``: it would be worse than it
            need be; ``"note"``: worth knowing.
        count: how many there are.
        says: what was found, ending in the count.
        advice: what to do.
        places: the first of them.
    """

    name: str
    level: Level
    count: int
    says: str
    advice: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long texts are, in characters, each text counted once; 0 where there is none.

    Attributes:
        median, p90, p99, longest: quantiles.
    """

    median: int
    p90: int
    p99: int
    longest: int


@dataclass(frozen=True, slots=True)
class Report:
    """What ``check`` found.

    Attributes:
        sources: what was read.
        rows: rows that could be read.
        counts: of the merged data.
        labels: pairs by label, the most frequent first, at most 20; ``"none"`` counts pairs without one.
        per_query: least, mean and most positives and negatives of a labelled query, by kind.
        query_lengths, document_lengths: in characters.
        beyond_window: estimated share of the pairs that a window of 512 tokens does not read whole.
        languages: share of the queries and of the documents in each language, on a sample.
        findings: errors first.
    """

    sources: tuple[str, ...]
    rows: int
    counts: Counts
    labels: Mapping[str, int]
    per_query: Mapping[str, tuple[int, float, int]]
    query_lengths: Lengths
    document_lengths: Lengths
    beyond_window: float
    languages: Mapping[str, Mapping[str, float]]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.level != "error" for finding in self.findings)

    def stops(self, conflicts: Conflicts = "refuse") -> tuple[Finding, ...]:
        """The findings at which training would stop.

        Args:
            conflicts: what becomes of contradictory labels; where they are not refused they stop nothing.
        """
        settled = () if conflicts == "refuse" else (CONTRADICTIONS,)
        return tuple(one for one in self.findings if one.level == "error" and one.name not in settled)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {"ok": self.ok, **asdict(self)}
