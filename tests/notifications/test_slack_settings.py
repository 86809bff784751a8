"""Slack's settings: what is wrong is said under the setting's name, and never with a secret."""

import pytest

from onrecall.bootstrap.app import read_access
from onrecall.bootstrap.channels import channels
from onrecall.domain.errors import Invalid
from onrecall.settings import Settings, load

BOT = {"slack_bot_token": "xoxb-not-a-real-one", "slack_channel": "C0123456789"}


def test_a_bot_a_webhook_or_nothing() -> None:
    assert channels(Settings()) == ()
    assert [channel.name for channel in channels(Settings(**BOT))] == ["slack"]
    hook = Settings(slack_webhook_url="https://hooks.slack.com/services/T/B/x")
    assert [channel.name for channel in channels(hook)] == ["slack-webhook"]
    assert read_access(Settings(**BOT)).slack is None, "without a signing secret nothing is heard"
    assert read_access(Settings(**BOT, slack_signing_secret="0123456789abcdef")).slack is not None


@pytest.mark.parametrize(
    ("chosen", "setting"),
    [
        ({"slack_bot_token": "xoxb-not-a-real-one"}, "SLACK_CHANNEL"),
        ({"slack_channel": "C0123456789"}, "SLACK_BOT_TOKEN"),
        (BOT | {"slack_api_url": "http://evil.example/"}, "SLACK_API_URL"),
        (BOT | {"slack_webhook_url": "https://hooks.slack.com/x"}, "SLACK_WEBHOOK_URL"),
        ({"slack_webhook_url": "https://evil.example/secret"}, "SLACK_WEBHOOK_URL"),
    ],
)
def test_what_does_not_fit_together_is_named(chosen: dict[str, str], setting: str) -> None:
    with pytest.raises(Invalid, match=f"^ONRECALL_{setting}: ") as error:
        channels(Settings(**chosen))
    assert "not-a-real-one" not in str(error.value)
    assert "/secret" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_CHANNEL", "#incidents"),
        ("SLACK_CHANNELS", "{"),
        ("SLACK_CHANNELS", '{"team": {}}'),
        ("SLACK_CHANNELS", '{"severity": {"worst": "C0123456789"}}'),
        ("SLACK_CHANNELS", '{"service": {"auth": "#auth"}}'),
        ("SLACK_WORKSPACES", "shop"),
        ("SLACK_WORKSPACES", "T0123456789, C0123456789"),
    ],
)
def test_a_channel_and_a_workspace_are_ids(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"ONRECALL_{name}", value)
    with pytest.raises(Invalid, match=f"ONRECALL_{name}"):
        load()
