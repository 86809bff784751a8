"""Which buttons stand under an incident in Slack: to say what helped, to resolve it, and to open what it links to."""

from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate
from onrecall.notifications.links import Links
from onrecall.notifications.slack import block_kit
from onrecall.notifications.slack.block_kit import Block

MOST_LINKS = 4


def button_row(
    incident: Incident, answer: Recommendation | None, event: IncidentUpdate, links: Links, *, quiet: bool
) -> list[Block]:
    """Return the buttons in their order; `quiet` omits those whose clicks Slack would report to us."""
    actions = [] if quiet else _actions(incident, answer, event)
    return [*actions, *_console_link(incident.id, links), *_alert_links(event)]


def _actions(incident: Incident, answer: Recommendation | None, event: IncidentUpdate) -> list[Block]:
    row = []
    if incident.status == "resolved" and event.suggestions and not event.into:
        about = {"s": event.suggestions[0].id}
        row.append(block_kit.button("Confirm suggestion", "confirm_suggestion", about, "primary"))
        row.append(block_kit.button("Dismiss suggestion", "dismiss_suggestion", about))
    if answer:
        about = {"r": answer.id}
        row.append(block_kit.button("It helped", "helped", about, "primary"))
        row.append(block_kit.button("It did not help", "did_not_help", about))
    if incident.status != "resolved" and not event.into:
        row.append(block_kit.button("Resolve…", "resolve", {"i": incident.id}))
    return row


def _console_link(incident_id: str, links: Links) -> list[Block]:
    url = links.incident(incident_id)
    return [block_kit.link("Open in OnRecall", url)] if url and len(url) <= block_kit.LONGEST_URL else []


def _alert_links(event: IncidentUpdate) -> list[Block]:
    """Return link buttons from the alerts, each labelled with its target host."""
    offered = [link for link in event.alert_links if len(link.url) <= block_kit.LONGEST_URL][:MOST_LINKS]
    return [
        block_kit.link(f"{words.LINK_LABELS[link.kind]}: {words.host_of(link.url)}", link.url, f"open_{number}")
        for number, link in enumerate(offered)
    ]
