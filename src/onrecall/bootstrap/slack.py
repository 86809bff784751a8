"""Wires Slack: the notification channel, and the app for buttons and commands."""

from importlib.util import find_spec

from onrecall.domain.errors import Invalid
from onrecall.http.slack_app import SlackApp
from onrecall.notifications import Channel, Links
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.slack import channel as slack
from onrecall.notifications.slack.api import Api, check_url
from onrecall.settings import PREFIX, Settings


def slack_channel(chosen: Settings, guard: EgressGuard, links: Links) -> Channel:
    """Build the channel: the bot, or else the incoming webhook."""
    if (api := _api(chosen, guard)) is not None:
        return _bot(chosen, api, links)
    if chosen.slack_webhook_url is None:
        raise _setting_error("slack_bot_token", "a channel is set, but no bot can post there; set the bot's token")
    try:
        return slack.SlackWebhook(slack.check_webhook(guard, chosen.slack_webhook_url.get_secret_value()), links)
    except Invalid as error:
        raise _setting_error("slack_webhook_url", str(error)) from error


def _bot(chosen: Settings, api: Api, links: Links) -> slack.SlackBot:
    if chosen.slack_webhook_url:
        raise _setting_error(
            "slack_webhook_url", "the bot already posts these messages, with more detail; remove this setting"
        )
    if chosen.slack_channel is None:
        raise _setting_error("slack_channel", "the bot needs the id of a channel, such as C0123456789")
    by = chosen.slack_routing
    routing = slack.ChannelRouting(chosen.slack_channel, by.get("service", {}), by.get("severity", {}))
    return slack.SlackBot(api, routing, links)


def slack_app(chosen: Settings, secret: str) -> SlackApp:
    """Build the app that handles requests from Slack."""
    try:
        guard = EgressGuard.from_allowlist(chosen.private_hosts)
    except Invalid as error:
        raise _setting_error("allow_private_hosts", str(error)) from error
    return SlackApp(secret, _api(chosen, guard), guard, Links(chosen.public_url), frozenset(chosen.slack_team_ids))


def _api(chosen: Settings, guard: EgressGuard) -> Api | None:
    if chosen.slack_bot_token is None:
        return None
    if find_spec("slack_sdk") is None:
        raise _setting_error(
            "slack_bot_token", "the bot needs a library that is not installed: pip install 'onrecall[slack]'"
        )
    try:
        return Api(chosen.slack_bot_token.get_secret_value(), check_url(guard, chosen.slack_api_url))
    except Invalid as error:
        raise _setting_error("slack_api_url", str(error)) from error


def _setting_error(setting: str, why: str) -> Invalid:
    return Invalid(f"{PREFIX}{setting.upper()}: {why}", setting)
