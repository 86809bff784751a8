"""Posting JSON to an address of somebody else's, and what the answer means: there, later, or never."""

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
from onrecall.notifications.text import flat

SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
QUOTED = 200
LONGEST_WAIT = 3600.0
LATER = frozenset({408, 425, 429})
"""What asks for patience among the answers that otherwise mean no; so does everything from 500 on."""


@dataclass(frozen=True, slots=True)
class JsonPoster:
    """Posts to one address that was checked when it was configured."""

    guard: EgressGuard
    url: httpx.URL
    seconds: float = SECONDS
    context: ssl.SSLContext | None = None
    """What certificates to believe; by default those that httpx brings, or `SSL_CERT_FILE`."""

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post it once. Unavailable: try again; Refused: don't."""
        sent = {"user-agent": f"OnRecall/{__version__}", "accept": "application/json", **headers}
        try:
            with (
                httpx.Client(
                    transport=Transport(self.guard, self.seconds, self.context), follow_redirects=False, trust_env=False
                ) as client,
                client.stream("POST", self.url, content=body, headers=sent) as answer,
            ):
                said = _start(answer)
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer from {self.url.host}: {error}") from error
        _judge(answer, said)


def _judge(answer: httpx.Response, said: str) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    told = f"{status} {answer.reason_phrase}".strip() + (f": {said}" if said else "")
    if 300 <= status < 400:
        raise PermanentDeliveryError(f"{told}; redirects are not followed: configure the address that it leads to")
    if status in LATER or status >= 500:
        raise Unavailable(told, retry_after(answer.headers.get("retry-after")))
    raise PermanentDeliveryError(told)


def retry_after(header: str | None, now: datetime | None = None) -> float:
    """The seconds that a server asks us to wait: a number or a date; a second where it says nothing of use."""
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


def _start(answer: httpx.Response) -> str:
    """Return the beginning of the response body for the log; reads at most 64 KiB."""
    read = b""
    for part in answer.iter_raw():
        read += part
        if len(read) > LARGEST_ANSWER:
            break
    return flat(read[: QUOTED * 4].decode("utf-8", "replace"), QUOTED)
