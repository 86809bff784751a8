"""Whatever the text: a URL is taken or Invalid, and every message can be made, is small, and can be sent."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from onrecall.domain.errors import Invalid
from onrecall.notifications import Links, Message
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.mail import Mail, Server, parse_address
from onrecall.notifications.teams import LARGEST, Teams, check_workflow_url
from onrecall.notifications.webhook import Webhook

from .given import poisoned
from .twin import HERE

LINKS = Links("https://recall.example.com")
STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=400)
URL = "http://127.0.0.1:8080/"
MAIL = Mail(Server(HERE, "127.0.0.1"), parse_address("a@example.com"), (parse_address("b@example.com"),), LINKS)


@given(st.sampled_from(["", "http://", "https://", "https://a.example/", "http://["]), st.text(max_size=80))
@example("http://", "a\u2024b:80")
@example("http://", "%31%32%37.0.0.1")
@example("http://", "xn--")
@example("http://", "a:99999")
def test_a_url_is_taken_or_invalid(start: str, rest: str) -> None:
    try:
        parsed = EgressGuard().check_url(start + rest)
    except Invalid:
        return
    assert parsed.scheme in ("http", "https")
    assert not parsed.userinfo


@given(STORABLE.filter(str.strip))
@example("=?utf-8?q?=0D=0ABcc:_x@y.z?=")
@example("\u2028Bcc: x\x85y\x0bz\x1ca")
@example("é" * 300)
@example("a, b <c@d.e>; f:")
def test_every_text_makes_a_mail_of_the_same_headers(text: str) -> None:
    message = MAIL.render(*poisoned(text), {})
    body = json.loads(json.dumps(message.body))
    mail = MAIL._mail(Message(body, "key"), "<key@example.com>", "<root@example.com>")
    head, _, _ = mail.as_bytes().partition(b"\r\n\r\n")
    names = [row.partition(b":")[0].lower() for row in head.split(b"\r\n") if row[:1] not in (b" ", b"\t")]
    assert sorted(names) == [
        b"auto-submitted", b"content-type", b"date", b"from", b"in-reply-to", b"message-id", b"mime-version", b"references", b"subject", b"to",
    ]  # fmt: skip


@given(STORABLE.filter(str.strip))
def test_every_text_makes_a_card_and_a_post(text: str) -> None:
    card = Teams(check_workflow_url(HERE, URL), LINKS).render(*poisoned(text), {}).body
    assert len(json.dumps(card, ensure_ascii=False).encode()) < LARGEST
    json.dumps(Webhook(HERE and check_workflow_url(HERE, URL), LINKS).render(*poisoned(text), {}).body, allow_nan=False)
