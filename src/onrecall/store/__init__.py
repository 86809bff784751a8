"""What is kept: incidents, resolutions, documents, passages, recommendations and outcomes."""

from onrecall.store.inbound import (
    Arrival,
    Groupable,
    Received,
    StoredAlert,
    StoredNote,
    StoredUnread,
    Unread,
)
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
    "Arrival",
    "Change",
    "Entry",
    "Event",
    "FittedCurve",
    "Groupable",
    "Imprint",
    "Judgement",
    "Make",
    "Page",
    "Received",
    "Remade",
    "Remaking",
    "Saved",
    "Store",
    "StoredAlert",
    "StoredNote",
    "StoredUnread",
    "TermStatistics",
    "Unread",
]
