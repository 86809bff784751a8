"""Checks of what an identity provider signs: ID tokens and logout tokens. PyJWT verifies; what it leaves is here."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from onrecall.identity.discovery import ProviderMetadata
from onrecall.identity.refusal import SignInRefused
from onrecall.identity.signing_keys import ALGORITHMS, SigningKeys

LEEWAY_SECONDS = 60
"""By how much the provider's clock may differ from ours."""
MAX_TOKEN_LENGTH = 64 * 1024
MAX_SUBJECT_LENGTH = 255
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """The provider's notice that a person signed out there. A subject, a session of the provider, or both."""

    subject: str | None
    provider_session: str | None
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Verifies tokens that one provider signs for one client."""

    client_id: str
    keys: SigningKeys

    def id_token(self, token: object, metadata: ProviderMetadata, nonce: str) -> Mapping[str, Any]:
        """Return the claims of an ID token. Raises SignInRefused if it fails a check."""
        claims = self._verified(token, metadata, ("exp", "iat", "iss", "aud", "sub", "nonce"))
        if not (isinstance(claims["nonce"], str) and hmac.compare_digest(claims["nonce"].encode(), nonce.encode())):
            raise _refused("its nonce is not that of this sign-in")
        parties = claims["aud"]
        several = isinstance(parties, list) and len(parties) > 1
        if claims.get("azp") != self.client_id and (several or "azp" in claims):
            raise _refused("it was issued to another client")
        return claims

    def logout_token(self, token: object, metadata: ProviderMetadata) -> LogoutNotice:
        """Return what a back-channel logout token reports. Raises SignInRefused if it fails a check."""
        claims = self._verified(token, metadata, ("iat", "iss", "aud", "jti", "events"))
        events, subject, provider_session = claims["events"], claims.get("sub"), claims.get("sid")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
            raise _refused("it is not a logout token")
        if not isinstance(subject, str | None) or not isinstance(provider_session, str | None):
            raise _refused("its sub or sid is not a text")
        if subject is None and provider_session is None:
            raise _refused("it names neither a person nor a session")
        return LogoutNotice(subject, provider_session, datetime.fromtimestamp(int(claims["iat"]), UTC))

    def _verified(self, token: object, metadata: ProviderMetadata, required: Sequence[str]) -> dict[str, Any]:
        if not isinstance(token, str):
            raise _refused("there is none")
        if len(token) > MAX_TOKEN_LENGTH:
            raise _refused(f"it has {len(token)} characters, and {MAX_TOKEN_LENGTH} are read")
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header.get("alg"), header.get("kid")
            if algorithm not in ALGORITHMS:
                raise _refused(f"it is signed with {str(algorithm)[:20]!r}; a public-key signature is required")
            keys = self.keys.candidates(metadata.jwks_uri, algorithm, key_id if isinstance(key_id, str) else None)
            claims = self._decode(token, keys, algorithm, metadata.issuer, required)
        except jwt.PyJWTError as error:
            raise _refused(type(error).__name__) from error
        subject = claims.get("sub")
        if "sub" in claims and not (isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_LENGTH):
            raise _refused("its sub is not a text of 1 to 255 characters")
        return claims

    def _decode(
        self, token: str, keys: Sequence[jwt.PyJWK], algorithm: str, issuer: str, required: Sequence[str]
    ) -> dict[str, Any]:
        error: jwt.PyJWTError = jwt.InvalidSignatureError("no key of the provider fits")
        for key in keys:
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[algorithm],
                    audience=self.client_id,
                    issuer=issuer,
                    leeway=LEEWAY_SECONDS,
                    options={"require": list(required), "enforce_minimum_key_length": True},
                )
            except jwt.InvalidSignatureError as failure:
                error = failure
        raise error


def _refused(reason: str) -> SignInRefused:
    return SignInRefused("token", f"the identity provider's token failed a check: {reason}")
