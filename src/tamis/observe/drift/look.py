"""A look: decisions of now held against a baseline, all measures and segments as one family, and what alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tamis.evaluate.family import benjamini_hochberg, holm
from tamis.observe.drift.baseline import Baseline
from tamis.observe.drift.checks import CHECKS, Check, Checked
from tamis.observe.drift.options import LookOptions
from tamis.observe.drift.sample import Sample
from tamis.observe.events import Decided

USUAL = LookOptions()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of all decisions, or of a segment's.

    Attributes:
        measure: the check.
        segment: empty for all.
        statistic: on the check's own scale.
        p: how often chance alone gives as much; None where no chance is involved.
        adjusted: the same after Holm's correction over the measures of this segment.
        effect: size of the change.
        alarm: whether it is no chance, and large enough.
        sentence: the same in words.
    """

    measure: str
    segment: str
    statistic: float
    p: float | None
    adjusted: float
    effect: float
    alarm: bool
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found.

    Attributes:
        findings: all checks, of all decisions first, then by segment.
        decisions: how many were looked at.
        enough: whether they were enough to say anything.
        baseline: digest of the baseline.
        sentence: the whole in words.
    """

    findings: tuple[Finding, ...]
    decisions: int
    enough: bool
    baseline: str
    sentence: str

    @property
    def alarm(self) -> bool:
        """Whether anything alarms."""
        return any(finding.alarm for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The look as JSON values."""
        findings = [finding.as_json() for finding in self.findings]
        known = {"decisions": self.decisions, "enough": self.enough, "baseline": self.baseline}
        return {"alarm": self.alarm, "sentence": self.sentence, **known, "findings": findings}


def look(baseline: Baseline, decisions: Sequence[Decided], options: LookOptions = USUAL) -> Look:
    """Hold decisions that no look took before against a baseline.

    The measures of all decisions are one family (Holm). Segments are tested by their smallest adjusted p-value
    (Benjamini and Hochberg), and within those that stand out, measures at the level that the number of such segments
    leaves (Benjamini and Bogomolov, JRSS B 2014). Both halves share the level. An alarm also takes an effect of the
    least size. Another scorer is an alarm at once.

    Args:
        baseline: how decisions were.
        decisions: how they are: all are taken.
        options: when to alarm.

    >>> from tamis.observe.events import Placed
    >>> def drawn(scores):
    ...     return [Decided(f"r{n}", items=(Placed("a", float(s), position=1),)) for n, s in enumerate(scores)]
    >>> kept = Baseline.of(drawn(range(1000)))
    >>> look(kept, drawn(range(0, 1000, 5))).alarm, look(kept, drawn(range(500, 1000, 2))).alarm
    (False, True)
    """
    now = Sample.of(decisions, seed=options.seed)
    findings = list(_scorer(baseline.sample, now))
    enough = len(decisions) >= options.window
    if enough:
        names = _segments(baseline.sample, now, options)
        level = options.level / 2 if names else options.level
        findings += _judged(_run(baseline, now, options), "", level, options)
        findings += _of_segments(baseline, now, names, level, options)
    return Look(
        tuple(findings), len(decisions), enough, baseline.digest, _sentence(findings, len(decisions), enough, options)
    )


def joined(found: Look, finding: Finding, options: LookOptions = USUAL) -> Look:
    """A look with one more finding, told of by others than its own checks."""
    findings = (*found.findings, finding)
    return replace(found, findings=findings, sentence=_sentence(findings, found.decisions, found.enough, options))


def _run(baseline: Baseline, now: Sample, options: LookOptions, segment: str = "") -> list[tuple[Check, Checked]]:
    then = baseline.sample.of_segment(segment) if segment else baseline.sample
    sample = now.of_segment(segment) if segment else now
    found = ((check, check.run(then, sample, options, baseline.promised)) for check in CHECKS)
    return [(check, checked) for check, checked in found if checked is not None]


def _judged(found: list[tuple[Check, Checked]], segment: str, level: float, options: LookOptions) -> list[Finding]:
    adjusted = holm([checked.p for _, checked in found]).tolist()
    return [
        Finding(
            check.name,
            segment,
            checked.statistic,
            checked.p,
            p,
            checked.effect,
            p <= level and checked.effect >= check.least(options),
            checked.words,
        )
        for (check, checked), p in zip(found, adjusted, strict=True)
    ]


def _of_segments(
    baseline: Baseline, now: Sample, names: Sequence[str], level: float, options: LookOptions
) -> list[Finding]:
    """Segments that stand out first, then the measures within them."""
    found = [(name, run) for name in names if (run := _run(baseline, now, options, name))]
    if not found:
        return []
    smallest = [float(holm([checked.p for _, checked in run]).min()) for _, run in found]
    chosen = benjamini_hochberg(smallest) <= level
    within = level * int(chosen.sum()) / len(found)
    return [
        finding
        for (name, run), one in zip(found, chosen.tolist(), strict=True)
        for finding in _judged(run, name, within if one else -1.0, options)
    ]


def _segments(then: Sample, now: Sample, options: LookOptions) -> list[str]:
    """Segments that both hold often enough; none where all are of one."""
    names = sorted(set(now.segments) - {""})
    often = [name for name in names if min(then.segments.count(name), now.segments.count(name)) >= options.segment]
    return often if len(set(now.segments)) > 1 else []


def _scorer(then: Sample, now: Sample) -> list[Finding]:
    new = [name for name in now.scorers if name not in then.scorers]
    if not new or not then.scorers:
        return []
    words = f"scores come from another scorer ({new[0]:.40}) than the baseline's ({then.scorers[0]:.40})"
    return [Finding("scorer", "", float(len(new)), None, 0.0, 1.0, True, words)]


def _sentence(findings: Sequence[Finding], decisions: int, enough: bool, options: LookOptions) -> str:
    alarms = [
        finding.sentence + (f" in the segment {finding.segment!r}" if finding.segment else "")
        for finding in findings
        if finding.alarm
    ]
    if alarms:
        return f"changed, by {decisions:,} decisions: " + "; ".join(alarms)
    if not enough:
        return f"too few decisions to look at: {decisions:,}, and a look takes {options.window:,}"
    return f"nothing that matters has changed, by {decisions:,} decisions"
