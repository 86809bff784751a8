"""GitHub: issues that are labelled as incidents, their comments, and deployments."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, ChangeEvent, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity
from onrecall.sources import signatures
from onrecall.sources.payload import (
    Fields,
    environment_from_labels,
    get_path,
    parse_single,
    read_key,
    read_line,
    read_name,
    read_text,
    read_time,
    require,
    require_object,
    safe_links,
    service_from_labels,
    shorten_key,
    tags_to_labels,
    to_text,
    without_empty,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "github"
INCIDENT = re.compile(r"(?:(?:type|kind)[:/] ?)?(?:(?:prod(?:uction)?[ -])?(?:incident|outage)s?|alert|sev[ -]?[0-5])")
"""A label like these makes an issue an alert; other issues are no outages."""
_SILENT = "zen"


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - no time is signed
    """Forbidden unless one of the secrets signed this body."""
    signature = signatures.require_header(delivery, "X-Hub-Signature-256")
    signatures.verify_hmac(delivery.body, signatures.split_versions(signature, "sha256="), secrets)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse an incident, comment or deployment; all other events are accepted and ignored."""
    body = require_object(delivery.decoded(), "body")
    kind = delivery.headers.get("x-github-event") or _guess_kind(body)
    read = _READERS.get(kind)
    return parse_single(body, lambda message: read(message, now)) if read else ParsedWebhook()


def _guess_kind(body: Fields) -> str:
    """Guess the event kind of a message without its headers."""
    if _SILENT in body:
        return "ping"
    kind = next((event_kind for event_kind in ("deployment_status", "deployment") if event_kind in body), None)
    kind = kind or ("issue_comment" if "comment" in body and "issue" in body else None)
    kind = kind or ("issues" if "issue" in body else None)
    if kind is None:
        raise Invalid(
            "the header X-GitHub-Event is missing, and there is neither an issue nor a deployment", "X-GitHub-Event"
        )
    return kind


def _read_issue(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    """Read the current state of an issue labelled as an incident."""
    issue = require_object(body.get("issue"), "issue")
    label_names = _label_names(issue.get("labels"))
    if not any(_is_incident_label(label) for label in label_names) or "pull_request" in issue:
        return ()
    labels = tags_to_labels(label_names)
    labels |= without_empty(repository=read_name(body, "repository.full_name"))
    closed = read_line(issue, "state") == "closed" or read_line(body, "action") in ("closed", "deleted", "transferred")
    status: AlertStatus = "resolved" if closed else "firing"
    created_at = read_time(issue, "created_at")
    return (
        Alert(
            NAME,
            _issue_key(body, issue),
            require(read_line(issue, "title"), "issue.title", '"Checkout answers 503"'),
            created_at or now,
            status,
            read_text(issue, "body") or "",
            service_from_labels(labels),
            environment_from_labels(labels),
            _severity(label_names),
            labels,
            ends_at=read_time(issue, "closed_at") if closed else None,
            links=safe_links(issue.get("html_url")),
            told_at=read_time(issue, "updated_at"),
            starts_known=created_at is not None,
        ),
    )


def _severity(label_names: Sequence[str]) -> Severity:
    """Return the severity that the first label with one names."""
    severities = (parse_severity(label) for label in label_names)
    return next((severity for severity in severities if severity != "unknown"), "unknown")


def _read_comment(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001 - a comment has a time of its own
    """Read a person's comment on an incident's issue."""
    issue, comment = require_object(body.get("issue"), "issue"), require_object(body.get("comment"), "comment")
    label_names = _label_names(issue.get("labels"))
    is_bot = read_line(comment, "user.type") == "Bot"
    if is_bot or read_line(body, "action") == "deleted" or not any(_is_incident_label(label) for label in label_names):
        return ()
    return (
        Note(
            NAME,
            _issue_key(body, issue),
            require(read_key(comment, "id"), "comment.id", "492700400"),
            require(read_text(comment, "body"), "comment.body", '"rolled back"'),
            require(read_time(comment, "created_at"), "comment.created_at", "2024-01-31T09:30:00Z"),
            read_name(comment, "user.login"),
        ),
    )


def _read_deployment(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001 - a change has a time of its own
    """Read a deployment and its state; the repository is the service unless the payload names one."""
    deployment = require_object(body.get("deployment"), "deployment")
    status = body.get("deployment_status")
    repository = require(read_name(body, "repository.full_name"), "repository.full_name", "octo-org/checkout")
    target_environment = read_name(deployment, "environment")
    number = require(read_key(deployment, "id"), "deployment.id", "145988746")
    return (
        ChangeEvent(
            NAME,
            shorten_key(f"{repository}/deployments/{number}"),
            _deployment_title(repository, deployment),
            require(read_time(deployment, "created_at"), "deployment.created_at", "2024-01-31T09:30:00Z"),
            "deployment",
            read_name(get_path(deployment, "payload"), "service", "service_name") or read_name(body, "repository.name"),
            target_environment,
            _deployment_labels(repository, deployment, status),
            safe_links(
                get_path(status, "target_url"), get_path(status, "log_url"), get_path(body, "repository.html_url")
            ),
        ),
    )


def _deployment_title(repository: str, deployment: Fields) -> str:
    """Return what was deployed and where, such as `Deployed octo/checkout main (a84d88e) to production`."""
    ref, commit = read_name(deployment, "ref"), read_name(deployment, "sha")
    parts = (repository, ref if ref != commit else None, f"({commit[:7]})" if commit else None)
    revision = " ".join(filter(None, parts))
    environment = read_name(deployment, "environment")
    destination = f" to {environment}" if environment else ""
    return read_line({"title": f"Deployed {revision}{destination}"}, "title") or revision


def _deployment_labels(repository: str, deployment: Fields, status: object) -> dict[str, str]:
    return without_empty(
        repository=repository,
        ref=read_name(deployment, "ref"),
        sha=read_name(deployment, "sha"),
        by=read_name(deployment, "creator.login"),
        task=read_name(deployment, "task"),
        state=read_name(status, "state"),
    )


_READERS: dict[str, Callable[[Fields, datetime], tuple[InboundEvent, ...]]] = {
    "issues": _read_issue,
    "issue_comment": _read_comment,
    "deployment": _read_deployment,
    "deployment_status": _read_deployment,
}


def _issue_key(body: Fields, issue: Fields) -> str:
    """Return the unique key of an issue: repository and number."""
    repository = require(read_name(body, "repository.full_name"), "repository.full_name", "octo-org/checkout")
    return shorten_key(f"{repository}#{require(read_name(issue, 'number'), 'issue.number', '7')}")


def _label_names(listed: Any) -> list[str]:
    """Return the names of an issue's labels."""
    entries = listed if isinstance(listed, list) else []
    return [
        label for entry in entries if (label := read_name(entry, "name") if isinstance(entry, dict) else to_text(entry))
    ]


def _is_incident_label(label: str) -> bool:
    return bool(INCIDENT.fullmatch(label.lower()))
