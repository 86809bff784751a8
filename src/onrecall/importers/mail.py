"""E-mail: messages (`.eml`) and mailboxes (`.mbox`); each thread in which the end is reported is an incident."""

import email
import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from email.utils import parsedate_to_datetime
from typing import Any

from bs4 import BeautifulSoup

from onrecall.domain.incident import Incident
from onrecall.importers import markup
from onrecall.importers.chat_threads import reports_end
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, SkippedRecord, SourceRow

ENDINGS = (".eml", ".mbox", ".mbx")
LARGEST_MAILBOX = 64 * 2**20
"""Maximum bytes of a mailbox."""
_FROM_LINE = re.compile(rb"^From \S+ .*\d{4}\s*$", re.MULTILINE)
_REPLY = re.compile(r"^\s*(?:(?:re|fwd?|aw|wg|tr|rv|sv|vs)\s*(?:\[\d+\])?\s*[:\uff1a]\s*)+", re.IGNORECASE)
_TAG = re.compile(r"^\s*(?:\[[^\]]{1,30}\]\s*)+")
_QUOTE = re.compile(r"^>.*$|^(?:On|Am|Le|El) .{5,120}(?:wrote|schrieb|a écrit|escribió).{0,40}:\s*$", re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)


def is_mail(sample: bytes, ending: str) -> bool:
    """Return whether a file is a message or a mailbox, by its ending or its first lines."""
    if ending in ENDINGS:
        return True
    return _FROM_LINE.match(sample) is not None and b"\nSubject:" in sample


def threads(name: str, data: bytes) -> list[SourceRow]:
    """Return a row per thread, in the order of their first messages; each message has its time and its text."""
    by_thread: dict[str, list[Mapping[str, Any]]] = {}
    subjects: dict[str, str] = {}
    for message in _messages(data):
        subject = " ".join(_header(message, "Subject").split())
        key = _TAG.sub("", _REPLY.sub("", subject)).casefold()
        subjects.setdefault(key, _REPLY.sub("", subject))
        by_thread.setdefault(key, []).append(
            {
                "message_id": _header(message, "Message-ID").strip("<> "),
                "answers": _header(message, "In-Reply-To").strip("<> "),
                "sent_at": _sent_at(message),
                "text": _text(message),
            }
        )
    return [
        SourceRow(1, {"subject": subjects[key], "mail_messages": _in_time_order(parts)}, f"{name}, {subjects[key]!r}")
        for key, parts in by_thread.items()
    ]


def first_text(rows: Sequence[SourceRow]) -> str:
    """Return the only message of a file as a page under its subject; empty if there are several."""
    if len(rows) != 1 or len(rows[0].values["mail_messages"]) != 1:
        return ""
    message = rows[0].values["mail_messages"][0]
    return f"# {_TAG.sub('', rows[0].values['subject'])}\n\n{message['text']}\n"


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise a thread of mails as `threads` returns it."""
    return "mail_messages" in values


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident, from the first message to the one that reports its end."""
    record.use("mail_messages[].answers")
    messages = record.object_list("mail_messages")
    comments = tuple(Comment(text, row.time("sent_at")) for row in messages if (text := row.text("text")))
    ended = next((comment for comment in reversed(comments) if reports_end(comment.text)), None)
    if ended is None or not comments:
        return SkippedRecord("a thread that reports no end of an incident")
    return build_incident(
        record,
        source="mail",
        id=messages[0].text("message_id"),
        title=_TAG.sub("", record.text("subject") or ""),
        description=comments[0].text,
        started_at=comments[0].at,
        resolved_at=ended.at,
        state="resolved",
        comments=comments[: comments.index(ended) + 1],
    )


def _messages(data: bytes) -> Iterator[EmailMessage]:
    """Yield the messages of a mailbox, or the only one of a file."""
    starts = [match.start() for match in _FROM_LINE.finditer(data) if _opens_message(data, match.start())]
    ends = [*starts[1:], len(data)]
    parts = [data[start:end] for start, end in zip(starts, ends, strict=True)] if starts else [data]
    for part in parts:
        body = part.partition(b"\n")[2] if part.startswith(b"From ") else part
        yield email.message_from_bytes(body, policy=email.policy.default)


def _opens_message(data: bytes, start: int) -> bool:
    """Return whether a `From` line begins a message: it is the first line, or follows a blank one."""
    return start == 0 or data.endswith((b"\n\n", b"\r\n\r\n"), 0, start)


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name) or "")


def _sent_at(message: EmailMessage) -> str | None:
    """Return when a message was sent, in UTC; None if its date is missing, broken or outside the calendar."""
    try:
        moment: datetime = parsedate_to_datetime(_header(message, "Date"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _text(message: EmailMessage) -> str:
    """Return the text of a message without quotations and signature."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content = _decoded(part)
    if part.get_content_type() == "text/html":
        content = _page_text(content)
    content = content.replace("\r\n", "\n")
    return _SIGNATURE.split(_QUOTE.sub("", content))[0].strip()


def _decoded(part: MIMEPart) -> str:
    """Return the content of a part; as UTF-8 if Python can't decode its charset."""
    try:
        if part.get_content_charset() is None and isinstance(raw := part.get_payload(decode=True), bytes):
            return raw.decode("utf-8")
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown charset, or one that is no encoding of texts, such as idna
        content = part.get_payload(decode=True)
        return content.decode("utf-8", errors="replace") if isinstance(content, bytes) else ""


def _page_text(page: str) -> str:
    """Return a page of HTML as Markdown; if it is nested too deep for that, its bare text."""
    try:
        return markup.TEXTS[".html"](page)
    except ValueError:
        return BeautifulSoup(page, "html.parser").get_text("\n", strip=True)


def _in_time_order(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages by time; one without a date stands behind the one that it answers, or that is before it."""
    times = {part["message_id"]: part["sent_at"] for part in parts if part["message_id"] and part["sent_at"]}
    keys: list[str] = []
    last = min(times.values(), default="")
    for part in parts:
        last = part["sent_at"] or times.get(part["answers"]) or last
        keys.append(last)
    order = sorted(range(len(parts)), key=lambda place: (keys[place], parts[place]["sent_at"] is None, place))
    return [parts[place] for place in order]
