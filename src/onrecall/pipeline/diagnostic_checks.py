"""What people found by the checks of an answer: kept on the incident's timeline, and read beside the answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.recommendation import CheckResult, Recommendation
from onrecall.recommendation import step_key
from onrecall.storage import Storage


class DiagnosticChecks:
    """Keeps the results of checks."""

    def __init__(self, store: Storage, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def with_results(self, recommendation: Recommendation) -> Recommendation:
        """Return an answer with what its checks found since it was given, whichever answer they were marked on."""
        if recommendation.incident is None or not recommendation.checks:
            return recommendation
        keys = [step_key(check.text, check.command) for check in recommendation.checks]
        results = self._store.check_results.of_incident(recommendation.incident, keys)
        checks = zip(recommendation.checks, keys, strict=True)
        return replace(recommendation, checks=tuple(replace(check, result=results.get(key)) for check, key in checks))

    def mark(self, recommendation_id: str, n: int, result: CheckResult, by: str | None = None) -> Recommendation:
        """Keep what a check of an answer found, and return the answer with it. It rates neither answer nor steps.

        Raises:
            NotFound: there is no such answer, or it has no check of this number.
            Invalid: the answer is to a question, not to an incident.
        """
        recommendation = self._store.recommendations.get(recommendation_id)
        if recommendation.incident is None:
            raise Invalid(f"{recommendation_id} is an answer to a question; checks are kept with an incident", "id")
        check = next((check for check in recommendation.checks if check.n == n), None)
        if check is None:
            numbers = sorted(check.n for check in recommendation.checks)
            raise NotFound(f"{recommendation_id} has no check {n}; its checks are {numbers or 'none'}")
        key = step_key(check.text, check.command)
        self._store.check_results.mark(recommendation, check, key, result, self._clock(), by)
        return self.with_results(recommendation)
