"""Slack's export: build the incident a channel was opened for, or one per thread, from its messages.

A channel such as `inc-417-checkout` is one incident. In a channel for all of them, such as `incidents`, each thread is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers.chat_threads import (
    NO_INCIDENT,
    ONE_INCIDENT,
    build_chat_incident,
    incidents_of_channel,
    title_of,
)
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow

OTHER_FILES = frozenset(
    ("channels.json", "users.json", "org_users.json", "groups.json", "dms.json", "mpims.json", "integration_logs.json",
     "canvases.json", "file_conversations.json", "huddle_transcripts.json", "lists.json")
)  # fmt: skip
"""Other files of an export."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_NO_MESSAGE = frozenset(
    ("channel_join", "channel_leave", "channel_archive", "channel_unarchive", "channel_name", "bot_add", "bot_remove",
     "channel_convert_to_private", "pinned_item", "unpinned_item", "reminder_add", "huddle_thread", "tombstone")
)  # fmt: skip
_TS = re.compile(r"\d{9,10}\.\d{1,6}", re.ASCII)
_MENTION = re.compile(r"<[@!](?:subteam\^)?[A-Za-z0-9^|@.\- ]+>")
_ADDRESSED = re.compile(rf"^(?:{_MENTION.pattern}[\s,:]*)+", re.MULTILINE)
_CODE = re.compile(r"```(?P<code>[^`\n]+|\n[^`]*\n)```")
_CHANNEL = re.compile(r"<#\w+(?:\|(?P<name>[^>]*))?>")
_LINK = re.compile(r"<(?P<url>(?:https?|mailto|slack):[^>|\s]+)(?:\|(?P<text>[^>]*))?>")


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Slack by a message's `ts`."""
    return _is_message(values)


def is_day(path: Path) -> bool:
    """Return whether a file is named like one day of a channel."""
    return _DAY.fullmatch(path.name) is not None


def channel_json(days: Sequence[Path]) -> bytes | None:
    """Join all days of a channel with the channel's metadata as JSON; None if they are not Slack's.

    Raises:
        OSError: a file can't be read.
    """
    messages: list[Any] = []
    for day in days:
        try:
            content = json.loads(day.read_bytes())
        except ValueError:
            return None
        if not isinstance(content, list) or (
            content and not (isinstance(content[0], Mapping) and _is_message(content[0]))
        ):
            return None
        messages += content
    folder = days[0].resolve().parent
    return json.dumps({"channel": _channel_in(folder), "messages": messages}).encode() if messages else None


def rows(
    source_rows: Iterator[SourceRow | RejectedInput], context: RecordContext
) -> Iterator[SourceRow | RejectedInput]:
    """Yield a row per incident: the whole channel, or each of its threads."""
    messages: list[Mapping[str, Any]] = []
    line = 1
    for row in source_rows:
        if isinstance(row, RejectedInput):
            yield row
        elif not _is_message(row.values):
            yield RejectedInput(row.where, "ts", "it has no message time (`ts`), such as 1767225600.000200")
        elif row.values.get("subtype") not in _NO_MESSAGE:
            line = min(line, row.line)
            messages.append(row.values)
    messages.sort(key=_ts)
    channel = _channel(context)
    threaded = [{**message, "thread": message.get("thread_ts") or message.get("ts")} for message in messages]
    for name, part in incidents_of_channel(str(channel["name"]), threaded):
        yield SourceRow(line, {"id": name, "channel": channel, "slack_messages": part}, f"{context.path}, {name}")


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident, from the first message to the one that reports its end."""
    messages = record.object_list("slack_messages")
    if not messages:
        return SkippedRecord(NO_INCIDENT)
    channel = record.get("channel")
    topic = _purpose(channel) if isinstance(channel, Mapping) else None
    comments = [Comment(text, row.time("ts")) for row in messages if (text := _text(row))]
    name = record.text("channel.name") or ""
    return build_chat_incident(record, "slack", comments, channel=name, subject=topic)


def _is_message(values: Mapping[str, Any]) -> bool:
    return values.get("type", "message") == "message" and _TS.fullmatch(str(values.get("ts"))) is not None


def _channel(context: RecordContext) -> Mapping[str, Any]:
    """Return the channel from the file, or from the name of its folder."""
    channel = context.beside("channel")
    if isinstance(channel, Mapping) and channel.get("name"):
        return channel
    path = PurePosixPath(context.path.replace("\\", "/"))
    name = str(context.beside("channel_name") or channel or "") or (
        path.parent.name if _DAY.fullmatch(path.name) else path.stem
    )
    return {"name": name.lstrip("#") or path.stem}


def _channel_in(folder: Path) -> Mapping[str, Any]:
    """Return the channel's entry in the export's channel list."""
    for listing in (folder.parent / "channels.json", folder.parent / "groups.json"):
        try:
            listed = json.loads(listing.read_bytes()) if listing.is_file() else []
        except (OSError, ValueError):
            continue
        for channel in listed if isinstance(listed, list) else ():
            if isinstance(channel, Mapping) and channel.get("name") == folder.name:
                return {"name": folder.name, "topic": channel.get("topic"), "purpose": channel.get("purpose")}
    return {"name": folder.name}


def _purpose(channel: Mapping[str, Any]) -> str | None:
    """Return the purpose of a channel opened for one incident."""
    for name in ("topic", "purpose"):
        value = channel.get(name)
        text = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(text, str) and text.strip() and ONE_INCIDENT.fullmatch(str(channel.get("name"))):
            return title_of(_markdown(text))
    return None


def _ts(message: Mapping[str, Any]) -> float:
    return float(str(message.get("ts")))


def _text(row: FieldRecord) -> str | None:
    """Return the text of a message, including attachments, where bots put it."""
    parts = [row.text("text")]
    parts += [part.text("pretext", "title") for part in row.object_list("attachments")]
    parts += [part.text("text", "fallback") for part in row.object_list("attachments")]
    row.use("user", "type", "ts", "thread_ts", "blocks", "team", "client_msg_id", "bot_id", "subtype")
    row.use("thread", "reply_count", "reply_users_count", "reply_users", "replies", "latest_reply", "reactions")
    return "\n".join(dict.fromkeys(_markdown(part) for part in parts if part)) or None


def _markdown(text: str) -> str:
    """Convert Slack's markup to Markdown; mentioned people are not kept."""
    text = _MENTION.sub("@someone", _ADDRESSED.sub("", text))
    text = _CHANNEL.sub(lambda match: f"#{match['name'] or 'channel'}", text)
    text = _LINK.sub(lambda match: f"[{match['text']}]({match['url']})" if match["text"] else match["url"], text)
    text = _CODE.sub(lambda match: f"`{match['code']}`" if "\n" not in match["code"] else match[0], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
