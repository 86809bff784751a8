"""`onrecall web-push-key`: a key for push notifications to browsers."""

import json

import typer

from onrecall.cli.arguments import Json


def web_push_key(as_json: Json = False) -> None:
    """Print a new private key for push notifications, for ONRECALL_WEB_PUSH_KEY_FILE. Stores nothing."""
    from onrecall.notifications.web_push.vapid import generate_key  # noqa: PLC0415 - cryptography takes time to load

    key = generate_key()
    typer.echo(json.dumps({"key": key}, indent=2) if as_json else key)
