"""Builds the notification channels from the settings, and reports their status."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.errors import Invalid, OnRecallError
from onrecall.notifications import Channel, Links
from onrecall.pipeline import IncidentService
from onrecall.settings import PREFIX, Settings

if TYPE_CHECKING:
    from onrecall.notifications.egress_guard import EgressGuard

MAX_DETAIL = 120


def channels(chosen: Settings) -> tuple[Channel, ...]:
    """Build all configured channels, validated without any network call."""
    slack = chosen.slack_bot_token or chosen.slack_webhook_url or chosen.slack_channel
    if not (chosen.webhook_url or chosen.teams_url or chosen.smtp_host or slack):
        return ()
    return tuple(_channels(chosen))


def _channels(chosen: Settings) -> Iterator[Channel]:
    from onrecall.notifications import teams  # noqa: PLC0415 - what costs time where nobody is told
    from onrecall.notifications.egress_guard import EgressGuard  # noqa: PLC0415

    with _naming_setting("allow_private_hosts"):
        guard = EgressGuard.from_allowlist(chosen.private_hosts)
    links = Links(chosen.public_url)
    if chosen.webhook_url:
        yield _webhook(chosen, chosen.webhook_url, guard, links)
    if chosen.teams_url:
        with _naming_setting("teams_url"):
            post = teams.check_workflow_url(guard, chosen.teams_url.get_secret_value())
        yield teams.Teams(post, links)
    if chosen.smtp_host:
        yield _mail(chosen, chosen.smtp_host, guard, links)
    if chosen.slack_bot_token or chosen.slack_webhook_url or chosen.slack_channel:
        from onrecall.bootstrap.slack import slack_channel  # noqa: PLC0415

        yield slack_channel(chosen, guard, links)


def _webhook(chosen: Settings, url: SecretStr, guard: "EgressGuard", links: Links) -> Channel:
    from onrecall.notifications import webhook  # noqa: PLC0415
    from onrecall.notifications.json_poster import JsonPoster  # noqa: PLC0415

    secret = chosen.webhook_secret.get_secret_value() if chosen.webhook_secret else None
    with _naming_setting("webhook_url"):
        post = JsonPoster(guard, guard.check_url(url.get_secret_value()))
    return webhook.Webhook(post, links, secret, chosen.webhook_format)


def _mail(chosen: Settings, host: str, guard: "EgressGuard", links: Links) -> Channel:
    from onrecall.notifications import mail  # noqa: PLC0415 - what costs time where nobody is told

    password = chosen.smtp_password.get_secret_value() if chosen.smtp_password else None
    server = mail.Server(guard, host, chosen.smtp_port, chosen.smtp_security, chosen.smtp_user, password)
    with _naming_setting("smtp_host"):
        server.check()
    with _naming_setting("smtp_from"):
        sender = mail.parse_address(chosen.smtp_from or "")
    with _naming_setting("smtp_to"):
        recipients = tuple(mail.parse_address(recipient) for recipient in chosen.mail_recipients or ("",))
    return mail.Mail(server, sender, recipients, links)


def channel_checks(memory: IncidentService) -> list[Callable[[], ComponentStatus]]:
    """Return a status check for each channel."""
    mirrors = {mirror.name for mirror in memory.mirrors}  # they are told of with the server that they are in
    return [
        partial(_channel_status, memory, channel.name) for channel in memory.dispatchers if channel.name not in mirrors
    ]


def _channel_status(memory: IncidentService, name: str) -> ComponentStatus:
    try:
        backlog = memory.store.outbox.backlog(name)
    except OnRecallError as error:
        return ComponentStatus(name=name, state="down", detail=str(error))
    dead = f"; {backlog.dead} given up: `onrecall deliveries list --state dead`" if backlog.dead else ""
    if not backlog.pending or backlog.since is None:
        return ComponentStatus(name=name, state="ok", detail=f"all messages are sent{dead}")
    waiting = f"{backlog.pending} waiting since {backlog.since:%Y-%m-%d %H:%M} UTC"
    if backlog.last_error is None:
        return ComponentStatus(name=name, state="ok", detail=f"{waiting}{dead}")
    return ComponentStatus(name=name, state="degraded", detail=f"{waiting}: {backlog.last_error[:MAX_DETAIL]}{dead}")


@contextmanager
def _naming_setting(setting: str) -> Iterator[None]:
    """Name the setting in errors, never the value of a secret."""
    try:
        yield
    except Invalid as error:
        name = error.field or setting
        raise Invalid(f"{PREFIX}{name.upper()}: {error}", name) from error
