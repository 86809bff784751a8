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
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow
from onrecall.importers.states import state_of

OTHER_FILES = frozenset(
    ("channels.json", "users.json", "org_users.json", "groups.json", "dms.json", "mpims.json", "integration_logs.json",
     "canvases.json", "file_conversations.json", "huddle_transcripts.json", "lists.json")
)  # fmt: skip
"""Other files of an export."""
LONGEST_TITLE = 160

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_ONE_INCIDENT = re.compile(r"(?:inc|incident|outage|sev\d?|p[0-3]|war-?room|major|emergency)[-_]?\w*\d|"
                           r"(?:inc|incident|outage|sev\d?|war-?room)[-_].+", re.IGNORECASE)  # fmt: skip
_MANY_INCIDENTS = re.compile(
    r"(?:.*[-_])?(?:incidents|outages|alerts|oncall|on-call|ops|sre|firefighting|status|emergencies)(?:[-_].*)?",
    re.IGNORECASE,
)
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
_LEVEL = re.compile(r"\b(?P<level>sev(?:erity)?[ -]?\d|p[0-5])\b", re.IGNORECASE)
_OVER = re.compile(
    r"\b(?:(?:is|are|now|been|was|marked|all)\s+(?:now\s+|fully\s+)?(?:resolved|fixed|mitigated|recovered|closed)"
    r"|all[- ]clear|back to normal|(?:closing|resolving) (?:this|the|it)\b|incident (?:over|closed|resolved))"
    r"|[,;.\u2013\u2014]\s*(?:it['\u2019]?s\s+)?(?:resolved|fixed|mitigated|all good|all green)\W*$"
    r"|^\W*(?:resolved|fixed|mitigated)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Phrases written when an incident ends."""
_LEAD = re.compile(r"^(?::[\w+-]+:|[\s*_>~•-])+")


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
    for name, part in _incidents(channel, messages):
        yield SourceRow(line, {"id": name, "channel": channel, "slack_messages": part}, f"{context.path}, {name}")


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident, from the first message to the one that reports its end."""
    messages = record.object_list("slack_messages")
    if not messages:
        return SkippedRecord("a channel without incidents: none of its threads says that something was resolved")
    comments = tuple(Comment(text, row.time("ts")) for row in messages if (text := _text(row)))
    channel = record.get("channel")
    topic = _purpose(channel) if isinstance(channel, Mapping) else None
    first = comments[0] if comments else None
    ended = next((comment for comment in reversed(comments) if reports_end(comment.text)), None)
    level = _LEVEL.search(
        f"{record.text('channel.name') or ''} {topic or ''} {first.text if first else ''}".replace("_", " ")
    )
    return build_incident(
        record,
        source="slack",
        id=record.text("id"),
        title=topic or (_title(first.text) if first else None),
        description=first.text if first else None,
        started_at=messages[0].time("ts"),
        resolved_at=ended.at if ended else None,
        level=level["level"] if level else None,
        state="resolved" if ended else "open",
        labels={"channel": record.text("channel.name")},
        comments=comments[: comments.index(ended) + 1] if ended else comments,
    )


def _is_message(values: Mapping[str, Any]) -> bool:
    return values.get("type", "message") == "message" and _TS.fullmatch(str(values.get("ts"))) is not None


def _incidents(
    channel: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """Yield id and messages of each incident in a channel."""
    name = str(channel["name"])
    threads: dict[str, list[Mapping[str, Any]]] = {}
    for message in messages:
        threads.setdefault(str(message.get("thread_ts") or message.get("ts")), []).append(message)
    several = {ts: part for ts, part in threads.items() if len(part) > 1}
    if not _MANY_INCIDENTS.fullmatch(name):
        several = {ts: part for ts, part in several.items() if _thread_reports_end(part)}
    if _ONE_INCIDENT.fullmatch(name) or (
        not several and not _MANY_INCIDENTS.fullmatch(name) and _thread_reports_end(messages)
    ):
        yield name, messages
    elif not several:
        yield name, []
    else:
        yield from ((f"{name}-{ts}", part) for ts, part in several.items())


def _thread_reports_end(messages: Sequence[Mapping[str, Any]]) -> bool:
    return any(reports_end(str(message.get("text") or "")) for message in messages)


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
        if isinstance(text, str) and text.strip() and _ONE_INCIDENT.fullmatch(str(channel.get("name"))):
            return _title(_markdown(text))
    return None


def _ts(message: Mapping[str, Any]) -> float:
    return float(str(message.get("ts")))


def _text(row: FieldRecord) -> str | None:
    """Return the text of a message, including attachments, where bots put it."""
    parts = [row.text("text")]
    parts += [part.text("pretext", "title") for part in row.object_list("attachments")]
    parts += [part.text("text", "fallback") for part in row.object_list("attachments")]
    row.use("user", "type", "ts", "thread_ts", "blocks", "team", "client_msg_id", "bot_id", "subtype")
    return "\n".join(dict.fromkeys(_markdown(part) for part in parts if part)) or None


def _markdown(text: str) -> str:
    """Convert Slack's markup to Markdown; mentioned people are not kept."""
    text = _MENTION.sub("@someone", _ADDRESSED.sub("", text))
    text = _CHANNEL.sub(lambda match: f"#{match['name'] or 'channel'}", text)
    text = _LINK.sub(lambda match: f"[{match['text']}]({match['url']})" if match["text"] else match["url"], text)
    text = _CODE.sub(lambda match: f"`{match['code']}`" if "\n" not in match["code"] else match[0], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def reports_end(text: str) -> bool:
    """Return whether a message reports that the incident is over."""
    return _OVER.search(text) is not None or state_of(text) == "fixed"


def _title(text: str) -> str | None:
    line = next((title for line in text.splitlines() if (title := _LEAD.sub("", line).strip("*_ "))), "")
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…"
