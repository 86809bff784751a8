"""Answers out: what is told of an incident, in the tongue of each channel, and how it gets there."""

from onrecall.notifications.channel import Channel, Kind, Message, News, Refused, Sent, Thread
from onrecall.notifications.incident_update import Event, Told, news, standing
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice, NoticeChannel, NoticeKind, notice_channel

__all__ = [
    "Channel",
    "Event",
    "Kind",
    "Links",
    "Message",
    "News",
    "Notice",
    "NoticeChannel",
    "NoticeKind",
    "Refused",
    "Sent",
    "Thread",
    "Told",
    "news",
    "notice_channel",
    "standing",
]
