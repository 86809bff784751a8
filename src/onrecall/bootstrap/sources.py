"""The sources as an operator wants them: own files, a mapping for `generic`, when alerts without an end expire."""

import re
from collections.abc import Mapping
from datetime import timedelta

from onrecall.domain.errors import Invalid
from onrecall.settings import Settings
from onrecall.sources import SourceCatalog, open_catalog

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_EXAMPLE = "ONRECALL_ALERT_EXPIRY=default=24h,falco=1h"


def catalog(chosen: Settings) -> SourceCatalog:
    """Returns every source; Invalid where a file of the operator can't be read, naming it and what is wrong."""
    folder = chosen.sources_dir
    if folder is not None and not folder.is_dir():
        raise Invalid(f"ONRECALL_SOURCES_DIR: {folder} is no folder", "sources_dir")
    return open_catalog(chosen.alert_mapping, folder)


def expiry(chosen: Settings) -> Mapping[str, timedelta]:
    """Returns after how long an alert is over that its source never ends, by source; zero: never."""
    return {
        name.strip(): _duration(span.strip())
        for entry in (chosen.alert_expiry or "").split(",")
        if entry.strip()
        for name, _, span in [entry.partition("=")]
    }


def _duration(span: str) -> timedelta:
    if span == "never":
        return timedelta(0)
    found = re.fullmatch(r"(\d{1,5})([smhd])", span)
    if not found or int(found[1]) == 0:
        raise Invalid(f"ONRECALL_ALERT_EXPIRY: {span!r} is no time span; write {_EXAMPLE}, or never", "alert_expiry")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
