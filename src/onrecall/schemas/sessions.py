"""The JSON of sessions and of signing in."""

from datetime import datetime

from pydantic import Field

from onrecall.domain.access import Role
from onrecall.domain.session import Session
from onrecall.schemas.json_models import InputModel, OutputModel


class SessionOut(OutputModel):
    """Somebody's sign-in on one device."""

    id: str
    name: str
    role: Role = Field(description="At sign-in; with a key, the key's present role counts.")
    method: str = Field(description="`key`, or the address of the identity provider.")
    key: str | None = Field(description="The id of the key that it was begun with.")
    client: str | None = Field(description="The browser, as it names itself.")
    created_at: datetime
    last_used_at: datetime = Field(description="To the minute.")
    expires_at: datetime
    current: bool = Field(False, description="Whether this request belongs to it.")

    @classmethod
    def of(cls, session: Session, current_id: str | None = None) -> "SessionOut":
        """Describe a session, without its hash."""
        return cls(
            id=session.id,
            name=session.name,
            role=session.role,
            method=session.issuer or "key",
            key=session.key_id,
            client=session.client,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            current=session.id == current_id,
        )


class SessionTeamOut(OutputModel):
    """A team that a session is good for."""

    team: str | None = Field(description="Null for the installation's own store.")
    role: Role = Field(description="The role there.")
    current: bool = Field(description="Whether its data is shown now.")


class SessionTeamIn(InputModel):
    """The team to go on with."""

    team: str | None = Field(description="Null for the installation's own store.")


class SignInOptionsOut(OutputModel):
    """How one can sign in."""

    provider: str | None = Field(description="The identity provider's name; null: with a key alone.")


class SignInIn(InputModel):
    """Where a sign-in begins."""

    return_to: str = Field("/", description="Path of the console to go on with; another address counts as `/`.")


class SignInOut(OutputModel):
    """Where the browser goes on with the sign-in."""

    url: str


class SignedOutOut(OutputModel):
    """What is left to do after signing out."""

    provider_url: str | None = Field(description="Where to sign out at the identity provider as well, if it offers it.")
