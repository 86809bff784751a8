"""Answer waiting incidents, each by one worker at a time under a lease that expires if the worker dies."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.domain.spans import span
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.group_alerts import GroupingTimers
from onrecall.pipeline.recommend import Recommender
from onrecall.recommendation import step_key
from onrecall.storage import Storage
from onrecall.storage.holder_names import new_holder

RENEW_SECONDS = 3.0
CLOCK_TOLERANCE = timedelta(minutes=5)
"""A change this long after the first alert may have preceded it: clocks differ, and alerts are delayed."""
MAX_QUESTION_CHARS = 300
"""Characters of a question that are stored with its answer."""
MAX_SERVICES = 5
"""Look up change events for at most this many services of an alert storm."""


class RecommendationWorker:
    """Makes recommendations for incidents under a lease."""

    def __init__(
        self,
        store: Storage,
        advisor: Recommender,
        clock: Callable[[], datetime],
        timers: GroupingTimers,
    ) -> None:
        self._store = store
        self._advisor = advisor
        self._clock = clock
        self._timers = timers
        self.worker = new_holder()
        """Identifier under which this worker holds leases."""

    def answer_due(self, limit: int) -> int:
        """Answer due incidents, oldest first; returns how many were answered."""
        answered = 0
        while answered < limit and (incident := self._store.answer_leases.acquire(self.worker, self._clock())):
            self._answer(incident)
            answered += 1
        return answered

    def answer(self, incident_id: str) -> Recommendation:
        """Answer one incident now, whether it is due or not."""
        incident = self._store.incidents.get(incident_id)
        if self._store.answer_leases.acquire(self.worker, self._clock(), incident_id) and (
            stored := self._answer(incident_id)
        ):
            return stored
        answer, keys = self._recommend(incident)
        return self._store.recommendations.save(answer, keys)

    def decide(self, situation: Situation, limit: int) -> Recommendation:
        """Answer a situation without an incident and store the answer."""
        answer = self._advisor.answer(situation, limit=limit)
        keys = [step_key(step.text, step.command) for step in answer.steps]
        context = {**situation.labels, **({"service": situation.service} if situation.service else {})}
        stored_answer = replace(answer, asked=situation.text[:MAX_QUESTION_CHARS], asked_context=context)
        return self._store.recommendations.save(stored_answer, keys)

    def _answer(self, incident_id: str) -> Recommendation | None:
        with span("answer incident", {"onrecall.incident": incident_id}), self._lease(incident_id):
            answer, keys = self._recommend(self._store.incidents.get(incident_id))
            now = self._clock()
            return self._store.answer_leases.complete(
                self.worker, incident_id, answer, keys, now, self._timers.group_interval
            )

    def _recommend(self, incident: Incident) -> tuple[Recommendation, list[str]]:
        _, alerts_by_incident = self._store.grouping.alerts_by_incident([incident.id])
        alerts = alerts_by_incident[incident.id].alerts
        services = dict.fromkeys(alert.alert.service for alert in alerts) if alerts else {incident.service: None}
        named_services = [service for service in services if service][:MAX_SERVICES]
        changes = {
            (change.source, change.key): change
            for service in named_services
            for change in self._store.change_events.near(
                service, incident.started_at + CLOCK_TOLERANCE, to_hours(storm.CHANGE_WINDOW + CLOCK_TOLERANCE)
            )
        }
        return self._advisor.recommend(incident, storm.extra_context(incident, alerts, list(changes.values())))

    @contextmanager
    def _lease(self, incident_id: str) -> Iterator[None]:
        """Renew the lease while the answer is being made."""
        finished = threading.Event()

        def renew() -> None:
            while not finished.wait(RENEW_SECONDS):
                with suppress(Unavailable):  # the next try may still be in time
                    self._store.answer_leases.renew(self.worker, incident_id, self._clock())

        keeper = threading.Thread(target=renew, name="onrecall-claim", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            finished.set()
            keeper.join()


def to_hours(span: timedelta) -> float:
    """Return a time span in hours."""
    return span.total_seconds() / 3600
