"""E-mail by SMTP: equivalent text and HTML parts, one thread per incident."""

import email.policy
import logging
import smtplib
import socket
import ssl
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Literal

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate, Message, PermanentDeliveryError, SentMessage, Thread
from onrecall.notifications.egress_guard import MAIL_PORTS, EgressGuard, check_port
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice, NoticeKind

Security = Literal["starttls", "tls", "none"]
SECONDS = 10.0
TOTAL_SECONDS = 30.0
LONGEST_SUBJECT = 180
LONGEST = 2000
STYLE = "font-family:sans-serif;font-size:15px;line-height:1.45;max-width:42em"
CODE = "font-family:monospace;white-space:pre-wrap;background:#f2f2f2;padding:.5em;margin:.3em 0"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server and its connection settings."""

    guard: EgressGuard
    host: str
    port: int = 587
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    context: ssl.SSLContext | None = None
    """TLS context; by default the system's certificates."""
    seconds: float = SECONDS
    total_seconds: float = TOTAL_SECONDS

    def check(self) -> None:
        """Raise Invalid for forbidden hosts and ports, and for a password without TLS."""
        self.guard.check_host(self.host)
        check_port(self.port, MAIL_PORTS)
        if self.user and self.security == "none":
            raise Invalid("a password is sent over TLS only; choose starttls or tls", "smtp_security")

    def deliver(self, mail: EmailMessage) -> None:
        """Deliver a mail; raise Unavailable to retry, PermanentDeliveryError to give up."""
        try:
            with self._session() as session:
                missed = session.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            worst = max(error.recipients.values(), default=(550, b""))
            raise _delivery_error(*worst) from error
        except smtplib.SMTPResponseException as error:
            raise _delivery_error(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise PermanentDeliveryError(f"{self.host} does not offer what is configured: {error}") from error
        except ssl.SSLCertVerificationError as error:
            raise PermanentDeliveryError(
                f"the certificate of {self.host} is not trusted: {error.verify_message}"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"no answer from {self.host}: {error}") from error
        if missed:
            log.warning("%s took a mail, but not for %d of its recipients", self.host, len(missed))

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        context = self.context or ssl.create_default_context()
        session = _Pinned(self.guard, context if self.security == "tls" else None, self.seconds)
        ending = threading.Timer(self.total_seconds, session.cut_off)
        ending.daemon = True
        ending.start()
        try:
            session.connect(self.host, self.port)
            session.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                session.starttls(context=context)
            if self.user:
                session.login(self.user, self.password or "")
            yield session
            with suppress(smtplib.SMTPException, OSError):
                session.quit()  # it has the mail already
        finally:
            ending.cancel()
            session.close()


class _Pinned(smtplib.SMTP):
    """smtplib over a connection opened by the guard; certificates are checked against the host name."""

    def __init__(self, guard: EgressGuard, context: ssl.SSLContext | None, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._guard = guard
        self._context = context
        self._opened: socket.socket | None = None

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        """Connect as smtplib does; it takes the host name for certificates from here."""
        self._host = host
        return super().connect(host, port, source_address)  # type: ignore[arg-type]

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._opened = plain = self._guard.connect(host, port, timeout)
        return self._context.wrap_socket(plain, server_hostname=host) if self._context else plain

    def cut_off(self) -> None:
        """Abort a session that takes too long."""
        with suppress(OSError):
            if (open_ := self.sock or self._opened) is not None:
                open_.shutdown(socket.SHUT_RDWR)


def _delivery_error(code: int, reply: bytes | str) -> Unavailable | PermanentDeliveryError:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    reason = f"{code} {words.single_line(text, 200)}"
    return PermanentDeliveryError(reason) if code >= 500 else Unavailable(reason)


def parse_address(text: str) -> Address:
    """Parse a mail address for use in a header; raise Invalid if it is malformed."""
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError) as error:
        raise Invalid(f"{text!r} is not a mail address; write onrecall@example.com") from error
    if not parsed.domain or not parsed.username or any(letter.isspace() or not letter.isprintable() for letter in text):
        raise Invalid(f"{text!r} is not a mail address; write onrecall@example.com")
    return parsed


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends mails to fixed recipients, one thread per incident."""

    server: Server
    sender: Address
    recipients: Sequence[Address]
    links: Links
    name: str = "mail"
    notice_kind: NoticeKind = "email"

    def render_notice(self, notice: Notice) -> Message:
        """Render a notice as subject, text and HTML."""
        rows: list[Row] = [("title", _safe_text(notice.title))]
        rows += [("plain", _safe_text(line)) for line in notice.text.splitlines() if line.strip()]
        rows.append(("faint", _safe_text(notice.footnote)))
        return Message(
            {
                "subject": _subject(notice.title),
                "at": notice.at.isoformat(),
                "text": _text_part(rows, None),
                "html": _html_part(rows, None),
            }
        )

    def render(
        self,
        incident: Incident,
        recommendation: Recommendation | None,
        event: IncidentUpdate,
        thread: Thread,  # noqa: ARG002 - known for certain only when it is sent
    ) -> Message:
        """Render an update as subject, text and HTML."""
        rows = list(_message_rows(incident, recommendation, event))
        url = self.links.incident(incident.id)
        return Message(
            {
                "subject": _subject(words.headline(incident, event)),
                "at": event.at.isoformat(),
                "text": _text_part(rows, url),
                "html": _html_part(rows, url),
            }
        )

    def send(self, message: Message, thread: Thread) -> SentMessage:
        """Send the mail; its Message-ID is the same for each attempt, so that duplicates are dropped."""
        message_id = f"<{message.key}@{self.sender.domain}>"
        root = str(thread.get("root") or message_id)
        self.server.deliver(self._mail(message, message_id, root))
        return SentMessage({"root": root})

    def _mail(self, message: Message, message_id: str, root: str) -> EmailMessage:
        mail = EmailMessage(policy=email.policy.SMTP)
        mail["From"] = self.sender
        mail["To"] = tuple(self.recipients)
        mail["Subject"] = message.body["subject"]
        if mail["Subject"].splitlines() != [message.body["subject"]]:
            raise PermanentDeliveryError("the subject contains a line break and would add headers of its own")
        mail["Date"] = format_datetime(datetime.fromisoformat(message.body["at"]))
        mail["Message-ID"] = message_id
        if root != message_id:
            mail["In-Reply-To"] = root
            mail["References"] = root
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body["text"])
        mail.add_alternative(message.body["html"], subtype="html")
        return mail


Row = tuple[Literal["title", "strong", "plain", "faint", "code"], str]


def _message_rows(incident: Incident, answer: Recommendation | None, event: IncidentUpdate) -> Iterator[Row]:
    """Yield the lines of the mail; prose is sanitised here, commands are unchanged."""
    yield "title", _safe_text(f"{words.HEADLINES[event.kind]}: {incident.title}")
    yield "faint", _safe_text(f"{incident.id} · {words.facts_line(incident)}")
    if event.into:
        yield "plain", _safe_text(f"It is now part of {event.into}.")
    if incident.status == "resolved" and event.kind == "resolved":
        yield "plain", _safe_text(words.resolution_sentence(incident.resolution, event.suggestions))
    for change in event.changes:
        yield "plain", _safe_text(f"Changed: {change}")
    if answer is None or incident.status == "resolved":
        return
    yield "strong", words.VERDICT_SENTENCES[answer.verdict]
    if answer.cause:
        where = f" ({words.format_citation(answer.cause_citation)})" if answer.cause_citation else ""
        yield "plain", _safe_text(f"Cause: {answer.cause}{where}")
    yield "plain", _safe_text(words.trust_sentence(answer))
    yield from _first_step_rows(answer)


def _first_step_rows(answer: Recommendation) -> Iterator[Row]:
    step = words.first_safe(answer)
    if step is None:
        yield "strong", words.NO_SAFE_STEP
        return
    yield "strong", _safe_text(f"First safe step: {step.text}")
    if step.command:
        yield "code", words.multi_line(step.command, LONGEST)
    yield "faint", _safe_text(words.step_note(step))


def _subject(value: str) -> str:
    """Return a one-line subject without encoded words, which could smuggle line breaks into the header."""
    return words.defang_links(words.single_line(value, LONGEST_SUBJECT)).replace("=?", "= ?")


def _safe_text(value: str) -> str:
    return words.defang_links(words.single_line(value, LONGEST))


def _text_part(rows: Sequence[Row], url: str | None) -> str:
    paragraphs = [textwrap.indent(value, "    ") if kind == "code" else value for kind, value in rows]
    return "\n\n".join([*paragraphs, *([f"Open in OnRecall: {url}"] if url else [])]) + "\n"


def _html_part(rows: Sequence[Row], url: str | None) -> str:
    """Render the HTML part; everything is escaped, the only link is our own."""
    paragraphs = [f'<div style="{_STYLES[kind]}">{escape(value)}</div>' for kind, value in rows]
    link = f'<p><a href="{escape(url)}">Open in OnRecall</a></p>' if url else ""
    return f'<!doctype html><html><body><div style="{STYLE}">{"".join(paragraphs)}{link}</div></body></html>\n'


_STYLES = {
    "title": "font-size:18px;font-weight:bold",
    "strong": "font-weight:bold;margin-top:.6em",
    "plain": "margin-top:.3em",
    "faint": "color:#666",
    "code": CODE,
}
