"""Answers out: what is told of an incident, in the tongue of each channel, and how it gets there."""

from onrecall.notifications.channel import (
    Channel,
    IncidentUpdate,
    Kind,
    Message,
    PermanentDeliveryError,
    SentMessage,
    Thread,
)
from onrecall.notifications.incident_update import FeedEvent, NotifiedState, news, standing
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice, NoticeChannel, NoticeKind, notice_channel

__all__ = [
    "Channel",
    "FeedEvent",
    "IncidentUpdate",
    "Kind",
    "Links",
    "Message",
    "Notice",
    "NoticeChannel",
    "NoticeKind",
    "NotifiedState",
    "PermanentDeliveryError",
    "SentMessage",
    "Thread",
    "news",
    "notice_channel",
    "standing",
]
