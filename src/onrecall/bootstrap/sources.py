"""The sources as an operator wants them: own files, a mapping for `generic`, when alerts expire, who is trusted."""

import re
from collections.abc import Mapping
from datetime import timedelta

from onrecall.domain.errors import Invalid, NotFound
from onrecall.settings import Settings
from onrecall.sources import SourceCatalog, open_catalog

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_EXAMPLE = "default=24h,alertmanager=1h"


def source_catalog(chosen: Settings) -> SourceCatalog:
    """Build the catalog of sources. Raises Invalid for an unreadable file of the operator."""
    folder = chosen.sources_dir
    if folder is not None and not folder.is_dir():
        raise Invalid(f"ONRECALL_SOURCES_DIR: {folder} is not a folder", "sources_dir")
    return open_catalog(chosen.alert_mapping, folder)


def expiry_by_source(chosen: Settings) -> Mapping[str, timedelta]:
    """Return when alerts without an end expire, by source; zero: never."""
    return _parse_spans(chosen.alert_expiry, "alert_expiry")


def heartbeat_patience(chosen: Settings) -> Mapping[str, timedelta]:
    """Return how long a heartbeat may be absent before an alert is raised, by source; zero: no alert."""
    return _parse_spans(chosen.heartbeats, "heartbeats")


def _parse_spans(text: str | None, setting: str) -> Mapping[str, timedelta]:
    return {
        name.strip(): _parse_duration(span.strip(), setting)
        for entry in (text or "").split(",")
        if entry.strip()
        for name, _, span in [entry.partition("=")]
    }


def trusted_sources(chosen: Settings, sources: SourceCatalog) -> frozenset[str]:
    """Return the sources whose notes and documents count unconfirmed. Raises Invalid for an unknown one."""
    return frozenset(_find_trusted(name, sources) for name in chosen.trusted_source_names)


def _find_trusted(name: str, sources: SourceCatalog) -> str:
    try:
        return sources.find(name).name
    except NotFound as error:
        raise Invalid(f"ONRECALL_TRUSTED_SOURCES: {error}", "trusted_sources") from error


def trust_warnings(chosen: Settings) -> list[str]:
    """Return warnings for the operator: whoever may post as a trusted source writes into memory."""
    return [
        f"ONRECALL_TRUSTED_SOURCES: notes and documents of {name} become resolutions and documents without anybody's "
        f"confirmation; whoever holds its key or secret can put steps into answers"
        for name in sorted(trusted_sources(chosen, source_catalog(chosen)))
    ]


def _parse_duration(span: str, setting: str) -> timedelta:
    if span == "never":
        return timedelta(0)
    match = re.fullmatch(r"(\d{1,5})([smhd])", span)
    if not match or int(match[1]) == 0:
        variable = f"ONRECALL_{setting.upper()}"
        raise Invalid(f"{variable}: {span!r} is not a time span; write {variable}={_EXAMPLE}, or never", setting)
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
