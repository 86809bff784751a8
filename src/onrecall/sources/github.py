"""GitHub: issues that are labelled as incidents, their comments, and deployments."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, ChangeEvent, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import severity
from onrecall.sources import signatures
from onrecall.sources.payload import (
    Fields,
    at,
    environment,
    fields,
    key,
    line,
    links,
    moment,
    name,
    need,
    plain,
    service,
    short_key,
    tags,
    text,
    whole,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "github"
INCIDENT = re.compile(r"(?:(?:type|kind)[:/] ?)?(?:(?:prod(?:uction)?[ -])?(?:incident|outage)s?|alert|sev[ -]?[0-5])")
"""A label like these makes an issue an alert; other issues are no outages."""
_SILENT = "zen"


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - no time is signed
    """Forbidden unless one of the secrets signed this body."""
    said = signatures.header(delivery, "X-Hub-Signature-256")
    signatures.signed(delivery.body, signatures.versioned(said, "sha256="), secrets)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """The incident, comment or deployment that a message tells of; all other events are taken and say nothing."""
    body = fields(delivery.decoded(), "body")
    kind = delivery.headers.get("x-github-event") or _kind(body)
    read = _READERS.get(kind)
    return whole(body, lambda one: read(one, now)) if read else ParsedWebhook()


def _kind(body: Fields) -> str:
    """What a message is about that lost its headers."""
    if _SILENT in body:
        return "ping"
    found = next((one for one in ("deployment_status", "deployment") if one in body), None)
    found = found or ("issue_comment" if "comment" in body and "issue" in body else None)
    found = found or ("issues" if "issue" in body else None)
    if found is None:
        raise Invalid(
            "the header X-GitHub-Event is missing, and there is neither an issue nor a deployment", "X-GitHub-Event"
        )
    return found


def _issue(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    """An issue that is labelled as an incident, as it stands now."""
    issue = fields(body.get("issue"), "issue")
    named = _names(issue.get("labels"))
    if not any(_of_incident(one) for one in named) or "pull_request" in issue:
        return ()
    labels = tags(named)
    labels |= {"repository": repository} if (repository := name(body, "repository.full_name")) else {}
    closed = line(issue, "state") == "closed" or line(body, "action") in ("closed", "deleted", "transferred")
    status: AlertStatus = "resolved" if closed else "firing"
    began = moment(issue, "created_at")
    return (
        Alert(
            NAME,
            _number(body, issue),
            need(line(issue, "title"), "issue.title", '"Checkout answers 503"'),
            began or now,
            status,
            text(issue, "body") or "",
            service(labels),
            environment(labels),
            next((found for one in named if (found := severity(one)) != "unknown"), "unknown"),
            labels,
            ends_at=moment(issue, "closed_at") if closed else None,
            links=links(issue.get("html_url")),
            told_at=moment(issue, "updated_at"),
            starts_known=began is not None,
        ),
    )


def _comment(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001 - a comment has a time of its own
    """What a person wrote on an incident's issue."""
    issue, comment = fields(body.get("issue"), "issue"), fields(body.get("comment"), "comment")
    named = _names(issue.get("labels"))
    is_bot = line(comment, "user.type") == "Bot"
    if is_bot or line(body, "action") == "deleted" or not any(_of_incident(one) for one in named):
        return ()
    return (
        Note(
            NAME,
            _number(body, issue),
            need(key(comment, "id"), "comment.id", "492700400"),
            need(text(comment, "body"), "comment.body", '"rolled back"'),
            need(moment(comment, "created_at"), "comment.created_at", "2024-01-31T09:30:00Z"),
            name(comment, "user.login"),
        ),
    )


def _deployment(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001 - a change has a time of its own
    """A deployment and how it went; its repository stands for the service unless its payload names one."""
    made = fields(body.get("deployment"), "deployment")
    status = body.get("deployment_status")
    repository = need(name(body, "repository.full_name"), "repository.full_name", "octo-org/checkout")
    into = name(made, "environment")
    ref, commit = name(made, "ref"), name(made, "sha")
    told = {
        "repository": repository,
        "ref": ref,
        "sha": commit,
        "by": name(made, "creator.login"),
        "task": name(made, "task"),
        "state": name(status, "state"),
    }
    what = " ".join(filter(None, (repository, ref if ref != commit else None, f"({commit[:7]})" if commit else None)))
    where = f" to {into}" if into else ""
    return (
        ChangeEvent(
            NAME,
            short_key(f"{repository}/deployments/{need(key(made, 'id'), 'deployment.id', '145988746')}"),
            line({"title": f"Deployed {what}{where}"}, "title") or what,
            need(moment(made, "created_at"), "deployment.created_at", "2024-01-31T09:30:00Z"),
            "deployment",
            name(at(made, "payload"), "service", "service_name") or name(body, "repository.name"),
            into,
            {called: value for called, value in told.items() if value},
            links(at(status, "target_url"), at(status, "log_url"), at(body, "repository.html_url")),
        ),
    )


_READERS: dict[str, Callable[[Fields, datetime], tuple[InboundEvent, ...]]] = {
    "issues": _issue,
    "issue_comment": _comment,
    "deployment": _deployment,
    "deployment_status": _deployment,
}


def _number(body: Fields, issue: Fields) -> str:
    """An issue's name everywhere: repository and number."""
    repository = need(name(body, "repository.full_name"), "repository.full_name", "octo-org/checkout")
    return short_key(f"{repository}#{need(name(issue, 'number'), 'issue.number', '7')}")


def _names(listed: Any) -> list[str]:
    """The names of an issue's labels."""
    found = listed if isinstance(listed, list) else []
    return [said for one in found if (said := name(one, "name") if isinstance(one, dict) else plain(one))]


def _of_incident(label: str) -> bool:
    return bool(INCIDENT.fullmatch(label.lower()))
