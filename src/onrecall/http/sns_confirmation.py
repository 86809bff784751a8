"""Confirms Amazon SNS subscriptions, only for allowed topics and only at SNS."""

import logging
from collections.abc import Sequence

import httpx

from onrecall.domain.errors import Forbidden, Unavailable
from onrecall.sources import SubscriptionConfirmation, sns

TIMEOUT_SECONDS = 5.0

log = logging.getLogger(__name__)


class SubscriptionConfirmer:
    """Fetches the confirmation address; redirects are not followed, and the body is not read."""

    def __init__(self, topics: Sequence[str], transport: httpx.BaseTransport | None = None) -> None:
        self._topics = topics
        self._transport = transport

    def __call__(self, confirmation: SubscriptionConfirmation) -> None:
        """Confirm the subscription if the topic is allowed."""
        if not sns.is_allowed_topic(confirmation.topic, self._topics):
            raise Forbidden(f"the topic {confirmation.topic[:200]!r} is not allowed; name it in ONRECALL_SNS_TOPICS")
        try:
            with httpx.Client(transport=self._transport, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:  # noqa: SIM117
                with client.stream("GET", confirmation.url) as answer:
                    status = answer.status_code
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the subscription to {confirmation.topic} cannot be confirmed at the moment: {error}"
            ) from error
        if status != httpx.codes.OK:
            raise Unavailable(f"SNS answered {status} to the confirmation of {confirmation.topic}")
        log.info("the subscription to %s is confirmed", confirmation.topic)
