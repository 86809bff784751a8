"""Calibration: label answers by their outcomes, fit the calibration model, and attach confidence to answers."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from onrecall.backtest.learning_curve import LearningCurve
from onrecall.calibration import model as curve
from onrecall.calibration import novelty, prior
from onrecall.calibration.labelled_answers import LabelledAnswer
from onrecall.calibration.model import CalibrationModel, NotMeasured
from onrecall.calibration.trust_summary import TrustSummary, summarize_trust
from onrecall.domain.cause_label import normalized_cause
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Advice, Confidence, Recommendation, RecommendationOutcome
from onrecall.pipeline.resolved_cause import CauseJudgement, ResolvedCause, find_origins
from onrecall.recommendation import Thresholds
from onrecall.storage import Storage, StoredVerdict
from onrecall.storage.trust import LIVE_BASIS

SHIPPED = Thresholds()
NO_CAUSE = "not measured on your incidents for answers that name no cause"
SUMMARIZED = 5000
"""Labelled answers that a summary is computed from: the newest replayed ones, and as many judged live."""
JUDGED_AGAIN = 500
"""Newest live answers that are judged anew after labels changed."""
GROWTH = 0.05
"""Refit when the number of labelled answers has grown by this share."""


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """The current calibration model, or the reason there is none, and the verdict thresholds."""

    version: int
    curve: CalibrationModel | NotMeasured
    thresholds: Thresholds = SHIPPED
    apart: float = 0.0
    """Required margin of the best evidence over the rest to count as seen; 0 disables the check."""
    learning: LearningCurve | None = None
    """Learning curve of the last backtest over this store."""

    def is_below_margin(self, features: Mapping[str, float]) -> bool:
        """Return whether the evidence stands out too little to count as seen."""
        return features.get("apart", 1.0) < self.apart

    def confidence(
        self, features: Mapping[str, float], evidence: Sequence[Evidence], advice: Advice
    ) -> tuple[Confidence | None, str | None]:
        """Return the confidence by the own model, or by the public prior with the reason for falling back.

        Returns no confidence only if there is no evidence at all, or nothing was seen before.
        """
        own = self._own(features, evidence, advice)
        if isinstance(own, Confidence):
            return own, None
        public = prior.load_shipped().confidence(evidence, advice)
        return (public, own.reason) if isinstance(public, Confidence) else (None, public.reason)

    def _own(
        self, features: Mapping[str, float], evidence: Sequence[Evidence], advice: Advice
    ) -> Confidence | NotMeasured:
        """Return what the own history says of an answer that claims what it was counted on.

        People judge the cause that was named. A replay also judges the incident that an answer without one rests on.
        """
        if isinstance(self.curve, NotMeasured):
            return self.curve
        incidents = {item.id for item in evidence if item.kind == "incident"}
        is_counted = advice.cause is not None or (self.curve.basis == "backtest" and incidents & set(advice.rests_on))
        return self.curve.confidence(features) if is_counted else NotMeasured(NO_CAUSE)


class Calibration(Protocol):
    """Says how far answers can be trusted, and hears how incidents were resolved."""

    def measured(self) -> CalibrationState:
        """Return the newest calibration state."""

    def record_resolution(self, incident: Incident, answers: Sequence[Recommendation], now: datetime) -> None:
        """Learn from a confirmed resolution whether the first answer was right."""

    def judge_again(self, now: datetime) -> int:
        """Judge anew what labels decide, after people changed labels; returns how many judgements changed."""


class Uncalibrated:
    """The calibration of a memory whose answers are not stored: nothing is measured or learned."""

    def __init__(self) -> None:
        self._state = CalibrationState(0, curve.fit(()))

    def measured(self) -> CalibrationState:
        """Return the state before anything was measured."""
        return self._state

    def record_resolution(self, incident: Incident, answers: Sequence[Recommendation], now: datetime) -> None:
        """Ignore: there are no answers to label."""

    def judge_again(self, now: datetime) -> int:  # noqa: ARG002
        """Return 0: there are no judgements."""
        return 0


class CalibrationService:
    """Provides calibrated confidence and learns it from the outcomes of answers."""

    def __init__(self, store: Storage) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._measured = CalibrationState(0, curve.fit(()))

    def measured(self) -> CalibrationState:
        """Return the newest calibration state, which another process may have fitted."""
        version = self._store.curves.newest_version()
        if version != self._measured.version:
            with self._lock:
                self._measured = self._read()
        return self._measured

    def record_resolution(self, incident: Incident, answers: Sequence[Recommendation], now: datetime) -> None:
        """Label the first answer to an incident by its confirmed resolution and its links to other incidents."""
        if answers:
            first = min(answers, key=lambda answer: answer.created_at)
            self._learn(self._label_by_resolution(incident, first, self._labels_of(find_origins(first))), now)

    def judge_again(self, now: datetime) -> int:
        """Judge anew the newest answers whose judgement rests on labels or wording, after people changed labels.

        At most `JUDGED_AGAIN` of them: people wait for it. Returns how many judgements changed.
        """
        changed = list(self._changed_verdicts())
        for verdict in changed:
            self._store.verdicts.save(verdict)
        if changed:
            self.fit(now)
        return len(changed)

    def _changed_verdicts(self) -> Iterator[StoredVerdict]:
        newest = self._store.verdicts.newest(JUDGED_AGAIN, (LIVE_BASIS,))
        resting = {verdict.incident: verdict for verdict in newest if _rests_on_labels(verdict)}
        incidents = self._store.records.get([("incident", name) for name in resting])
        answers = self._store.recommendations.first_of_incidents(resting)
        labels = self._labels_of({name for answer in answers.values() for name in find_origins(answer)})
        for name, before in resting.items():
            incident, first = incidents.get(("incident", name)), answers.get(name)
            if isinstance(incident, Incident) and first is not None:  # else erased meanwhile
                labelled = self._label_by_resolution(incident, first, labels)
                if labelled is not None and (verdict := _to_store(labelled)) != before:
                    yield verdict

    def _learn(self, labelled: LabelledAnswer | None, now: datetime) -> None:
        """Store the label, if there is one, and refit when there are enough new ones."""
        if labelled is not None:
            self._store.verdicts.save(_to_store(labelled))
            self._refit_when_due(now)

    def _label_by_resolution(
        self, incident: Incident, first: Recommendation, labels: Mapping[str, str]
    ) -> LabelledAnswer | None:
        """Return the first answer to an incident, labelled; None without a confirmed resolution to judge it by.

        `labels` are the present ones of the incidents that the answer took its cause from.
        """
        if incident.resolution is None or not incident.resolution.confirmed:
            return None
        truth = ResolvedCause(incident.resolution, self._linked_to(incident), labels)
        known = truth.is_on_record(first) or self._is_cause_known(incident, first.created_at)
        labelled = self._label(incident, first, truth.judge(first), known)
        return labelled and replace(labelled, place=truth.rank_in(first) if known else None)

    def _labels_of(self, incidents: Iterable[str]) -> Mapping[str, str]:
        """Return the cause labels that incidents have by now."""
        records = self._store.records.get([("incident", name) for name in incidents])
        return {
            name: record.resolution.cause
            for (_, name), record in records.items()
            if isinstance(record, Incident)
            and normalized_cause(record)
            and record.resolution
            and record.resolution.cause
        }

    def _linked_to(self, incident: Incident) -> Mapping[str, Incident]:
        """Return the incidents on record that share the cause by links, directly or through one another."""
        linked: dict[str, Incident] = {}
        layer = {link.incident for link in incident.links}
        while layer := layer - linked.keys() - {incident.id}:
            records = self._store.records.get([("incident", name) for name in layer])
            targets = [record for record in records.values() if isinstance(record, Incident)]
            linked |= {target.id: target for target in targets}
            layer = {link.incident for target in targets for link in target.links}
        return linked

    def record_rating(self, incident: Incident, answer: Recommendation, outcome: RecommendationOutcome) -> None:
        """Label an answer by a rating; a later resolution overrides it."""
        if incident.resolution is None and answer.cause is not None:
            judgement = CauseJudgement(right=outcome.verdict == "helped", by="rating")
            self._learn(
                self._label(incident, answer, judgement, self._is_cause_known(incident, answer.created_at)), outcome.at
            )

    def record_replay(
        self, judged: Sequence[LabelledAnswer], now: datetime, learned: LearningCurve | None = None
    ) -> CalibrationState:
        """Replace the labelled answers of the last backtest and refit."""
        self._store.verdicts.replace("backtest", [_to_store(answer) for answer in judged])
        return self._fit(now, learned.to_json() if learned else None)

    def fit(self, now: datetime) -> CalibrationState:
        """Refit on all labelled answers; past recommendations keep their confidence."""
        newest = self._store.curves.newest()
        return self._fit(now, newest.body.get("learning") if newest else None)

    def _fit(self, now: datetime, learned: Mapping[str, Any] | None) -> CalibrationState:
        judged = tuple(_from_store(verdict) for verdict in self._store.verdicts.all())
        fitted = curve.fit(judged)
        split = novelty.choose_thresholds(judged, SHIPPED.similar, SHIPPED.known)
        body = {
            "judged": len(judged),
            "curve": None if isinstance(fitted, NotMeasured) else fitted.to_json(),
            "reason": fitted.reason if isinstance(fitted, NotMeasured) else None,
            "similar": split.similar,
            "known": split.known,
            "apart": split.apart,
            "learning": learned,
        }
        newest = self._store.curves.newest()
        if newest is None or newest.body != body:
            self._store.curves.save(body, now)
        return self.measured()

    def summary(self) -> TrustSummary:
        """Return all figures that can be computed from the newest labelled answers."""
        measured = self.measured()
        at = measured.thresholds
        verdicts = self._store.verdicts.newest(SUMMARIZED)
        summary = summarize_trust(map(_from_store, verdicts), at.similar, at.known, measured.learning)
        return replace(summary, left_out=self._store.verdicts.count() - len(verdicts))

    def _is_cause_known(self, incident: Incident, at: datetime) -> bool | None:
        """Return whether an earlier incident had the same cause label; None without a label."""
        label = incident.resolution.cause if incident.resolution else None
        return self._store.verdicts.cause_known(label, at, incident.id) if label else None

    def _label(
        self, incident: Incident, answer: Recommendation, judgement: CauseJudgement, known: bool | None
    ) -> LabelledAnswer | None:
        """Return the answer with its label; None where it has nothing to learn from.

        `known` says whether an earlier incident had the same cause; None: nobody knows.
        """
        if not answer.features:
            return None
        return LabelledAnswer(
            at=answer.created_at,
            features=answer.features,
            right=judgement.right,
            known=known,
            verdict=answer.verdict,
            basis=LIVE_BASIS,
            incident=incident.id,
            service=incident.service,
            origin=incident.resolution.cause_origin if incident.resolution else None,
            judged_by=judgement.by,
        )

    def _refit_when_due(self, now: datetime) -> None:
        newest = self._store.curves.newest()
        fitted_count = int(newest.body["judged"]) if newest else 0
        if self._store.verdicts.count() - fitted_count >= max(1, GROWTH * fitted_count):
            self.fit(now)

    def _read(self) -> CalibrationState:
        newest = self._store.curves.newest()
        if newest is None:
            return CalibrationState(0, curve.fit(()))
        thresholds = SHIPPED.measured(newest.body["similar"], newest.body["known"])
        learned = newest.body.get("learning")
        return CalibrationState(
            newest.version,
            _curve_from_json(newest.body),
            thresholds,
            newest.body.get("apart", 0.0),
            LearningCurve.of_plain(learned) if learned else None,
        )


def with_public_confidence(answer: Recommendation) -> Recommendation:
    """Return the answer with the confidence of the public prior if it has none; its reason is kept.

    An answer that is less sure with it than `known` asks for is only similar.
    """
    if answer.confidence is not None:
        return answer
    public = prior.load_shipped().confidence(answer.evidence, answer)
    if not isinstance(public, Confidence):
        return answer
    if answer.verdict != "known" or public.probability >= SHIPPED.sure:
        return replace(answer, confidence=public)
    reason = f"similar only, because {answer.confidence_reason}; {answer.verdict_reason}"
    return replace(answer, confidence=public, verdict="similar", verdict_reason=reason)


def _curve_from_json(body: Mapping[str, str]) -> CalibrationModel | NotMeasured:
    if body["curve"] is None:
        return NotMeasured(body["reason"])
    try:
        return CalibrationModel.from_json(body["curve"])
    except Invalid as error:
        return NotMeasured(f"not measured: {error}")


def _rests_on_labels(verdict: StoredVerdict) -> bool:
    """Return whether an answer was judged by labels, or by the wording for want of them."""
    return verdict.body.get("judged_by") in ("label", "wording")


def _to_store(judged: LabelledAnswer) -> StoredVerdict:
    body = {
        "features": dict(judged.features),
        "right": judged.right,
        "known": judged.known,
        "verdict": judged.verdict,
        "service": judged.service,
        "place": judged.place,
        "origin": judged.origin,
        "judged_by": judged.judged_by,
    }
    return StoredVerdict(judged.basis, judged.incident, judged.at, body)


def _from_store(judgement: StoredVerdict) -> LabelledAnswer:
    return LabelledAnswer(at=judgement.at, basis=judgement.basis, incident=judgement.incident, **judgement.body)
