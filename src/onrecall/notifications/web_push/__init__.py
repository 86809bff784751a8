"""A new incident comes in.
One encrypted message goes out to each subscribed browser, through the push service of its maker.
"""

from onrecall.notifications.web_push.channel import WebPush
from onrecall.notifications.web_push.vapid import VapidKey

__all__ = ["VapidKey", "WebPush"]
