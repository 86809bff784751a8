"""What an identity provider says of itself at `/.well-known/openid-configuration`."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from onrecall.domain.action_item import is_web_address
from onrecall.domain.errors import Unavailable
from onrecall.identity.json_client import JsonClient

FRESH_SECONDS = 3600.0
RETRY_SECONDS = 5.0
"""After a failure nobody asks the provider again for this long."""


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """The endpoints of an identity provider."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    uses_basic_authentication: bool = True
    """Whether the client's secret goes into a header; otherwise into the form."""
    names_issuer: bool = False
    """Whether each answer names the issuer (RFC 9207)."""


class Discovery:
    """The metadata of one issuer, fetched when it is needed and again after an hour."""

    def __init__(self, issuer: str, client: JsonClient) -> None:
        self._issuer = issuer
        self._client = client
        self._metadata: ProviderMetadata | None = None
        self._tried_at = 0.0
        self._failure: Unavailable | None = None
        self._fetching = threading.Lock()

    def metadata(self) -> ProviderMetadata:
        """Return the metadata. Raises Unavailable if the provider does not answer or contradicts the settings."""
        with self._fetching:
            age = time.monotonic() - self._tried_at
            if self._failure is not None and age < RETRY_SECONDS:
                raise self._failure
            if self._metadata is None or self._failure is not None or age >= FRESH_SECONDS:
                self._fetch()
            assert self._metadata is not None
            return self._metadata

    def _fetch(self) -> None:
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        self._tried_at, self._failure = time.monotonic(), None
        try:
            self._metadata = parse_metadata(self._issuer, self._client.get(url))
        except Unavailable as error:
            self._failure = error
            raise


def parse_metadata(issuer: str, document: Mapping[str, Any]) -> ProviderMetadata:
    """Read the discovery document of an issuer. Raises Unavailable if it is another's or lacks an endpoint."""
    named = document.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise Unavailable(f"the document at {issuer} is of the issuer {str(named)[:100]!r}; set ONRECALL_OIDC_ISSUER")
    methods = document.get("token_endpoint_auth_methods_supported")
    return ProviderMetadata(
        named,
        _endpoint(document, "authorization_endpoint", issuer),
        _endpoint(document, "token_endpoint", issuer),
        _endpoint(document, "jwks_uri", issuer),
        _endpoint(document, "userinfo_endpoint", issuer) if document.get("userinfo_endpoint") else None,
        _endpoint(document, "end_session_endpoint", issuer) if document.get("end_session_endpoint") else None,
        not methods or not isinstance(methods, list) or "client_secret_basic" in methods,
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str, issuer: str) -> str:
    """Return an endpoint; one without TLS is refused unless the issuer itself has none."""
    value = document.get(name)
    parts = urlsplit(value) if isinstance(value, str) and is_web_address(value) else None
    schemes = ("https",) if urlsplit(issuer).scheme == "https" else ("https", "http")
    if parts is None or parts.scheme not in schemes or parts.fragment:
        raise Unavailable(f"the identity provider {issuer} names no usable {name}: {str(value)[:100]!r}")
    return parts.geturl()
