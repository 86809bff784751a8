"""The admin's key that an operator chose, so that a container needs no command before its first start."""

from onrecall.pipeline.keys import Keys
from onrecall.settings import Settings

NAME = "admin"
"""Whose actions are recorded under that key."""


def store_admin_key(settings: Settings, keys: Keys) -> None:
    """Store the configured key with the role admin; nothing happens where it is known, revoked or not configured."""
    if settings.admin_key is not None:
        keys.ensure_admin(NAME, settings.admin_key.get_secret_value())
