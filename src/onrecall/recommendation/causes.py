"""Causes: which of them the evidence speaks for, and how strongly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.domain import markdown_page as page
from onrecall.domain.evidence import Citation, Evidence, TrackRecord
from onrecall.recommendation.sanitize import quote, sentence
from onrecall.recommendation.text_similarity import extract_stems, jaccard_similarity, normalize_label

SAME_CAUSE_SIMILARITY = 0.7
"""Minimum word overlap (Jaccard) at which two root causes without labels count as the same cause."""
SCORE_TEMPERATURE = 0.1
"""Evidence this much weaker than the best weighs e times less, so many weak matches never outvote a strong one."""
AGREEMENT_DECAY = 0.5
"""Each further incident of the same cause adds this share of what the one before it added."""
MAX_FAMILY_VOTES = 9
"""Maximum number of members of a recurring family that count as agreement."""
TRACK_RECORD_INFLUENCE = 0.15
"""Maximum relative change of a weight by the track record, up or down; without a record there is none."""
_HEADING = "## Root cause"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A cause, and the evidence that speaks for it, strongest first."""

    label: str | None
    evidence: tuple[Evidence, ...]
    weight: float

    @property
    def best(self) -> Evidence:
        """The strongest piece of evidence."""
        return self.evidence[0]

    @property
    def score(self) -> float:
        """The best match of its evidence with the situation."""
        return max(piece.score for piece in self.evidence)

    @property
    def probability(self) -> float | None:
        """The probability that any of its evidence is the right precedent; None if it was not estimated."""
        chances = [piece.probability for piece in self.evidence if piece.probability is not None]
        return min(1.0, sum(chances)) if chances else None

    @property
    def last_seen(self) -> float:
        """When the newest of its incidents was resolved, in Unix time."""
        return max(piece.resolution.at.timestamp() for piece in self.evidence if piece.resolution)

    @property
    def sentence(self) -> str | None:
        """The cause in the words of its best evidence; None where what fixed it is on record and the cause is not."""
        return next((text for piece in self.evidence if (text := cause_text(piece))), None)

    @property
    def citation(self) -> Citation | None:
        """The citation of that sentence."""
        return next((cite_cause(piece) for piece in self.evidence if cause_text(piece)), None)

    @property
    def name(self) -> str:
        """The cause in as few words as there are for it."""
        if self.label:
            return label_to_text(self.label)
        return sentence(self.sentence or f"a cause that is not on record ({self.best.id} “{self.best.title}”)", 120)


def has_usable_resolution(evidence: Evidence) -> bool:
    """Return whether a person confirmed its resolution, and it names a cause or a step that worked."""
    resolution = evidence.resolution
    if resolution is None or not resolution.confirmed:
        return False
    return bool(cause_text(evidence)) or any(step.outcome == "worked" for step in resolution.steps)


def cause_text(evidence: Evidence) -> str:
    """Return the root cause on record, or else its label in words."""
    resolution = evidence.resolution
    if resolution is None:
        return ""
    return sentence(resolution.root_cause) or label_to_text(resolution.cause or "")


def cite_cause(evidence: Evidence) -> Citation | None:
    """Cite the line that states the root cause; None if only a label names it."""
    if evidence.incident is None or not evidence.resolution or not sentence(evidence.resolution.root_cause):
        return None
    if (
        in_report := cite_report(evidence, evidence.resolution.root_cause_line, evidence.resolution.root_cause)
    ) is not None:
        return in_report
    lines = iter(page.numbered_lines(evidence.incident))
    for line in lines:
        if line.part == "resolution" and line.text == _HEADING:
            break
    return next((Citation(evidence.id, quoted, line.number) for line in lines if (quoted := quote(line.text))), None)


def cite_report(evidence: Evidence, line: int | None, statement: str) -> Citation | None:
    """Cite the line of the postmortem that makes the statement; None if there is none or the line has changed since."""
    if evidence.report is None or line is None:
        return None
    lines = evidence.report.text.splitlines()
    receipt = quote(lines[line - 1]) if line <= len(lines) else ""
    shared = frozenset(extract_stems(receipt)) & frozenset(extract_stems(statement))
    return Citation(evidence.report.id, receipt, line, incident=evidence.id) if shared else None


def label_to_text(label: str) -> str:
    """Return a label as words, without dashes and underscores."""
    return sentence(label.replace("-", " ").replace("_", " "))


def normalized_label(evidence: Evidence) -> str:
    """Return the cause's label in the form it is compared in: case, blanks and punctuation make no difference."""
    return normalize_label(evidence.resolution.cause or "") if evidence.resolution else ""


def rank_causes(evidence: Sequence[Evidence]) -> tuple[Hypothesis, ...]:
    """Return the causes that the evidence speaks for, likeliest first; of equals the one that was seen last."""
    usable = [piece for piece in evidence if has_usable_resolution(piece)]
    top = max((piece.score for piece in usable), default=0.0)
    hypotheses = [_to_hypothesis(group, top) for group in _group_by_cause(usable)]
    return tuple(sorted(hypotheses, key=lambda hypothesis: (-hypothesis.weight, -hypothesis.last_seen)))


def _group_by_cause(usable: list[Evidence]) -> list[list[Evidence]]:
    """Group evidence by cause: by label, and without a label by the words of the root cause."""
    labelled: dict[str, list[Evidence]] = {}
    for piece in usable:
        if label := normalized_label(piece):
            labelled.setdefault(label, []).append(piece)
    groups = list(labelled.values())
    for piece in usable:
        if not normalized_label(piece):
            cause_words = _cause_words(piece)
            matching_group = next(
                (
                    group
                    for group in groups
                    if any(_is_same_cause(cause_words, _cause_words(member)) for member in group)
                ),
                None,
            )
            if matching_group is None:
                groups.append([piece])
            else:
                matching_group.append(piece)
    return groups


def _cause_words(evidence: Evidence) -> frozenset[str]:
    return frozenset(extract_stems(cause_text(evidence)))


def _is_same_cause(first: frozenset[str], second: frozenset[str]) -> bool:
    if min(len(first), len(second)) < 3:
        return bool(first) and first == second
    return jaccard_similarity(first, second) >= SAME_CAUSE_SIMILARITY


def _to_hypothesis(group: list[Evidence], top: float) -> Hypothesis:
    weighted = sorted(((_evidence_weight(piece, top), piece) for piece in group), key=lambda pair: -pair[0])
    votes = [weight for weight, piece in weighted for _ in range(1 + min(len(piece.family), MAX_FAMILY_VOTES))]
    label = next((piece.resolution.cause for _, piece in weighted if piece.resolution and piece.resolution.cause), None)
    return Hypothesis(
        label=sentence(label) if label else None,
        evidence=tuple(piece for _, piece in weighted),
        weight=sum(vote * AGREEMENT_DECAY**position for position, vote in enumerate(votes)),
    )


def _evidence_weight(evidence: Evidence, top: float) -> float:
    return evidence.score * math.exp((evidence.score - top) / SCORE_TEMPERATURE) * _track_record_factor(evidence.record)


def _track_record_factor(record: TrackRecord) -> float:
    """Return a factor around 1 from how often advice based on it helped, smoothed while there are few outcomes."""
    helped = (record.worked + 1) / (record.worked + record.failed + 2)
    return 1 + TRACK_RECORD_INFLUENCE * (2 * helped - 1)
