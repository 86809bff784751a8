"""The cause of a resolved incident as people recorded it: what an answer to the incident is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onrecall.calibration.labelled_answers import JudgedBy
from onrecall.domain.cause_label import names_cause, normalize_label
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.markdown_page import fold_words
from onrecall.domain.recommendation import Recommendation
from onrecall.pipeline.learn import is_same_cause


@dataclass(frozen=True, slots=True)
class CauseJudgement:
    """Whether an answer named the true cause, and what that rests on."""

    right: bool
    by: JudgedBy | None
    """None if the answer named no cause."""


@dataclass(frozen=True, slots=True)
class ResolvedCause:
    """The resolution of an incident, and the incidents that people or alerts linked it to."""

    resolution: Resolution
    linked: Mapping[str, Incident] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Cause labels by incident, as they are now: people label incidents after an answer was taken from them, too."""

    def judge(self, answer: Recommendation) -> CauseJudgement:
        """Return whether an answer named this cause: by links, else by labels, else by the wording alone.

        An answer that takes its cause from a linked incident named it, whatever the labels are. A label on one side
        decides if the cause on the other side has all its words. Without a label or link to go by, another wording
        counts as another cause, so that no more is claimed than is known.
        """
        if answer.cause is None:
            return CauseJudgement(right=False, by=None)
        origins = find_origins(answer)
        if not self.linked.keys().isdisjoint(origins):
            return CauseJudgement(right=True, by="link")
        label = next((self.labels[name] for name in origins if name in self.labels), answer.cause_label)
        if label and self.resolution.cause:
            is_same = normalize_label(label) == normalize_label(self.resolution.cause)
            return CauseJudgement(right=is_same, by="label")
        if names_cause(answer.cause, self.resolution.cause) or names_cause(self.resolution.root_cause, label):
            return CauseJudgement(right=True, by="label")
        is_same = fold_words(answer.cause) == fold_words(self.resolution.root_cause)
        return CauseJudgement(right=is_same, by="link" if self.linked and not is_same else "wording")

    def rank_in(self, answer: Recommendation) -> int:
        """Return the rank of the first shown incident of this cause, counted from 1; 0 if none was shown.

        The one that a right answer took its cause from is of this cause, whatever the labels of both are.
        """
        origin = find_origins(answer)[:1] if self.judge(answer).right else ()
        incidents = [evidence for evidence in answer.evidence if evidence.kind == "incident"]
        ranks = enumerate(incidents, start=1)
        return next((n for n, evidence in ranks if evidence.id in origin or self._is_cause_of(evidence)), 0)

    def is_on_record(self, answer: Recommendation) -> bool:
        """Return whether links or evidence show an incident of this cause that was resolved before the answer."""
        resolutions = (incident.resolution for incident in self.linked.values())
        return self.rank_in(answer) > 0 or any(known and known.at <= answer.created_at for known in resolutions)

    def _is_cause_of(self, evidence: Evidence) -> bool:
        if not self.linked.keys().isdisjoint((evidence.id, *evidence.family)):
            return True
        return evidence.resolution is not None and is_same_cause(evidence.resolution, self.resolution)


def find_origins(answer: Recommendation) -> tuple[str, ...]:
    """Return the incident that the answer's cause is cited from, and after it the others of its family.

    Without a citation, that is the first incident shown; an answer without a cause has none.
    """
    if answer.cause is None:
        return ()
    incidents = [evidence for evidence in answer.evidence if evidence.kind == "incident"]
    cited = answer.cause_citation.evidence_id if answer.cause_citation else None
    origin = next((evidence for evidence in incidents if cited in (None, evidence.id, evidence.report_id)), None)
    return (origin.id, *origin.family) if origin else ()
