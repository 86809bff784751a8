"""Causes: which of them the evidence speaks for, and how strongly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.domain import markdown_page as page
from onrecall.domain.incident import Citation, Evidence, TrackRecord
from onrecall.recommendation.sanitize import quote, sentence
from onrecall.recommendation.text_similarity import alike, squash, words

SAME_TEXT = 0.7
"""The share of words from which on two root causes without a common label are one."""
SCORE_TEMPERATURE = 0.1
"""Evidence this much weaker than the best counts e times less, so that many weak matches never outvote a strong one."""
AGREEMENT_DECAY = 0.5
"""Each further incident of the same cause adds this share of what the one before it added."""
MOST_FAMILY = 9
"""Members of a recurring family that count as agreement."""
TRACK = 0.15
"""How far a track record moves a weight at most, up or down; with no record it moves nothing."""
_HEADING = "## Root cause"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A cause, and the evidence that speaks for it, strongest first."""

    label: str | None
    evidence: tuple[Evidence, ...]
    weight: float

    @property
    def best(self) -> Evidence:
        """What speaks for it most."""
        return self.evidence[0]

    @property
    def score(self) -> float:
        """The best match of its evidence with the situation."""
        return max(one.score for one in self.evidence)

    @property
    def probability(self) -> float | None:
        """The chance that any of its evidence is the right precedent; None where that is not estimated."""
        chances = [one.probability for one in self.evidence if one.probability is not None]
        return min(1.0, sum(chances)) if chances else None

    @property
    def last_seen(self) -> float:
        """When the newest of its incidents was resolved, in Unix time."""
        return max(piece.resolution.at.timestamp() for piece in self.evidence if piece.resolution)

    @property
    def sentence(self) -> str | None:
        """The cause in the words of its best evidence; None where what fixed it is on record and the cause is not."""
        return next((said for one in self.evidence if (said := cause_of(one))), None)

    @property
    def citation(self) -> Citation | None:
        """Where that sentence stands."""
        return next((cited(one) for one in self.evidence if cause_of(one)), None)

    @property
    def name(self) -> str:
        """The cause in as few words as there are for it."""
        if self.label:
            return label_to_text(self.label)
        return sentence(self.sentence or f"a cause that is not on record ({self.best.id} “{self.best.title}”)", 120)


def has_usable_resolution(evidence: Evidence) -> bool:
    """Return whether it is evidence for a cause: a person stands for a cause, or for a step that worked."""
    resolution = evidence.resolution
    if resolution is None or not resolution.confirmed:
        return False
    return bool(cause_of(evidence)) or any(step.outcome == "worked" for step in resolution.steps)


def cause_of(evidence: Evidence) -> str:
    """The root cause on record, or else its label in words."""
    resolution = evidence.resolution
    if resolution is None:
        return ""
    return sentence(resolution.root_cause) or label_to_text(resolution.cause or "")


def cited(evidence: Evidence) -> Citation | None:
    """Where the root cause is told; None where only a label names it."""
    if evidence.incident is None or not evidence.resolution or not sentence(evidence.resolution.root_cause):
        return None
    if (
        in_report := cited_in_report(evidence, evidence.resolution.root_cause_line, evidence.resolution.root_cause)
    ) is not None:
        return in_report
    told = iter(page.numbered_lines(evidence.incident))
    for line in told:
        if line.part == "resolution" and line.text == _HEADING:
            break
    return next((Citation(evidence.id, quoted, line.number) for line in told if (quoted := quote(line.text))), None)


def cited_in_report(evidence: Evidence, line: int | None, said: str) -> Citation | None:
    """The line of the postmortem that says it; None without one, or where that line says something else by now."""
    if evidence.report is None or line is None:
        return None
    lines = evidence.report.text.splitlines()
    receipt = quote(lines[line - 1]) if line <= len(lines) else ""
    shared = frozenset(words(receipt)) & frozenset(words(said))
    return Citation(evidence.report.id, receipt, line, incident=evidence.id) if shared else None


def label_to_text(label: str) -> str:
    """A label as people say it."""
    return sentence(label.replace("-", " ").replace("_", " "))


def label_of(evidence: Evidence) -> str:
    """The cause's label as it is compared: `Connection_Pool exhaustion` is `connection-pool-exhaustion`."""
    return squash(evidence.resolution.cause or "") if evidence.resolution else ""


def rank(evidence: Sequence[Evidence]) -> tuple[Hypothesis, ...]:
    """Return the causes that the evidence speaks for, likeliest first; of equals the one that was seen last."""
    usable = [piece for piece in evidence if has_usable_resolution(piece)]
    top = max((piece.score for piece in usable), default=0.0)
    hypotheses = [_hypothesis(group, top) for group in _groups(usable)]
    return tuple(sorted(hypotheses, key=lambda hypothesis: (-hypothesis.weight, -hypothesis.last_seen)))


def _groups(speaking: list[Evidence]) -> list[list[Evidence]]:
    """Evidence of the same cause together: by label, and where there is none, by what the root cause says."""
    labelled: dict[str, list[Evidence]] = {}
    for one in speaking:
        if label := label_of(one):
            labelled.setdefault(label, []).append(one)
    groups = list(labelled.values())
    for one in speaking:
        if not label_of(one):
            said = _said(one)
            home = next((group for group in groups if any(_same(said, _said(other)) for other in group)), None)
            if home is None:
                groups.append([one])
            else:
                home.append(one)
    return groups


def _said(evidence: Evidence) -> frozenset[str]:
    return frozenset(words(cause_of(evidence)))


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    if min(len(one), len(other)) < 3:
        return bool(one) and one == other
    return alike(one, other) >= SAME_TEXT


def _hypothesis(group: list[Evidence], top: float) -> Hypothesis:
    weighed = sorted(((_weight(one, top), one) for one in group), key=lambda pair: -pair[0])
    votes = [weight for weight, one in weighed for _ in range(1 + min(len(one.family), MOST_FAMILY))]
    label = next((one.resolution.cause for _, one in weighed if one.resolution and one.resolution.cause), None)
    return Hypothesis(
        label=sentence(label) if label else None,
        evidence=tuple(one for _, one in weighed),
        weight=sum(vote * AGREEMENT_DECAY**place for place, vote in enumerate(votes)),
    )


def _weight(evidence: Evidence, top: float) -> float:
    return evidence.score * math.exp((evidence.score - top) / SCORE_TEMPERATURE) * _track(evidence.record)


def _track(record: TrackRecord) -> float:
    """How often advice that rested on it helped, drawn towards one half while there is little to go by."""
    helped = (record.worked + 1) / (record.worked + record.failed + 2)
    return 1 + TRACK * (2 * helped - 1)
