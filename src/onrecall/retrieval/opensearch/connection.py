"""The connection to an OpenSearch cluster, and what its refusals mean."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    ConnectionTimeout,
    NotFoundError,
    OpenSearchException,
    SSLError,
    TransportError,
)
from opensearchpy.exceptions import ConnectionError as ConnectionFailed

MAX_REASON = 160
POOL_SIZE = 16
"""Connections to each node that stay open: questions are asked on many threads."""

REASONS: Mapping[type[OpenSearchException], str] = {
    AuthenticationException: "the login is refused; check ONRECALL_OPENSEARCH_USER and ONRECALL_OPENSEARCH_PASSWORD",
    SSLError: "its certificate is not trusted; set ONRECALL_OPENSEARCH_CA",
    ConnectionTimeout: "no answer in time",
    ConnectionFailed: "no connection",
    NotFoundError: "the index was deleted",
}
"""What a failure means, the narrower kinds first."""


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Where a cluster is, and how to log in there."""

    urls: tuple[str, ...]
    """One for each node that may be asked; the next answers where one does not."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    """Certificates that sign those of the nodes; None: the well-known authorities."""
    timeout: float = 2.0
    """Seconds that a question waits for a node."""

    def __str__(self) -> str:
        return ", ".join(self.urls)


def connect(address: ClusterAddress) -> OpenSearch:
    """Return a client for the cluster; nobody is called yet."""
    # The client logs each failed call with a traceback; the index says once that the cluster is away.
    logging.getLogger("opensearch").setLevel(logging.CRITICAL)
    return OpenSearch(
        hosts=list(address.urls),
        http_auth=(address.user, address.password or "") if address.user else None,
        timeout=address.timeout,
        max_retries=len(address.urls) - 1,
        retry_on_timeout=len(address.urls) > 1,
        pool_maxsize=POOL_SIZE,
        ca_certs=str(address.ca) if address.ca else None,
    )


def failure_reason(error: OpenSearchException) -> str:
    """Say in a few words why a call failed, and what to do where a setting is the cause."""
    for kind, sentence in REASONS.items():
        if isinstance(error, kind):
            return sentence
    if isinstance(error, TransportError):
        return f"{error.status_code} {_first_cause(error)}"
    return str(error)[:MAX_REASON]


def _first_cause(error: TransportError) -> str:
    """The server's own sentence where it has one."""
    info = error.info
    cause = info.get("error") if isinstance(info, dict) else None
    reason = cause.get("reason") if isinstance(cause, dict) else None
    return "".join(sign for sign in str(reason or error.error) if sign.isprintable())[:MAX_REASON]
