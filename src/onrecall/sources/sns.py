"""Amazon SNS: its envelope, its signature, and which addresses may be fetched."""

import base64
import binascii
import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from onrecall.domain.errors import Forbidden, Invalid
from onrecall.sources.payload import Fields, read_text, require
from onrecall.sources.webhook import SubscriptionConfirmation, WebhookRequest

Fetch = Callable[[str], bytes]
"""Fetches the certificate at an SNS address. Raises Unavailable if that fails."""

NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
TYPES = (NOTIFICATION, CONFIRMATION, "UnsubscribeConfirmation")
MOST_CERTIFICATES = 16
_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?", re.ASCII)
_CERTIFICATE = re.compile(r"/[A-Za-z0-9_-]{1,120}\.pem", re.ASCII)
_PRINTABLE = re.compile(r"[!-~]{1,2000}", re.ASCII)
_SIGNED_FIELDS = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(TYPES[1:], ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - the sender's default


class Certificates:
    """Verifies that SNS signed a message for an allowed topic; each certificate is fetched once."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._cached: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()

    def verify(self, delivery: WebhookRequest, topics: Sequence[str], now: datetime) -> None:
        """Raise Forbidden unless SNS signed this body for one of these topics. Age is ignored: SNS retries for days."""
        try:
            body = delivery.decoded()
        except Invalid as error:
            raise Forbidden(f"the message is not signed: {error}") from error
        if not is_envelope(body):
            raise Forbidden(
                "the message is not a signed message of SNS; turn raw delivery off, or set no topics and use a key"
            )
        if not is_allowed_topic(body["TopicArn"], topics):
            raise Forbidden(f"the topic {body['TopicArn'][:200]!r} is not among those that are allowed")
        self._check(body, now)

    def _check(self, body: Fields, now: datetime) -> None:
        certificate = self._certificate(certificate_url(body))
        key = certificate.public_key()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Forbidden("the certificate that signed the message is not valid now; check the clock")
        if not isinstance(key, rsa.RSAPublicKey):
            raise Forbidden("the certificate that signed the message has no RSA key, unlike those of SNS")
        algorithm = _HASHES.get(str(body.get("SignatureVersion")))
        if algorithm is None:
            raise Forbidden("`SignatureVersion` must be 1 or 2")
        try:
            signature = base64.b64decode(str(body.get("Signature")), validate=True)
            key.verify(signature, string_to_sign(body), padding.PKCS1v15(), algorithm)
        except (binascii.Error, ValueError, InvalidSignature) as error:
            raise Forbidden("the signature is not that of the certificate that the message names") from error

    def _certificate(self, url: str) -> x509.Certificate:
        with self._lock:
            cached = self._cached.get(url)
        if cached is not None:
            return cached
        try:
            read = x509.load_pem_x509_certificate(self._fetch(url))
        except ValueError as error:
            raise Forbidden(f"the content of {url} is not a certificate") from error
        with self._lock:
            if len(self._cached) >= MOST_CERTIFICATES:
                self._cached.clear()
            self._cached[url] = read
        return read


def is_envelope(body: Any) -> bool:
    """Return whether this is an SNS envelope."""
    return isinstance(body, dict) and body.get("Type") in TYPES and isinstance(body.get("TopicArn"), str)


def is_allowed_topic(topic: str, topics: Sequence[str]) -> bool:
    """Return whether a topic is one of these full ARNs; anybody can own a topic that SNS signs for."""
    return topic in topics


def string_to_sign(body: Fields) -> bytes:
    """Build the string that SNS signs: names and values on separate lines, in the documented order."""
    fields = ((name, body.get(name)) for name in _SIGNED_FIELDS[body["Type"]])
    return "".join(f"{name}\n{value}\n" for name, value in fields if isinstance(value, str)).encode("utf-8", "replace")


def certificate_url(body: Fields) -> str:
    """Return the certificate's address; only addresses of SNS itself are accepted."""
    url = body.get("SigningCertURL")
    address = _sns_address(url)
    if address is None or not _CERTIFICATE.fullmatch(address.path) or address.query:
        raise Forbidden("`SigningCertURL` is not the address of a certificate at https://sns.<region>.amazonaws.com/")
    return str(url)


def read_confirmation(body: Fields) -> SubscriptionConfirmation:
    """Read the address that confirms a subscription; it must be at SNS itself and for the message's own topic."""
    topic = require(read_text(body, "TopicArn"), "TopicArn", "arn:aws:sns:us-east-1:123456789012:alarms")
    url = body.get("SubscribeURL")
    address = _sns_address(url)
    query = parse_qs(address.query) if address and address.path == "/" else {}
    if query.get("Action") != ["ConfirmSubscription"] or query.get("TopicArn") != [topic]:
        raise Invalid(
            "`SubscribeURL` does not confirm this topic at https://sns.<region>.amazonaws.com/; subscribe again",
            "SubscribeURL",
        )
    return SubscriptionConfirmation(str(url), topic)


def _sns_address(url: Any) -> Any:
    """Parse an https address of SNS without user, port or fragment; None for any other."""
    if not isinstance(url, str) or not _PRINTABLE.fullmatch(url):
        return None
    try:
        address = urlsplit(url)
    except ValueError:
        return None
    plain = address.scheme == "https" and not address.fragment and "\\" not in url
    return address if plain and _HOST.fullmatch(address.netloc) else None
