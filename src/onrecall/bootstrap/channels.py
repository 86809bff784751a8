"""The wiring of what goes out: the channels that the settings describe, and how each of them does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.errors import Invalid, OnRecallError
from onrecall.notifications import Channel, Links
from onrecall.pipeline import IncidentService
from onrecall.settings import PREFIX, Settings

SHOWN = 120


def channels(chosen: Settings) -> tuple[Channel, ...]:
    """Every channel that is configured, checked as far as that can be done without calling anybody."""
    slack = chosen.slack_bot_token or chosen.slack_webhook_url or chosen.slack_channel
    if not (chosen.webhook_url or chosen.teams_url or chosen.smtp_host or slack):
        return ()
    return tuple(_channels(chosen))


def _channels(chosen: Settings) -> Iterator[Channel]:
    from onrecall.notifications import mail, teams, webhook  # noqa: PLC0415 - what costs time where nobody is told
    from onrecall.notifications.egress_guard import EgressGuard  # noqa: PLC0415
    from onrecall.notifications.json_poster import JsonPoster  # noqa: PLC0415

    with _about("allow_private_hosts"):
        guard = EgressGuard.allowing(chosen.private_hosts)
    links = Links(chosen.public_url)
    if chosen.webhook_url:
        secret = chosen.webhook_secret.get_secret_value() if chosen.webhook_secret else None
        with _about("webhook_url"):
            post = JsonPoster(guard, guard.check_url(chosen.webhook_url.get_secret_value()))
        yield webhook.Webhook(post, links, secret, chosen.webhook_format)
    if chosen.teams_url:
        with _about("teams_url"):
            post = teams.check(guard, chosen.teams_url.get_secret_value())
        yield teams.Teams(post, links)
    if chosen.smtp_host:
        password = chosen.smtp_password.get_secret_value() if chosen.smtp_password else None
        server = mail.Server(
            guard, chosen.smtp_host, chosen.smtp_port, chosen.smtp_security, chosen.smtp_user, password
        )
        with _about("smtp_host"):
            server.check()
        with _about("smtp_from"):
            sender = mail.address(chosen.smtp_from or "")
        with _about("smtp_to"):
            recipients = tuple(mail.address(one) for one in chosen.mail_recipients or ("",))
        yield mail.Mail(server, sender, recipients, links)
    if chosen.slack_bot_token or chosen.slack_webhook_url or chosen.slack_channel:
        from onrecall.bootstrap.slack import slack_channel  # noqa: PLC0415

        yield slack_channel(chosen, guard, links)


def parts(memory: IncidentService) -> list[Callable[[], ComponentStatus]]:
    """For each channel a way to ask how it does."""
    mirrors = {mirror.name for mirror in memory.mirrors}  # they are told of with the server that they are in
    return [partial(_part, memory, one.name) for one in memory.tellers if one.name not in mirrors]


def _part(memory: IncidentService, name: str) -> ComponentStatus:
    try:
        found = memory.store.outbox.backlog(name)
    except OnRecallError as error:
        return ComponentStatus(name=name, state="down", detail=str(error))
    dead = f"; {found.dead} given up: `onrecall deliveries list --state dead`" if found.dead else ""
    if not found.pending or found.since is None:
        return ComponentStatus(name=name, state="ok", detail=f"all is told{dead}")
    waiting = f"{found.pending} wait since {found.since:%Y-%m-%d %H:%M} UTC"
    if found.last_error is None:
        return ComponentStatus(name=name, state="ok", detail=f"{waiting}{dead}")
    return ComponentStatus(name=name, state="degraded", detail=f"{waiting}: {found.last_error[:SHOWN]}{dead}")


@contextmanager
def _about(setting: str) -> Iterator[None]:
    """What is wrong with a setting is said under its name, and never with the value of a secret."""
    try:
        yield
    except Invalid as error:
        name = error.field or setting
        raise Invalid(f"{PREFIX}{name.upper()}: {error}", name) from error
