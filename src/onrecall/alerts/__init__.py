"""A sender's payload → signals. One file per sender; here is the table of them."""

from collections.abc import Mapping

from onrecall.alerts.delivery import Confirmation, Delivery, Malformed, Parsed, Source, payload

__all__ = ["SOURCES", "Confirmation", "Delivery", "Malformed", "Parsed", "Source", "payload"]

SOURCES: Mapping[str, Source] = {}
"""Every sender by the name that stands in its address."""
