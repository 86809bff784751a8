"""What changed of an incident comes in.
A message for each channel goes out, through a guard that opens no address inside the network.
"""

from onrecall.notifications.channel import (
    Channel,
    IncidentUpdate,
    Kind,
    Message,
    PermanentDeliveryError,
    SentMessage,
    Thread,
)
from onrecall.notifications.incident_update import FeedEvent, NotifiedState, build_update, current_state
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
    "build_update",
    "current_state",
    "notice_channel",
]
