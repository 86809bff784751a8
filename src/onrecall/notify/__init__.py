"""Answers out: what is told of an incident, in the tongue of each channel, and how it gets there."""

from onrecall.notify.channel import Channel, Kind, Message, News, Refused, Sent, Thread
from onrecall.notify.links import Links
from onrecall.notify.news import Event, Told, news, standing

__all__ = [
    "Channel",
    "Event",
    "Kind",
    "Links",
    "Message",
    "News",
    "Refused",
    "Sent",
    "Thread",
    "Told",
    "news",
    "standing",
]
