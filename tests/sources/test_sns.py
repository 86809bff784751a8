"""What SNS signs, that only SNS is ever asked for a certificate, and which subscriptions are confirmed."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from onrecall.domain.errors import Forbidden, Invalid, Unavailable
from onrecall.sources import SOURCES, SubscriptionConfirmation, WebhookRequest, sns
from sources import golden

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
CERTIFICATE = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"
VECTORS = Path(__file__).parent / "vectors"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: Any, begins: datetime = NOW - timedelta(days=1), days: int = 30) -> bytes:
    """A real X.509 certificate of this key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Amazon:
    """What stands at the addresses of SNS, and how often it was asked for."""

    def __init__(self, *pem: bytes) -> None:
        self.asked: list[str] = []
        self._pem = list(pem) or [certificate(KEY)]

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self._pem[min(len(self.asked), len(self._pem)) - 1]


def message(name: str = "sns_alarm", **changed: Any) -> dict[str, Any]:
    said = json.loads(golden.body("cloudwatch", name)) | changed
    return {field: value for field, value in said.items() if value is not None}


def signed(said: Mapping[str, Any], version: str = "2", key: rsa.RSAPrivateKey = KEY) -> WebhookRequest:
    said = {**said, "SignatureVersion": version}
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = key.sign(sns.string_to_sign(said), padding.PKCS1v15(), algorithm)
    return WebhookRequest(json.dumps({**said, "Signature": base64.b64encode(signature).decode()}).encode())


def verify(
    delivery: WebhookRequest, amazon: Amazon | None = None, topics: tuple[str, ...] = (TOPIC,), now: datetime = NOW
) -> None:
    sns.Certificates(amazon or Amazon()).verify(delivery, topics, now)


def test_the_string_to_sign_is_that_of_the_documentation() -> None:
    said = message("sns_text")
    assert sns.string_to_sign(said) == (
        b"Message\nHello world!\nMessageId\nda41e39f-ea4d-435a-b922-c6aae3915ebf\nSubject\ntest\n"
        b"Timestamp\n2012-04-25T21:49:25.719Z\nTopicArn\narn:aws:sns:us-east-1:123456789012:alarms\nType\nNotification\n"
    )
    assert b"Subject" not in sns.string_to_sign(message("sns_text", Subject=None))


def test_the_string_to_sign_of_a_confirmation_holds_its_address_and_token() -> None:
    names = sns.string_to_sign(message("subscription_confirmation", Message="M")).decode().split("\n")[::2]
    assert names == ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type", ""]


@pytest.mark.parametrize("version", ["1", "2"])
def test_signatures_made_by_openssl(version: str) -> None:
    amazon = Amazon((VECTORS / "sns_certificate.pem").read_bytes())
    body = (VECTORS / f"sns_signed_v{version}.json").read_bytes()
    verify(WebhookRequest(body), amazon)
    assert amazon.asked == [CERTIFICATE]
    with pytest.raises(Forbidden, match="signature is not that"):
        verify(WebhookRequest(body.replace(b"50.0", b"50.1")), amazon)


@pytest.mark.parametrize("name", ["sns_alarm", "sns_text", "subscription_confirmation", "unsubscribe_confirmation"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_what_is_signed_gets_in_and_the_certificate_is_fetched_once(name: str, version: str) -> None:
    amazon = Amazon()
    certificates = sns.Certificates(amazon)
    for _ in range(3):
        certificates.verify(signed(message(name), version), (TOPIC,), NOW)
    assert amazon.asked == [CERTIFICATE]


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp", "Type"])
def test_no_signed_field_can_be_changed(field: str) -> None:
    said = json.loads(signed(message()).body)
    said[field] = "UnsubscribeConfirmation" if field == "Type" else said[field] + "x"
    with pytest.raises(Forbidden, match="signature is not that"):
        verify(WebhookRequest(json.dumps(said).encode()))


def test_another_key_is_no_key() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Forbidden, match="signature is not that"):
        verify(signed(message(), key=other))


@pytest.mark.parametrize("signature", ["", "EXAMPLEw6JRN...", "====", "AAAA", None, 7])
def test_a_broken_signature_is_forbidden(signature: Any) -> None:
    with pytest.raises(Forbidden, match="signature is not that"):
        verify(WebhookRequest(json.dumps(message(Signature=signature)).encode()))


def test_a_version_that_nobody_knows_is_forbidden() -> None:
    with pytest.raises(Forbidden, match="SignatureVersion"):
        verify(WebhookRequest(json.dumps({**json.loads(signed(message()).body), "SignatureVersion": "3"}).encode()))


@pytest.mark.parametrize(
    "url",
    [
        None, 7, "", "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-f3.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-f3.pem",
        "https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-f3.pem",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/SimpleNotificationService-f3.pem",
        "https://evil-sns.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem",
        "https://sns.amazonaws.com/SimpleNotificationService-f3.pem",
        "https://mybucket.s3.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem",
        "https://sns.us-east-1.amazonaws.com/../SimpleNotificationService-f3.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem?x=http://169.254.169.254/",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3.pem#x",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com/x.pem\nHost: evil.example", "https://169.254.169.254/x.pem",
        "https://sns.us-east-1.amazonaws.co/x.pem", "https://sns.us-east-1.amazonaws.com.cn.evil.example/x.pem",
        "https://[::1]/x.pem", "https://[/x.pem", "https://sns.us-eaſt-1.amazonaws.com/x.pem",
    ],
)  # fmt: skip
def test_nothing_but_sns_is_asked_for_a_certificate(url: Any) -> None:
    amazon = Amazon()
    with pytest.raises(Forbidden, match="SigningCertURL"):
        verify(signed(message(SigningCertURL=url)), amazon)
    assert amazon.asked == []


@pytest.mark.parametrize(
    "host", ["sns.us-gov-west-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn", "sns.ap-southeast-2.amazonaws.com"]
)
def test_every_region_has_its_own_certificates(host: str) -> None:
    verify(signed(message(SigningCertURL=f"https://{host}/SimpleNotificationService-f3.pem")))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", golden.body("cloudwatch", "raw_alarm"), golden.body("cloudwatch", "eventbridge_alarm")])  # fmt: skip
def test_what_is_not_signed_at_all_is_forbidden(body: bytes) -> None:
    with pytest.raises(Forbidden, match=r"not signed|not a signed message"):
        verify(WebhookRequest(body))


@pytest.mark.parametrize(
    "topics", [(), ("",), ("*",), (":*",), (TOPIC + "2",), (TOPIC[:-1],), ("arn:aws:sns:us-east-1:123456789012:*",)]
)
def test_other_topics_are_forbidden_though_sns_signs_them_too(topics: tuple[str, ...]) -> None:
    amazon = Amazon()
    with pytest.raises(Forbidden, match="not among those"):
        verify(signed(message()), amazon, topics)
    assert amazon.asked == []


@pytest.mark.parametrize("topics", [(TOPIC,), ("other", TOPIC)])
def test_topics_are_allowed_by_name(topics: tuple[str, ...]) -> None:
    verify(signed(message()), topics=topics)


def test_an_old_message_is_taken_for_sns_tries_for_days() -> None:
    assert message()["Timestamp"].startswith("2019")
    verify(signed(message()))


@pytest.mark.parametrize("now", [NOW - timedelta(days=2), NOW + timedelta(days=60)])
def test_a_certificate_counts_while_it_is_valid(now: datetime) -> None:
    with pytest.raises(Forbidden, match="not valid now"):
        verify(signed(message()), now=now)


def test_what_is_no_rsa_certificate_is_forbidden_and_not_remembered() -> None:
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Forbidden, match="no RSA key"):
        verify(signed(message()), Amazon(elliptic))
    amazon = Amazon(b"<html>not now</html>", certificate(KEY))
    certificates = sns.Certificates(amazon)
    with pytest.raises(Forbidden, match="is not a certificate"):
        certificates.verify(signed(message()), (TOPIC,), NOW)
    certificates.verify(signed(message()), (TOPIC,), NOW)


def test_when_the_certificate_cannot_be_had_the_sender_is_to_try_again() -> None:
    def away(url: str) -> bytes:
        raise Unavailable(f"the certificate at {url} can't be had")

    with pytest.raises(Unavailable):
        sns.Certificates(away).verify(signed(message()), (TOPIC,), NOW)


def test_certificates_do_not_pile_up() -> None:
    amazon = Amazon()
    certificates = sns.Certificates(amazon)
    for n in range(100):
        url = f"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-{n}.pem"
        certificates.verify(signed(message(SigningCertURL=url)), (TOPIC,), NOW)
    assert len(certificates._cached) <= sns.MOST_CERTIFICATES


def test_a_subscription_asks_to_be_confirmed() -> None:
    parsed = golden.read("cloudwatch", "subscription_confirmation")
    said = message("subscription_confirmation")
    assert parsed.confirmation == SubscriptionConfirmation(said["SubscribeURL"], TOPIC)
    assert parsed.signals == ()


@pytest.mark.parametrize(
    "url",
    [
        None, 7, "", "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={topic}&Token=1",
        "https://evil.example/?Action=ConfirmSubscription&TopicArn={topic}&Token=1",
        "https://sns.us-east-1.amazonaws.com@evil.example/?Action=ConfirmSubscription&TopicArn={topic}&Token=1",
        "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&TopicArn={topic}&Token=1",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={topic}2&Token=1",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other&TopicArn={topic}&Token=1",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={topic}&Token=1#x",
        "https://sns.us-east-1.amazonaws.com:99/?Action=ConfirmSubscription&TopicArn={topic}&Token=1",
        "http://169.254.169.254/latest/meta-data/?Action=ConfirmSubscription&TopicArn={topic}",
        "https://sns.us-east-1.amazonaws.com/x/?Action=ConfirmSubscription&TopicArn={topic}&Token=1",
    ],
)  # fmt: skip
def test_nothing_but_sns_is_asked_to_confirm(url: Any) -> None:
    said = message("subscription_confirmation", SubscribeURL=url.format(topic=TOPIC) if isinstance(url, str) else url)
    with pytest.raises(Invalid, match="SubscribeURL"):
        SOURCES["cloudwatch"].parse(WebhookRequest(json.dumps(said).encode()), NOW)
