"""An OpenID Connect provider as this program uses it: the code flow with PKCE, the person, and signing out."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from onrecall.domain.access import Role
from onrecall.domain.session import Person
from onrecall.identity.discovery import Discovery, ProviderMetadata
from onrecall.identity.json_client import JsonClient
from onrecall.identity.person import is_name_proven, person_of, required_claims, team_roles_of
from onrecall.identity.refusal import SignInRefused
from onrecall.identity.signing_keys import SigningKeys
from onrecall.identity.tokens import LogoutNotice, TokenVerifier

CALLBACK_PATH = "/sign-in/callback"
SIGNED_OUT_PATH = "/sign-in?signed-out=1"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """An identity provider as the operator configured it."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    """None: a public client, which PKCE alone protects."""
    label: str
    """The provider's name on the button."""
    scopes: str
    groups_claim: str
    roles: Mapping[str, Role]
    allowed_domains: tuple[str, ...]
    """Domains of verified email addresses that may sign in; empty: all."""
    public_url: str
    """Where people reach this OnRecall."""
    team_roles: Mapping[str, Mapping[str, Role]] = field(default_factory=dict)
    """The roles of groups in other stores of the installation, by team."""

    @property
    def redirect_uri(self) -> str:
        """The address that the provider sends people back to."""
        return self.public_url.rstrip("/") + CALLBACK_PATH


@dataclass(frozen=True, slots=True)
class ProvenPerson:
    """Somebody who has just signed in at the provider."""

    person: Person
    is_name_proven: bool
    """Whether the name is an email address that the provider has verified."""
    provider_session: str | None
    team_roles: Mapping[str, Role] = field(default_factory=dict)
    """The roles in other stores, by team."""
    is_of_installation: bool = True
    """Whether a group gives a role in the installation's own store; otherwise only teams admit the person."""


class IdentityProvider:
    """One provider. Nothing is called before somebody signs in."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._client = JsonClient()
        self._discovery = Discovery(settings.issuer, self._client)
        self._tokens = TokenVerifier(settings.client_id, SigningKeys(self._client))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check(self) -> str:
        """Return the issuer that answers. Raises Unavailable if it does not, or is not usable."""
        return self._discovery.metadata().issuer

    def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send a browser that wants to sign in. Raises Unavailable without the provider."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": self.settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        return _with_query(self._discovery.metadata().authorization_endpoint, query)

    def redeem(self, code: str, issuer: str | None, verifier: str, nonce: str) -> ProvenPerson:
        """Exchange a code for who signed in. Raises SignInRefused, or Unavailable without the provider."""
        metadata = self._discovery.metadata()
        if issuer != metadata.issuer and (issuer is not None or metadata.names_issuer):
            raise SignInRefused("token", "the answer comes from another identity provider")
        answer = self._exchange(code, metadata, verifier)
        claims = self._tokens.id_token(answer.get("id_token"), metadata, nonce)
        more_claims = self._user_info(claims, answer.get("access_token"), metadata)
        provider_session = claims.get("sid")
        team_roles = team_roles_of(more_claims, self.settings)
        person, role = person_of(self.settings.issuer, more_claims, self.settings, team_roles)
        return ProvenPerson(
            person,
            is_name_proven(more_claims, person.name),
            provider_session if isinstance(provider_session, str) else None,
            team_roles,
            role is not None,
        )

    def logout_url(self) -> str | None:
        """Return where to send a browser to sign out at the provider too; None if it offers no such page.

        The ID token is no part of it: it would stand in histories and logs. The provider may ask for confirmation.
        """
        endpoint = self._discovery.metadata().end_session_endpoint
        if endpoint is None:
            return None
        after = self.settings.public_url.rstrip("/") + SIGNED_OUT_PATH
        return _with_query(endpoint, {"client_id": self.settings.client_id, "post_logout_redirect_uri": after})

    def logout_notice(self, token: str) -> LogoutNotice:
        """Return what a back-channel logout token reports. Raises SignInRefused, or Unavailable."""
        return self._tokens.logout_token(token, self._discovery.metadata())

    def _exchange(self, code: str, metadata: ProviderMetadata, verifier: str) -> Mapping[str, Any]:
        client_id, secret = self.settings.client_id, self.settings.client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if secret is not None and metadata.uses_basic_authentication:
            headers["Authorization"] = _basic(client_id, secret)
        else:
            form |= {"client_id": client_id} | ({} if secret is None else {"client_secret": secret})
        status, answer = self._client.post(metadata.token_endpoint, form, headers)
        if status != 200:
            error = str(answer.get("error"))[:60]
            raise SignInRefused("provider", f"the identity provider refused the code ({status}): {error!r}")
        return answer

    def _user_info(
        self, claims: Mapping[str, Any], access_token: object, metadata: ProviderMetadata
    ) -> Mapping[str, Any]:
        """Return the claims with what the ID token lacks, from the userinfo endpoint if there is one."""
        missing = [name for name in required_claims(self.settings) if name not in claims]
        if not missing or metadata.userinfo_endpoint is None or not isinstance(access_token, str):
            return claims
        info = self._client.get(metadata.userinfo_endpoint, {"Authorization": f"Bearer {access_token}"})
        if info.get("sub") != claims["sub"]:
            raise SignInRefused("token", "the userinfo of the identity provider is of somebody else")
        return {**info, **claims}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _basic(client_id: str, secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _with_query(endpoint: str, query: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
