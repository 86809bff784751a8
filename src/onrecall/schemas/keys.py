"""The JSON of keys and of whoever asks."""

from datetime import datetime

from pydantic import Field

from onrecall.domain.access import Key, Role, State
from onrecall.pipeline.keys import NewKey
from onrecall.schemas.json_models import InputModel, OutputModel, When
from onrecall.schemas.sessions import SessionOut


class KeyOut(OutputModel):
    """A key without its secret and its hash."""

    id: str
    prefix: str = Field(description="The first characters of the key, to recognize it.")
    name: str
    role: Role
    state: State
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None
    replaced_by: str | None

    @classmethod
    def of(cls, key: Key, now: datetime) -> "KeyOut":
        """Return the key in its present state."""
        key_fields = {name: getattr(key, name) for name in cls.model_fields if name != "state"}
        return cls(state=key.state(now), **key_fields)


class NewKeyOut(OutputModel):
    """A new key. It is shown only here."""

    key: str
    about: KeyOut

    @classmethod
    def of_made(cls, new_key: NewKey, now: datetime) -> "NewKeyOut":
        """Return the new key with what is known of it."""
        return cls(key=new_key.token, about=KeyOut.of(new_key.key, now))


class KeyIn(InputModel):
    """A key to create for a person or a sender."""

    name: str = Field(description="The owner; actions with this key are recorded under this name.", examples=["ann"])
    role: Role = "viewer"
    expires_at: When | None = Field(None, description="By default it never expires.")


class RotateIn(InputModel):
    """How to replace a key."""

    overlap_hours: float = Field(24, ge=0, le=8760, description="How long the old key keeps working.")
    expires_at: When | None = Field(None, description="By default the new key is valid for as long as the old one was.")


class CallerOut(OutputModel):
    """The caller, as far as the server knows."""

    name: str | None = Field(description="Null for a person at this machine, while no key exists.")
    role: Role
    key: str | None = Field(description="The id of the key that was shown.")
    locked: bool = Field(description="Whether everybody needs credentials: there is a key, or an identity provider.")
    session: SessionOut | None = Field(None, description="The session of this browser; null with a key, or locally.")
    team: str | None = Field(None, description="The team whose data this is; null for the installation's own store.")
