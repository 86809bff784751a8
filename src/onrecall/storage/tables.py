"""The tables that several modules read or write; one that a single module owns is defined there (`metadata` has all).

The definitions are for both databases. `migrations/` creates the tables; a test compares the two.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    true,
)

from onrecall.storage.columns import BytesType, Json, Number, TextType, Utc

metadata = MetaData()
"""Every table of the store, once the package is imported."""


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return the arguments of a partial index, for both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}


counters = Table(
    "counters", metadata, Column("name", TextType, primary_key=True), Column("value", Number, nullable=False)
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("title", TextType, nullable=False),
    Column("description", TextType, nullable=False),
    Column("service", TextType),
    Column("environment", TextType),
    Column("severity", TextType, nullable=False),
    Column("labels", Json, nullable=False),
    Column("status", TextType, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("acknowledged_at", Utc),
    Column("resolved_at", Utc),
    Column("source", TextType, nullable=False),
    Column("source_id", TextType),
    Column("folded", TextType, nullable=False),  # title and description, case-folded: what `q` looks in
    Column("given_hash", TextType, nullable=False),  # what was given last, so that the same file again changes nothing
    Column("state_hash", TextType, nullable=False),  # what it is now, so that its own export changes nothing
    Column("waiting", Boolean, nullable=False),  # for a recommendation: this column is the queue
    Column("due_at", Utc),  # not answered before; none: at once
    Column("quiet_since", Utc),  # none of its alerts has fired since; none: one does, or it never had any
    Column("claimed_by", TextType),  # the worker that answers it
    Column("claimed_until", Utc),  # after this another may
    Column("document", TextType),  # the postmortem that tells of it
    Column("report", Json),  # what that says beyond the columns; none: no document tells of it
    Column("assignee", TextType),  # who works on it
    Column("tags", Json),  # words of people; none: there are none
    Column("edited", Json),  # the fields that a person set, which alerts leave alone; none: there are none
    UniqueConstraint("source", "source_id"),
    Index("incidents_document", "document"),
    Index("incidents_source_id", "source_id"),
    Index("incidents_started_at", "started_at", "id"),
    Index("incidents_status", "status", "started_at", "id"),
    Index("incidents_service", "service", "started_at", "id"),
    Index("incidents_waiting", "waiting", "started_at"),
    Index("incidents_claimed", "claimed_until"),
    Index("incidents_quiet", "quiet_since"),
)

resolutions = Table(
    "resolutions",
    metadata,
    Column("incident", TextType, ForeignKey("incidents.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("root_cause", TextType, nullable=False),
    Column("cause", TextType),
    Column("steps", Json, nullable=False),
    Column("summary", TextType),
    Column("provenance", TextType, nullable=False),
    Column("cause_origin", TextType),
    Column("by", TextType),
    Column("at", Utc, nullable=False),
    Column("superseded_at", Utc),
    Column("revoked_at", Utc),
    Column("root_cause_line", Integer),  # on the page of the incident's document
    Index("resolutions_cause", "cause", "at"),
)

Index(
    "resolutions_current",
    resolutions.c.incident,
    **where(resolutions.c.superseded_at.is_(None) & resolutions.c.revoked_at.is_(None)),
)

links = Table(
    "links",
    metadata,
    Column("incident", TextType, ForeignKey("incidents.id"), primary_key=True),
    Column("kind", TextType, primary_key=True),
    Column("target", TextType, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("told_in", TextType),
    Column("revoked_at", Utc),
    Index("links_target", "target"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("title", TextType, nullable=False),
    Column("text", TextType, nullable=False),
    Column("kind", TextType, nullable=False),
    Column("service", TextType),
    Column("labels", Json, nullable=False),
    Column("source", TextType),
    Column("dated", Utc),
    Column("hash", TextType, nullable=False),
    Index("documents_service", "service", "id"),
    Index("documents_kind", "kind", "id"),
)


def passage_content() -> tuple[Column[Any], ...]:
    """Return the columns of what a passage holds, for the passages and for those that are staged."""
    return (
        Column("text", TextType, nullable=False),
        Column("line", Integer, nullable=False),
        Column("heading", TextType),
        Column("known_from", Utc),
        Column("terms", BytesType, nullable=False),
        Column("vector", BytesType),
        Column("model", TextType),
        Column("terms_version", Integer),
    )


passages = Table(
    "passages",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("kind", TextType, nullable=False),
    Column("owner", TextType, nullable=False),
    Column("part", TextType, nullable=False),
    Column("n", Integer, nullable=False),
    *passage_content(),
    UniqueConstraint("owner", "kind", "part", "n"),
    Index("passages_known_from", "known_from"),
    Index("passages_made", "model", "terms_version"),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("passage", Number, nullable=False),
    Index("changes_passage", "passage"),
)

terms = Table(
    "terms",
    metadata,
    Column("term", Number, primary_key=True, autoincrement=False),
    Column("passages", Number, nullable=False),
)

recommendations = Table(
    "recommendations",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("incident", TextType, ForeignKey("incidents.id")),
    Column("n", Number, nullable=False),  # the order in which answers were last given
    Column("created_at", Utc, nullable=False),
    Column("step_keys", Json, nullable=False),
    Column("body", Json, nullable=False),
    Index("recommendations_incident", "incident", "n"),
)

citations = Table(
    "citations",
    metadata,
    Column("recommendation", TextType, ForeignKey("recommendations.id"), primary_key=True),
    Column("evidence", TextType, primary_key=True),
    Index("citations_evidence", "evidence"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("recommendation", TextType, ForeignKey("recommendations.id"), primary_key=True),
    Column("by", TextType, primary_key=True),  # empty: nobody in particular
    Column("version", Integer, primary_key=True),
    Column("verdict", TextType, nullable=False),
    Column("steps", Json, nullable=False),
    Column("note", TextType),
    Column("at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

performed = Table(
    "performed",
    metadata,
    Column(
        "occasion", TextType, primary_key=True
    ),  # the incident, or the recommendation that was asked for without one
    Column("told_in", TextType, primary_key=True),  # the resolution's version, or the outcome
    Column("n", Integer, primary_key=True),
    Column("key", TextType, nullable=False),
    Column("outcome", TextType, nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", TextType),
    Column("revoked_at", Utc),
    Index("performed_key", "key"),
)

events = Table(
    "events",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("incident", TextType, ForeignKey("incidents.id"), nullable=False),
    Column("type", TextType, nullable=False),
    Column("at", Utc, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("by", TextType),
    Column("detail", Json, nullable=False),
    Index("events_incident", "incident", "at", "seq"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("source", TextType, nullable=False),
    Column("key", TextType, nullable=False),
    Column("starts_at", Utc, nullable=False),
    Column("status", TextType, nullable=False),
    Column("service", TextType),
    Column("told_at", Utc),
    Column("body", Json, nullable=False),
    Column("hash", TextType, nullable=False),  # of the body, so that a redelivery changes nothing
    Column("received_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("waiting", Boolean, nullable=False),  # to be grouped, or its news to be taken in: this column is the queue
    Column("incident", TextType, ForeignKey("incidents.id")),
    Column("joined", Json),  # how it came to its incident: how, score, reasons
    Column("purpose", TextType),  # test, heartbeat, planned or informational; null: it is to be an incident
    Column("identity", TextType),  # a digest of what it is about, for ends that come under another key
    Column("expires_at", Utc),  # it is over then unless something is heard of it; null: its sender says when
    Column("maintenance", TextType),  # the maintenance window during which it was set aside
    UniqueConstraint("source", "key", "starts_at"),
    Index("alerts_waiting", "waiting", "id"),
    Index("alerts_incident", "incident", "starts_at"),
)
Index("alerts_purpose", alerts.c.source, alerts.c.purpose, alerts.c.received_at, **where(alerts.c.purpose.is_not(None)))
Index("alerts_service", alerts.c.service, alerts.c.starts_at, **where(alerts.c.service.is_not(None)))
Index("alerts_firing", alerts.c.source, alerts.c.key, **where(alerts.c.status == "firing"))
Index(
    "alerts_identity",
    alerts.c.source,
    alerts.c.identity,
    **where(alerts.c.identity.is_not(None)),
)
Index("alerts_maintenance", alerts.c.maintenance, **where(alerts.c.maintenance.is_not(None)))
Index("alerts_expiry", alerts.c.expires_at, **where(alerts.c.expires_at.is_not(None)))

notes = Table(
    "notes",
    metadata,
    Column("source", TextType, primary_key=True),
    Column("id", TextType, primary_key=True),
    Column("type", TextType, nullable=False),  # note or acknowledgement
    Column("key", TextType, nullable=False),  # of the alert that it is about
    Column("at", Utc, nullable=False),
    Column("by", TextType),
    Column("text", TextType),
    Column("incident", TextType, ForeignKey("incidents.id")),
    Column("waiting", Boolean, nullable=False),
    Index("notes_waiting", "waiting", "at"),
    Index("notes_incident", "incident", "at"),
)

change_events = Table(
    "change_events",
    metadata,
    Column("source", TextType, primary_key=True),
    Column("key", TextType, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("service", TextType),
    Column("body", Json, nullable=False),
    Column("hash", TextType, nullable=False),
    Column("waiting", Boolean, nullable=False, server_default=true()),  # nobody looked yet which incidents it concerns
    Index("change_events_at", "at"),
    Index("change_events_service", "service", "at"),
    Index("change_events_waiting", "waiting"),
)

rejected = Table(
    "rejected",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("source", TextType, nullable=False),
    Column("hash", TextType, nullable=False),  # of what was sent, so that a redelivery is kept once
    Column("place", TextType, nullable=False),  # where in the delivery it stood
    Column("field", TextType),
    Column("message", TextType, nullable=False),
    Column("raw", TextType, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("settled_at", Utc),  # tried again, and it went in
    UniqueConstraint("source", "hash"),
)

pairings = Table(
    "pairings",
    metadata,
    Column(
        "one", TextType, primary_key=True
    ),  # what kind of alert, as the grouping room names it; the lesser of the two
    Column("other", TextType, primary_key=True),
    Column("together", Boolean, nullable=False),  # what a person said of them by merging or splitting
    Column("at", Utc, nullable=False),
    Column("by", TextType),
)

channels = Table(
    "channels",
    metadata,
    Column("name", TextType, primary_key=True),
    Column("seq", Number, nullable=False),  # the last event of which it is settled whether to tell it
    Column("decision", Number, nullable=False, server_default="0"),  # the last answer without an incident, likewise
    Column("paused_until", Utc),  # the other side asked for patience
    Column("held_by", TextType),  # the process that sends now
    Column("held_until", Utc),
)

threads = Table(
    "threads",
    metadata,
    Column("channel", TextType, primary_key=True),
    Column("incident", TextType, ForeignKey("incidents.id"), primary_key=True),
    Column("remote", Json, nullable=False),  # what the channel remembers of what it sent
    Column("told", Json, nullable=False),  # what was posted last
    Column("sent", Json),  # what has arrived last
)

notices = Table(
    "notices",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("n", Number, nullable=False),  # the order in which they were posted
    Column("type", TextType, nullable=False),  # slack, email, webhook, websocket or in_app
    Column("target", TextType),  # where its sender wanted it to go; it goes where a channel is configured
    Column("title", TextType, nullable=False),
    Column("message", TextType, nullable=False),
    Column("decision", TextType, ForeignKey("recommendations.id")),
    Column("metadata", Json, nullable=False),
    Column("failed_reason", TextType),  # why nothing could be sent at all
    Column("created_at", Utc, nullable=False),
    Index("notices_n", "n"),
    Index("notices_decision", "decision", "n"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("channel", TextType, nullable=False),
    Column("incident", TextType, ForeignKey("incidents.id")),  # what it tells of: an incident,
    Column("notice", TextType, ForeignKey("notices.id")),  # or a notice
    Column("seq", Number, nullable=False),  # the event that it tells of, or the notice's number
    Column("kind", TextType, nullable=False),
    Column("key", TextType, nullable=False),  # the same at each try
    Column("body", Json, nullable=False),
    Column("told", Json, nullable=False),  # what it says, as far as a difference would be news
    Column("state", TextType, nullable=False),  # pending, sent, dead, superseded
    Column("attempts", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("last_error", TextType),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    UniqueConstraint("channel", "incident", "seq"),
    UniqueConstraint("notice", "channel"),
    Index("deliveries_due", "channel", "state", "next_at"),
    Index("deliveries_state", "state", "id"),
)
