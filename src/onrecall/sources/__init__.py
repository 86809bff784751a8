"""The payload of a tool's webhook comes in; `definitions/` has a file per tool, code does what data can't.
Alerts, changes and notes go out, and what could not be read.
"""

from pathlib import Path

from onrecall.sources import mapping
from onrecall.sources.catalog import GENERIC, SourceCatalog
from onrecall.sources.webhook import (
    ParsedWebhook,
    ParseError,
    SubscriptionConfirmation,
    WebhookRequest,
    WebhookSource,
    load_json,
)

__all__ = [
    "GENERIC",
    "SOURCES",
    "ParseError",
    "ParsedWebhook",
    "SourceCatalog",
    "SubscriptionConfirmation",
    "WebhookRequest",
    "WebhookSource",
    "load_json",
    "open_catalog",
]

SOURCES = SourceCatalog()
"""Every source that comes with OnRecall, by the name that stands in its address."""


def open_catalog(mapping_file: Path | None = None, folder: Path | None = None) -> SourceCatalog:
    """Returns every source: `generic` as a mapping file says, and those of an operator's own folder beside ours."""
    if mapping_file is None and folder is None:
        return SOURCES
    catalog = SourceCatalog(folder, mapping.load_mapping(mapping_file)) if mapping_file else SourceCatalog(folder)
    catalog.check()
    return catalog
