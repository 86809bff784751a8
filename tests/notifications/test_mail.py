"""Mail, handed to a real SMTP server: plain, STARTTLS and TLS, with login; threads, refusals, and hostile subjects."""

import email
import email.policy
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.notifications import Links, Message, PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.mail import Mail, Server, parse_address
from onrecall.notifications.text import defang_links

from .given import HOSTILE, answer, incident, news, poisoned, resolved
from .twin import HERE, certificate

LINKS = Links("https://recall.example.com")
FROM, TO = (
    parse_address("onrecall@example.com"),
    (parse_address("oncall@example.com"), parse_address("sre@example.com")),
)


class Box:
    """What an SMTP server took, and what it says to the next mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.says = "250 taken"
        self.refuses: dict[str, str] = {}
        self.logins: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, to, options):  # noqa: N802
        if to in self.refuses:
            return self.refuses[to]
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.says.startswith("2"):
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.says


@contextmanager
def smtp(box: Box, **more: object) -> Iterator[int]:
    def login(server, session, envelope, mechanism, given):
        box.logins.append(given.login + b":" + given.password)
        return AuthResult(success=given.password == b"right", handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]  # the controller calls itself there, so it has to know
    controller = Controller(box, hostname="127.0.0.1", port=port, authenticator=login, timeout=5, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def server(port: int, **more: object) -> Server:
    server_settings = Server(**{"guard": HERE, "host": "127.0.0.1", "port": port, "security": "none"} | more)
    server_settings.check()
    return server_settings


def mail(port: int, **more: object) -> Mail:
    return Mail(server(port, **more), FROM, TO, LINKS)


def sent(channel: Mail, about=None, key: str = "key1", thread=None):
    message = channel.render(*(about or (incident(), answer(), news())), {})
    return channel.send(Message(message.body, key), thread or {})


def test_a_mail_says_it_in_text_and_in_html() -> None:
    box = Box()
    with smtp(box) as port:
        assert sent(mail(port)).remote == {"root": "<key1@example.com>"}
    (got,) = box.mails
    assert got["Subject"] == "New incident: INC-1 Pool exhausted"
    assert (got["From"], got["To"]) == ("onrecall@example.com", "oncall@example.com, sre@example.com")
    assert (got["Message-ID"], got["In-Reply-To"], got["Auto-Submitted"]) == (
        "<key1@example.com>",
        None,
        "auto-generated",
    )
    text = got.get_body(("plain",)).get_content()
    for line in (
        "Known: this happened before", "Cause: Leak in the pool (INC-9, line 4)", "Right 7 of 9 times at this level (40–95 %)",
        "First safe step: Look at the pool", "    kubectl get pods -n auth", "read only; INC-9, line 12; worked 2 of 3",
        "Open in OnRecall: https://recall.example.com/incidents/INC-1",
    ):  # fmt: skip
        assert line in text.splitlines(), line
        assert line.strip().rpartition(": ")[2].split("https")[0] in got.get_body(("html",)).get_content()


def test_the_mails_of_an_incident_are_one_thread() -> None:
    box = Box()
    with smtp(box) as port:
        thread = sent(mail(port)).remote
        thread = sent(
            mail(port), (incident(), answer(), news("changed", changes=("cause: a → b",))), "key2", thread
        ).remote
        sent(mail(port), (resolved(), answer(), news("resolved")), "key3", thread)
    assert [delivered["References"] for delivered in box.mails] == [None, "<key1@example.com>", "<key1@example.com>"]
    assert [delivered["Message-ID"] for delivered in box.mails] == [
        "<key1@example.com>",
        "<key2@example.com>",
        "<key3@example.com>",
    ]
    assert "What was wrong: A leak (ann)" in box.mails[2].get_body(("plain",)).get_content()


def test_starttls_and_login(tmp_path) -> None:
    server_context, believed = certificate(tmp_path, "127.0.0.1")
    box = Box()
    with smtp(box, tls_context=server_context, require_starttls=True, auth_required=True) as port:
        secure = {"security": "starttls", "context": believed, "user": "ann"}
        sent(mail(port, password="right", **secure))
        with pytest.raises(PermanentDeliveryError, match="535"):
            sent(mail(port, password="wrong", **secure))
        with pytest.raises(PermanentDeliveryError, match="530"):
            sent(mail(port))
    assert box.logins[0] == b"ann:right"
    assert len(box.mails) == 1


def test_tls_from_the_start(tmp_path) -> None:
    server_context, believed = certificate(tmp_path, "127.0.0.1")
    box = Box()
    with smtp(box, ssl_context=server_context) as port:
        sent(mail(port, security="tls", context=believed))
    assert len(box.mails) == 1


def test_a_certificate_of_another_name_gets_nothing(tmp_path) -> None:
    server_context, believed = certificate(tmp_path, "mail.example.com")
    box = Box()
    with smtp(box, tls_context=server_context) as port:
        for context in (believed, ssl.create_default_context()):
            with pytest.raises(PermanentDeliveryError, match="is not trusted"):
                sent(mail(port, security="starttls", context=context))
        assert box.mails == []


def test_no_starttls_no_mail() -> None:
    box = Box()
    with smtp(box) as port, pytest.raises(PermanentDeliveryError, match="does not offer"):
        sent(mail(port, security="starttls"))
    assert box.mails == []


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("451 later", Unavailable),
        ("421 closing", Unavailable),
        ("554 spam\x1b", PermanentDeliveryError),
        ("552 too much", PermanentDeliveryError),
    ],
)
def test_what_the_server_says_of_a_mail(says: str, error: type[Exception]) -> None:
    box = Box()
    box.says = says
    with smtp(box) as port, pytest.raises(error, match=says[:3]):
        sent(mail(port))


def test_recipients_who_are_refused() -> None:
    box = Box()
    with smtp(box) as port:
        box.refuses = {"oncall@example.com": "550 no such user"}
        sent(mail(port))
        assert len(box.mails) == 1, "the other has it"
        box.refuses |= {"sre@example.com": "450 mailbox busy"}
        with pytest.raises(PermanentDeliveryError, match="550"):
            sent(mail(port))
        box.refuses = dict.fromkeys(("oncall@example.com", "sre@example.com"), "450 mailbox busy")
        with pytest.raises(Unavailable, match="450"):
            sent(mail(port))


def test_who_hangs_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for limits in ({"seconds": 0.3}, {"seconds": 3600, "total_seconds": 0.3}):
            with pytest.raises(Unavailable, match="no answer"):
                sent(mail(port, **limits))
    with pytest.raises(Unavailable, match="refused"):
        sent(mail(port))


def test_the_guard_stands_before_it() -> None:
    with pytest.raises(PermanentDeliveryError, match="this machine itself"):
        sent(mail(2525, guard=EgressGuard()))
    for wrong in ({"host": "127.1"}, {"port": 22}, {"port": 6379}, {"host": "a b"}):
        with pytest.raises(Invalid):
            server(**{"port": 2525} | wrong)
    with pytest.raises(Invalid, match="over TLS only"):
        server(2525, user="ann", password="x")


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs).get("href")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_neither_header_nor_markup_nor_link(text: str) -> None:
    box = Box()
    about = poisoned(text)
    with smtp(box) as port:
        sent(mail(port), about)
    (got,) = box.mails
    assert got["Bcc"] is None
    assert set(got.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "X-Peer", "X-MailFrom", "X-RcptTo",
    } - {"X-Peer", "X-MailFrom", "X-RcptTo"}  # fmt: skip
    assert len(got["Subject"]) < 200
    html, plain = got.get_body(("html",)).get_content(), got.get_body(("plain",)).get_content()
    tags = Tags(html).found
    assert {tag for tag, _ in tags} == {"html", "body", "div", "p", "a"}
    assert [href for tag, href in tags if tag == "a"] == [LINKS.incident(about[0].id)]
    prose = "\n".join(row for row in plain.splitlines() if not row.startswith(("    ", "Open in OnRecall: ")))
    for linked in ("https://", "www.", "javascript:", "mailto:"):
        assert linked not in prose
    for hidden in ("\x1b", "\x07", "\u202e", "\u2066", "\u200b", "\U000e0041"):
        assert hidden not in html + plain


def test_a_subject_with_a_line_break_is_refused_even_if_it_got_that_far() -> None:
    box = Box()
    with smtp(box) as port:
        channel = mail(port)
        body = channel.render(incident(), answer(), news(), {}).body
        with pytest.raises(ValueError, match="linefeed or carriage return"):
            channel.send(Message({**body, "subject": "a\r\nBcc: b@example.com"}, "key"), {})
        with pytest.raises(PermanentDeliveryError, match="headers of its own"):
            channel.send(Message({**body, "subject": "=?utf-8?q?=0D=0ABcc:_b@example.com?="}, "key"), {})
    assert box.mails == []


@pytest.mark.parametrize(
    "wrong",
    ["", "ann", "ann@", "@example.com", "ann@example.com\nBcc: x@y.z", "a b@example.com", "Ann <ann@example.com>"],
)
def test_odd_addresses_are_refused(wrong: str) -> None:
    with pytest.raises(Invalid, match="is not a mail address"):
        parse_address(wrong)


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(replace(server(2525), user="a", password="hunter2", security="tls"))


def test_bare_domains_are_no_links_and_names_of_files_and_hosts_stay():
    prose = "Log in at bad.example.co/reset or mail it@bad.top; see worker.py, db1.internal and 10.0.0.7:5432"
    rendered = "Log in at bad[.]example[.]co/reset or mail it@bad[.]top; see worker.py, db1.internal and 10.0.0.7:5432"
    assert defang_links(prose) == rendered
    assert defang_links("b\u00e4d\u3002de EVIL.COM. run.sh/x") == "b\u00e4d[.]de EVIL[.]COM. run[.]sh/x"
