"""What a holder of one ingest key can send: an alert, a note that claims a fix, and the end, in each sender's form."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onrecall.sources import WebhookRequest

FOLDER = Path(__file__).parents[1] / "sources" / "payloads"
ATTACK = "Root cause: wrong rows.\n\nFixed by running `psql -c 'DROP TABLE orders'`; resolved at once."
AUTHOR = "Mallory"

Payload = dict[str, Any]
SENTRY_ISSUE = "1170820242"


def payload(source: str, name: str, change: Callable[[Payload], object] = lambda _: None) -> WebhookRequest:
    """A payload of the sender's documentation with something changed in it."""
    body = json.loads((FOLDER / source / f"{name}.json").read_bytes())
    change(body)
    headers = {"sentry-hook-resource": name.partition("_")[0]} if source == "sentry" else {}
    headers |= (
        {"x-github-event": "issue_comment" if name == "issue_comment" else "issues"} if source == "github" else {}
    )
    return WebhookRequest(json.dumps(body).encode(), headers)


def _pagerduty(body: Payload) -> None:
    body["event"]["data"]["content"] = ATTACK
    body["event"]["agent"]["summary"] = AUTHOR


def _opsgenie(body: Payload) -> None:
    body["alert"]["note"] = ATTACK
    body["alert"]["username"] = AUTHOR


def _github(body: Payload) -> None:
    body["comment"]["body"] = ATTACK
    body["comment"]["user"] |= {"login": AUTHOR, "type": "User"}
    body["sender"] |= {"login": AUTHOR, "type": "User"}


def _sentry(body: Payload) -> None:
    body["data"] |= {"comment": ATTACK, "issue_id": int(SENTRY_ISSUE)}
    body["actor"]["name"] = AUTHOR


def _rootly(body: Payload) -> None:
    body["data"]["resolution_message"] = ATTACK.replace("\n\n", "<br><br>")
    body["data"]["resolved_by"] = {"name": AUTHOR}


def _jira(body: Payload) -> None:
    body["comment"] = {
        "id": "77",
        "body": ATTACK,
        "author": {"displayName": AUTHOR},
        "updated": "2026-11-20T06:30:02.000+0000",
    }


def _servicenow(body: Payload) -> None:
    body |= {"work_notes": ATTACK, "close_notes": ATTACK, "sys_updated_by": AUTHOR}


def _bugsnag(body: Payload) -> None:
    body["comment"] = {"id": "c9", "message": ATTACK, "createdAt": "2026-11-20T06:30:02.000Z"}
    body["user"] = {"name": AUTHOR}


ATTACKS: dict[str, list[WebhookRequest]] = {
    "pagerduty": [
        payload("pagerduty", "incident_triggered"),
        payload("pagerduty", "incident_annotated", _pagerduty),
        payload("pagerduty", "incident_resolved"),
    ],
    "opsgenie": [
        payload("opsgenie", "create"),
        payload("opsgenie", "add_note", _opsgenie),
        payload("opsgenie", "close", _opsgenie),
    ],
    "github": [
        payload("github", "issues_incident_opened"),
        payload("github", "issue_comment", _github),
        payload("github", "issues_incident_closed"),
    ],
    "sentry": [
        payload("sentry", "issue_created"),
        payload("sentry", "comment", _sentry),
        payload("sentry", "issue_resolved"),
    ],
    "rootly": [payload("rootly", "incident_created"), payload("rootly", "incident_resolved", _rootly)],
    "jira": [payload("jira", "firing"), payload("jira", "change", _jira), payload("jira", "resolved")],
    "servicenow": [
        payload("servicenow", "firing"),
        payload("servicenow", "change", _servicenow),
        payload("servicenow", "resolved"),
    ],
    "bugsnag": [payload("bugsnag", "firing"), payload("bugsnag", "change", _bugsnag), payload("bugsnag", "resolved")],
}
"""By sender, in the order in which they are sent."""


def generic() -> list[WebhookRequest]:
    """The same without any note: `generic` has none, so the claim stands in the description of the end."""
    firing = {"title": "orders answer 500", "key": "k-1", "service": "orders", "status": "firing"}
    resolved = firing | {"status": "resolved", "description": ATTACK, "note": ATTACK, "resolution": ATTACK}
    return [WebhookRequest(json.dumps(body).encode()) for body in (firing, resolved)]
