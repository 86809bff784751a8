"""The links of an incident's alerts, as they are shown beside it: runbooks first, each once, only safe ones."""

from collections.abc import Iterable, Sequence

from onrecall.domain.alert import AlertLink, AlertLinkKind
from onrecall.sources import payload
from onrecall.storage import StoredAlert

MAX_LINKS = 12
KIND_ORDER: Sequence[AlertLinkKind] = ("runbook", "dashboard", "source", "generator", "silence")
"""What somebody who is on call wants first."""


def collect_links(alerts: Iterable[StoredAlert]) -> tuple[AlertLink, ...]:
    """Returns the links of alerts, those to runbooks first, within a kind in the order in which the alerts stand."""
    kinds: dict[str, AlertLinkKind] = {}
    for alert in alerts:
        for link in payload.safe_links(*alert.alert.links):
            kinds.setdefault(link, alert.alert.link_kinds.get(link, "source"))
    ordered = sorted(kinds.items(), key=lambda pair: KIND_ORDER.index(pair[1]))
    return tuple(AlertLink(url, kind) for url, kind in ordered[:MAX_LINKS])
