"""What is kept: incidents, resolutions, documents, passages, recommendations and outcomes."""

from onrecall.store.events import Happening
from onrecall.store.grouping import ALERTS, Grouped, Held, Holdings, Seen
from onrecall.store.inbound import (
    Arrival,
    Received,
    StoredAlert,
    StoredNote,
    StoredUnread,
    Unread,
)
from onrecall.store.placing import BY_ALERTS, Changed, Merged, Opened, Placed, Work
from onrecall.store.results import (
    Change,
    Entry,
    Event,
    FittedCurve,
    Imprint,
    Judgement,
    Make,
    Page,
    Remade,
    Remaking,
    Saved,
    TermStatistics,
)
from onrecall.store.store import Store

__all__ = [
    "ALERTS",
    "BY_ALERTS",
    "Arrival",
    "Change",
    "Changed",
    "Entry",
    "Event",
    "FittedCurve",
    "Grouped",
    "Happening",
    "Held",
    "Holdings",
    "Imprint",
    "Judgement",
    "Make",
    "Merged",
    "Opened",
    "Page",
    "Placed",
    "Received",
    "Remade",
    "Remaking",
    "Saved",
    "Seen",
    "Store",
    "StoredAlert",
    "StoredNote",
    "StoredUnread",
    "TermStatistics",
    "Unread",
    "Work",
]
