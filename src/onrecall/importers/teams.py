"""Microsoft Teams: messages of a channel as the Graph API lists them, with their replies inside or beside them.

`GET /teams/{id}/channels/{id}/messages?$expand=replies`, or the messages and the replies in one list.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers.chat_threads import NO_INCIDENT, build_chat_incident, incidents_of_channel
from onrecall.importers.markup import html
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow

DEEPEST_CARD = 12
"""Levels of a card in which its texts are looked for."""
_CARD = "application/vnd.microsoft.card"
_MENTION = re.compile(r"<at\b[^<>]*>[^<]{0,200}</at>", re.IGNORECASE)


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Teams by the message type and the body with its content type."""
    return "messageType" in values and "createdDateTime" in values and isinstance(values.get("body"), Mapping | None)


def rows(
    source_rows: Iterator[SourceRow | RejectedInput], context: RecordContext
) -> Iterator[SourceRow | RejectedInput]:
    """Yield a row per incident: the whole channel, or each of its threads."""
    messages: dict[str, Mapping[str, Any]] = {}
    line = 1
    for row in source_rows:
        if isinstance(row, RejectedInput):
            yield row
        elif not (recognises(row.values) and row.values.get("id")):
            yield RejectedInput(row.where, "createdDateTime", "this is no message of Teams: it has no id, time or body")
        else:
            line = min(line, row.line)
            written = filter(_is_user_message, _with_replies(row.values))
            messages |= {str(message["id"]): message for message in written}
    channel = _channel_name(context)
    in_order = sorted(map(_as_message, messages.values()), key=lambda message: str(message["at"]))
    for name, part in incidents_of_channel(channel, in_order):
        yield SourceRow(line, {"id": name, "channel": channel, "teams_messages": part}, f"{context.path}, {name}")


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident, from the first message to the one that reports its end."""
    messages = record.object_list("teams_messages")
    if not messages:
        return SkippedRecord(NO_INCIDENT)
    for message in messages:
        message.use("thread")
    subject = next((subject for message in messages if (subject := message.text("subject"))), None)
    comments = [Comment(text, message.time("at")) for message in messages if (text := message.text("text"))]
    return build_chat_incident(record, "teams", comments, channel=record.text("channel") or "", subject=subject)


def _with_replies(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield message
    replies = message.get("replies")
    for reply in replies if isinstance(replies, list) else ():
        if isinstance(reply, Mapping) and recognises(reply) and reply.get("id"):
            yield {"replyToId": message.get("id"), **reply}


def _is_user_message(message: Mapping[str, Any]) -> bool:
    """Return whether a person or a bot wrote the message, and it was not deleted."""
    return message.get("messageType") == "message" and not message.get("deletedDateTime")


def _as_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return thread, time, subject and text of a message; who wrote it is not kept."""
    subject = message.get("subject")
    return {
        "thread": str(message.get("replyToId") or message.get("id")),
        "at": message.get("createdDateTime"),
        "subject": subject.strip() if isinstance(subject, str) and subject.strip() else None,
        "text": "\n".join(filter(None, (_body(message.get("body")), *_cards(message.get("attachments"))))),
    }


def _body(body: Any) -> str:
    """Return the text of a message, with `@someone` for people who are mentioned."""
    if not isinstance(body, Mapping) or not isinstance(body.get("content"), str):
        return ""
    if str(body.get("contentType")).lower() != "html":
        return str(body["content"]).strip()
    try:
        return html.to_markdown(_MENTION.sub("@someone", body["content"])).strip()
    except Invalid:
        return ""


def _cards(attachments: Any) -> Iterator[str]:
    """Yield the texts of cards, in which bots write their alerts."""
    for attachment in attachments if isinstance(attachments, list) else ():
        if isinstance(attachment, Mapping) and str(attachment.get("contentType")).startswith(_CARD):
            content = attachment.get("content")
            try:
                card = json.loads(content) if isinstance(content, str) else content
            except (ValueError, RecursionError):
                continue
            yield "\n".join(_card_texts(card, DEEPEST_CARD))


def _card_texts(card: Any, levels: int) -> Iterator[str]:
    if levels and isinstance(card, list):
        for part in card:
            yield from _card_texts(part, levels - 1)
    elif levels and isinstance(card, Mapping):
        yield from (card[name] for name in ("title", "text") if isinstance(card.get(name), str) and card[name].strip())
        for name in ("body", "items", "columns", "sections"):
            yield from _card_texts(card.get(name), levels - 1)


def _channel_name(context: RecordContext) -> str:
    """Return the channel's name from the file's own, for messages carry only its id."""
    return PurePosixPath(context.path.replace("\\", "/")).stem
