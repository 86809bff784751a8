"""incident.io: an event as one posts it to an HTTP alert source, so that the same senders can be pointed here."""

from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import severity
from onrecall.sources import payload as fields
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import Delivery, Parsed, load_json

NAME = "incident-io"


def parse(delivery: Delivery, now: datetime) -> Parsed:
    """One alert event, firing or resolved."""
    return fields.whole(fields.fields(load_json(delivery.body), "body"), lambda body: (_alert(body, now),))


def _alert(body: Fields, now: datetime) -> Alert:
    status = fields.name(body, "status")
    if status not in ("firing", "resolved"):
        raise Invalid(f"`status` is {status!r}; write firing or resolved", "status")
    title = fields.need(fields.line(body, "title"), "title", "5xx above 5% on checkout")
    labels = fields.flat(body.get("metadata"))
    return Alert(
        source=NAME,
        key=fields.key(body, "deduplication_key") or fields.derived_key(title, fields.text(body, "source_url")),
        title=title,
        starts_at=now,
        status="resolved" if status == "resolved" else "firing",
        description=fields.text(body, "description") or "",
        service=fields.service(labels),
        environment=fields.environment(labels),
        severity=severity(labels.get("severity") or labels.get("priority")),
        labels=labels,
        links=fields.links(body.get("source_url")),
        starts_known=False,
    )
