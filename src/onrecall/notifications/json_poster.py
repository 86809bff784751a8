"""Post JSON to an external URL, and classify the response: delivered, retry, or permanent failure."""

import email.utils
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from onrecall import __version__
from onrecall.domain.errors import Unavailable
from onrecall.notifications.channel import PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.pinned_transport import Transport
from onrecall.notifications.text import single_line

SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
QUOTED = 200
LONGEST_WAIT = 3600.0
RETRY_STATUSES = frozenset({408, 425, 429})
"""Status codes below 500 that mean retry; so do all from 500 on."""
GONE_STATUSES = frozenset({404, 410})


class ReceiverGone(PermanentDeliveryError):
    """Nothing takes messages at this address, or no longer."""


@dataclass(frozen=True, slots=True)
class JsonPoster:
    """Posts to one URL that was checked at configuration."""

    guard: EgressGuard
    url: httpx.URL
    seconds: float = SECONDS
    context: ssl.SSLContext | None = None
    """TLS context; by default httpx's certificates, or `SSL_CERT_FILE`."""

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post once; raise Unavailable to retry, PermanentDeliveryError to give up."""
        sent = {"user-agent": f"OnRecall/{__version__}", "accept": "application/json", **headers}
        try:
            with (
                httpx.Client(
                    transport=Transport(self.guard, self.seconds, self.context), follow_redirects=False, trust_env=False
                ) as client,
                client.stream("POST", self.url, content=body, headers=sent) as answer,
            ):
                response_text = _response_start(answer)
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer from {self.url.host}: {error}") from error
        _check_response(answer, response_text)


def _check_response(answer: httpx.Response, response_text: str) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    reason = f"{status} {answer.reason_phrase}".strip() + (f": {response_text}" if response_text else "")
    if 300 <= status < 400:
        raise PermanentDeliveryError(f"{reason}; redirects are not followed: configure the address that it leads to")
    if status in RETRY_STATUSES or status >= 500:
        raise Unavailable(reason, retry_after(answer.headers.get("retry-after")))
    raise (ReceiverGone if status in GONE_STATUSES else PermanentDeliveryError)(reason)


def retry_after(header: str | None, now: datetime | None = None) -> float:
    """Parse a Retry-After header, a number or a date, to seconds; 1 if missing or invalid."""
    if header is None:
        return 1.0
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(max(1.0, float(header[:9])), LONGEST_WAIT)
    try:
        at = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return 1.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(1.0, (at - (now or datetime.now(UTC))).total_seconds()), LONGEST_WAIT)


def _response_start(answer: httpx.Response) -> str:
    """Return the beginning of the response body for the log; reads at most 64 KiB."""
    read = b""
    for part in answer.iter_raw():
        read += part
        if len(read) > LARGEST_ANSWER:
            break
    return single_line(read[: QUOTED * 4].decode("utf-8", "replace"), QUOTED)
