"""Links of an incident's alerts, deduplicated and limited to safe URLs, runbooks first."""

from collections.abc import Iterable, Sequence

from onrecall.domain.alert import AlertLink, AlertLinkKind
from onrecall.sources import payload
from onrecall.storage import StoredAlert

MAX_LINKS = 12
KIND_ORDER: Sequence[AlertLinkKind] = ("runbook", "dashboard", "source", "generator", "silence")
"""Order in which links are shown: what an on-call engineer needs first."""


def collect_links(alerts: Iterable[StoredAlert]) -> tuple[AlertLink, ...]:
    """Return the links of alerts ordered by kind, and within a kind in the order of the alerts."""
    kinds: dict[str, AlertLinkKind] = {}
    for alert in alerts:
        for link in payload.safe_links(*alert.alert.links):
            kinds.setdefault(link, alert.alert.link_kinds.get(link, "source"))
    ordered = sorted(kinds.items(), key=lambda pair: KIND_ORDER.index(pair[1]))
    return tuple(AlertLink(url, kind) for url, kind in ordered[:MAX_LINKS])
