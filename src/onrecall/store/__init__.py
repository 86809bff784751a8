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
    Breaker,
    Called,
    Change,
    Entry,
    Event,
    FittedCurve,
    Imprint,
    Judgement,
    Make,
    ModelUse,
    Page,
    Remade,
    Remaking,
    Saved,
    Spent,
    TermStatistics,
)
from onrecall.store.store import Store
from onrecall.store.usage import Limits, Usage

__all__ = [
    "ALERTS",
    "BY_ALERTS",
    "Arrival",
    "Breaker",
    "Called",
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
    "Limits",
    "Make",
    "Merged",
    "ModelUse",
    "Opened",
    "Page",
    "Placed",
    "Received",
    "Remade",
    "Remaking",
    "Saved",
    "Seen",
    "Spent",
    "Store",
    "StoredAlert",
    "StoredNote",
    "StoredUnread",
    "TermStatistics",
    "Unread",
    "Usage",
    "Work",
]
