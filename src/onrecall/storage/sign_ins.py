"""Sign-ins that wait for the identity provider's answer, and the people who have signed in."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Column, Connection, Table, UniqueConstraint, delete, insert, select, update

from onrecall.domain.access import Role
from onrecall.domain.session import Person
from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.keys import api_keys
from onrecall.storage.tables import metadata

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", TextType, primary_key=True),
    Column("browser_hash", TextType, nullable=False),
    Column("return_to", TextType, nullable=False),
    Column("expires_at", Utc, nullable=False),
)
people = Table(
    "people",
    metadata,
    Column("issuer", TextType, primary_key=True),
    Column("subject", TextType, primary_key=True),
    Column("name", TextType, nullable=False),
    Column("role", TextType, nullable=False),
    Column("signed_in_at", Utc, nullable=False),
    UniqueConstraint("name"),
)


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """A sign-in that was begun in a browser."""

    browser_hash: str
    return_to: str
    """The path of the console that the browser came from."""


@dataclass(frozen=True, slots=True)
class SignInRepository:
    """Pending sign-ins by the hash of their state, and people by issuer and subject. Each method is one transaction."""

    database: Database

    def add(self, state_hash: str, pending: PendingSignIn, expires_at: datetime, now: datetime) -> None:
        """Store a pending sign-in and delete expired ones."""
        with self.database.write() as connection:
            connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= now))
            connection.execute(
                insert(sign_ins).values(
                    state_hash=state_hash,
                    browser_hash=pending.browser_hash,
                    return_to=pending.return_to,
                    expires_at=expires_at,
                )
            )

    def take(self, state_hash: str, now: datetime) -> PendingSignIn | None:
        """Delete a pending sign-in and return it; None if there is none, it was taken before, or it has expired."""
        is_wanted = sign_ins.c.state_hash == state_hash
        with self.database.read() as connection:  # guesses do not wait for writers, nor make them wait
            if connection.execute(select(sign_ins.c.state_hash).where(is_wanted)).first() is None:
                return None
        taking = delete(sign_ins).where(is_wanted).returning(sign_ins)
        with self.database.write() as connection:
            row = connection.execute(taking).one_or_none()
        return PendingSignIn(row.browser_hash, row.return_to) if row is not None and row.expires_at > now else None

    def remember(self, person: Person, now: datetime, *, may_share: bool) -> Person:
        """Store that a person signed in; returns the person with a name that nobody else has.

        Somebody whose name belongs to another account gets a suffix, and so does somebody whose name belongs to a key
        unless `may_share` says that the name is proven: what people do is recorded by name.
        """
        account = people.c.issuer == person.issuer, people.c.subject == person.subject
        with self.database.write() as connection:
            named = replace(person, name=_free_name(connection, person, may_share=may_share))
            values = {"name": named.name, "role": named.role, "signed_in_at": now}
            if not connection.execute(update(people).where(*account).values(**values)).rowcount:
                connection.execute(insert(people).values(issuer=person.issuer, subject=person.subject, **values))
        return named

    def people(self) -> tuple[Person, ...]:
        """Return everybody who has ever signed in through an identity provider, with the role of the last time."""
        with self.database.read() as connection:
            rows = connection.execute(select(people).order_by(people.c.name))
            return tuple(Person(row.issuer, row.subject, row.name, row.role) for row in rows)

    def change_role(self, issuer: str, subject: str, role: Role) -> None:
        """Record the role that a person has now."""
        account = people.c.issuer == issuer, people.c.subject == subject
        with self.database.write() as connection:
            connection.execute(update(people).where(*account).values(role=role))


def _free_name(connection: Connection, person: Person, *, may_share: bool) -> str:
    owner = connection.execute(select(people.c.issuer, people.c.subject).where(people.c.name == person.name)).first()
    is_taken = owner is not None and tuple(owner) != (person.issuer, person.subject)
    of_key = select(api_keys.c.id).where(api_keys.c.name == person.name).limit(1)
    if not is_taken and (may_share or connection.execute(of_key).first() is None):
        return person.name
    account = hashlib.sha256(f"{person.issuer}\n{person.subject}".encode()).hexdigest()
    return f"{person.name} ({account[:6]})"
