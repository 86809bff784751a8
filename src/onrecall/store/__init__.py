"""What is kept: incidents, resolutions, documents, passages, recommendations and outcomes."""

from onrecall.store.results import (
    Change,
    Entry,
    Event,
    FittedCurve,
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
    "Change",
    "Entry",
    "Event",
    "FittedCurve",
    "Judgement",
    "Make",
    "Page",
    "Remade",
    "Remaking",
    "Saved",
    "Store",
    "TermStatistics",
]
