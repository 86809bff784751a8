"""`onrecall web-push-key`: a key for push notifications to browsers."""

import typer

from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result


def web_push_key(as_json: Json = False) -> None:
    """Print a new private key for push notifications, for ONRECALL_WEB_PUSH_KEY_FILE. Stores nothing."""
    from onrecall.notifications.web_push.vapid import generate_key  # noqa: PLC0415 - cryptography takes time to load

    key = generate_key()
    print_result({"key": key}, as_json, lambda: typer.echo(key))
