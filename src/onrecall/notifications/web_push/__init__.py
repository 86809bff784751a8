"""Web push: encrypted messages to browsers through the push services of their makers."""

from onrecall.notifications.web_push.channel import WebPush
from onrecall.notifications.web_push.vapid import VapidKey

__all__ = ["VapidKey", "WebPush"]
