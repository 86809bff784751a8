"""Sign-in through an identity provider: from the button to a session, bound to one browser, each step once."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from onrecall.domain.access import Role
from onrecall.domain.errors import Unavailable
from onrecall.domain.session import derive, generate_token, hash_token, is_token
from onrecall.identity.provider import IdentityProvider, ProvenPerson
from onrecall.identity.refusal import SignInRefused
from onrecall.pipeline.sessions import Device, NewSession, Sessions
from onrecall.storage import Storage
from onrecall.storage.audit import acting_as
from onrecall.storage.sign_ins import PendingSignIn

LIFETIME = timedelta(minutes=10)
"""How long a person may take at the identity provider."""
MAX_RETURN_LENGTH = 2000
EXPIRED = "this sign-in is unknown, was used already, or took longer than ten minutes"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartedSignIn:
    """Where to send the browser, and the secret that it keeps until it comes back."""

    url: str
    browser_secret: str


@dataclass(frozen=True, slots=True)
class FinishedSignIn:
    """The result of a sign-in: a session or a refusal, and the page of the console to go on with."""

    return_to: str
    session: NewSession | None = None
    refusal: SignInRefused | None = None
    team: str | None = None
    """The team to go on with; None: the installation's own store."""


@dataclass(frozen=True, slots=True)
class TeamDoor:
    """Where a team's people are let in."""

    store: Storage
    sessions: Sessions


class SignIn:
    """The sign-ins of one store through one identity provider.

    The nonce and PKCE's verifier follow from the browser's secret and the state, so neither is stored anywhere.
    """

    def __init__(
        self, store: Storage, sessions: Sessions, provider: IdentityProvider, clock: Callable[[], datetime]
    ) -> None:
        self.provider = provider
        self._store = store
        self._clock = clock
        self._doors: dict[str | None, TeamDoor] = {None: TeamDoor(store, sessions)}

    def open_teams(self, doors: Mapping[str | None, TeamDoor]) -> None:
        """Also let people into the stores of teams, as their groups say."""
        self._doors.update(doors)

    def start(self, browser_secret: str | None, return_to: str) -> StartedSignIn:
        """Begin a sign-in. A browser that has begun one before keeps its secret, so that two tabs can sign in.

        Raises Unavailable if the provider does not answer.
        """
        secret = browser_secret if browser_secret is not None and is_token(browser_secret) else generate_token()
        state = generate_token()
        url = self.provider.authorization_url(state, _nonce(secret, state), _verifier(secret, state))
        now = self._clock()
        pending = PendingSignIn(hash_token(secret), local_path(return_to))
        self._store.sign_ins.add(hash_token(state), pending, now + LIFETIME, now)
        return StartedSignIn(url, secret)

    def finish(
        self, browser_secret: str | None, answer: Mapping[str, str], device: Device, team: str | None = None
    ) -> FinishedSignIn:
        """Finish a sign-in with the parameters that the provider sent the browser back with.

        A state is good for one answer, in the browser that began. `team` is the one that the person used last.
        """
        state = answer.get("state", "")
        pending = self._store.sign_ins.take(hash_token(state), self._clock()) if is_token(state) else None
        if pending is None or browser_secret is None or hash_token(browser_secret) != pending.browser_hash:
            return FinishedSignIn("/", refusal=SignInRefused("expired", EXPIRED))
        try:
            proven = self._redeem(answer, browser_secret, state)
        except SignInRefused as refusal:
            self._record(refusal)
            return FinishedSignIn(pending.return_to, refusal=refusal)
        except Unavailable as error:
            log.warning("a sign-in failed: %s", error)
            return FinishedSignIn(pending.return_to, refusal=SignInRefused("provider", str(error)))
        return self._admit(proven, device, pending.return_to, team)

    def log_out(self, token: str) -> int:
        """End the sessions that a back-channel logout token names; returns how many. Raises SignInRefused."""
        notice = self.provider.logout_notice(token)
        issuer = self.provider.settings.issuer
        meant = issuer, notice.subject, notice.provider_session, self._clock()
        return sum(door.sessions.end_at_provider(*meant) for door in self._doors.values())

    def _redeem(self, answer: Mapping[str, str], browser_secret: str, state: str) -> ProvenPerson:
        if "error" in answer or not answer.get("code"):
            cancelled = answer.get("error") == "access_denied"
            message = f"the identity provider answered {answer.get('error', 'without a code')[:60]!r}"
            raise SignInRefused("cancelled" if cancelled else "provider", message)
        verifier, nonce = _verifier(browser_secret, state), _nonce(browser_secret, state)
        return self.provider.redeem(answer["code"], answer.get("iss"), verifier, nonce)

    def _admit(self, proven: ProvenPerson, device: Device, return_to: str, last_team: str | None) -> FinishedSignIn:
        """Begin a session in each store that the person's groups open, with one token for all.

        Whatever role the person had in others before, they have the present one now, and none where no group gives one.
        """
        roles: dict[str | None, Role] = {team: role for team, role in proven.team_roles.items() if team in self._doors}
        if proven.is_of_installation:
            roles[None] = proven.person.role
        for team, door in self._doors.items():
            if team not in roles:
                door.sessions.end_of_person(proven.person.issuer, proven.person.subject)
        if not roles:
            refusal = SignInRefused("role", f"{proven.person.name} is in no group of a team that exists here")
            self._record(refusal)
            return FinishedSignIn(return_to, refusal=refusal)
        token = generate_token()
        now = self._clock()
        begun = {team: _begin(self._doors[team], proven, role, device, token, now) for team, role in roles.items()}
        chosen = last_team if last_team in begun else min(begun, key=lambda team: team or "")
        return FinishedSignIn(return_to, begun[chosen], team=chosen)

    def _record(self, refusal: SignInRefused) -> None:
        """Record a refusal; somebody whom the provider knows and who may no longer sign in is signed out everywhere."""
        log.warning("a sign-in was refused: %s", refusal)
        if refusal.subject is not None:
            for door in self._doors.values():
                door.sessions.end_of_person(self.provider.settings.issuer, refusal.subject)
        with acting_as(None):
            self._store.audit.record("sign-in refused", detail={"reason": str(refusal)})


def _begin(door: TeamDoor, proven: ProvenPerson, role: Role, device: Device, token: str, now: datetime) -> NewSession:
    present = replace(proven.person, role=role)
    person = door.store.sign_ins.remember(present, now, may_share=proven.is_name_proven)
    door.sessions.change_role(person)
    return door.sessions.begin_for(person, device, proven.provider_session, token)


def local_path(path: str) -> str:
    """Return a path of this console as it is, and `/` for whatever could lead elsewhere."""
    is_plain = path.isprintable() and "\\" not in path and len(path) <= MAX_RETURN_LENGTH
    if not is_plain or not path.startswith("/") or path.startswith("//"):
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or parts.path.startswith("/sign-in/") else path


def _nonce(secret: str, state: str) -> str:
    return derive(secret, b"nonce " + state.encode())


def _verifier(secret: str, state: str) -> str:
    return derive(secret, b"verifier " + state.encode())
