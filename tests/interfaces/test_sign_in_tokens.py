"""What is refused of an identity provider's token: real signatures, checked over keys that are fetched by HTTP."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator

import jwt
import pytest
from provider_twin import CLIENT_ID, ELSEWHERE, Claims, ProviderTwin, running

from onrecall.identity.discovery import parse_metadata
from onrecall.identity.json_client import JsonClient
from onrecall.identity.refusal import SignInRefused
from onrecall.identity.signing_keys import SigningKeys
from onrecall.identity.tokens import TokenVerifier
from onrecall.pipeline.sign_in import local_path

NONCE = "n-1"
Check = Callable[[str], Claims]


@pytest.fixture(scope="module")
def twin() -> Iterator[ProviderTwin]:
    with running() as provider:
        yield provider


@pytest.fixture(scope="module")
def check(twin: ProviderTwin) -> Iterator[Check]:
    client = JsonClient()
    verifier = TokenVerifier(CLIENT_ID, SigningKeys(client))
    metadata = parse_metadata(twin.url, twin.discovery())
    yield lambda token: dict(verifier.id_token(token, metadata, NONCE))
    client.close()


def claims_of(twin: ProviderTwin, **changes: object) -> Claims:
    now = int(time.time())
    usual = {"iss": twin.url, "aud": CLIENT_ID, "sub": "u-1", "iat": now, "exp": now + 300, "nonce": NONCE}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed_by_nobody(_: ProviderTwin, claims: Claims) -> str:
    return jwt.encode(claims, None, "none")  # type: ignore[arg-type]


def signed_with_the_public_key(twin: ProviderTwin, claims: Claims) -> str:
    """What HMAC makes of the published key, for verifiers that let the token choose the algorithm."""
    part = lambda value: urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")  # noqa: E731
    text = part({"alg": "HS256", "typ": "JWT", "kid": twin.key_id}) + b"." + part(claims)
    return (text + b"." + urlsafe_b64encode(hmac.digest(twin.public_pem(), text, "sha256")).rstrip(b"=")).decode()


def signed_elsewhere(twin: ProviderTwin, claims: Claims) -> str:
    return jwt.encode(claims, ELSEWHERE, "RS256", {"kid": twin.key_id})


def signed_with_its_own_key(_: ProviderTwin, claims: Claims) -> str:
    """A token that brings its key along, in its header."""
    jwk = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(ELSEWHERE.public_key()))
    return jwt.encode(claims, ELSEWHERE, "RS256", {"jwk": jwk})


@pytest.mark.parametrize(
    "sign", [signed_by_nobody, signed_with_the_public_key, signed_elsewhere, signed_with_its_own_key]
)
def test_a_signature_that_is_not_the_providers_is_refused(
    twin: ProviderTwin, check: Check, sign: Callable[[ProviderTwin, Claims], str]
) -> None:
    with pytest.raises(SignInRefused, match="failed a check"):
        check(sign(twin, claims_of(twin)))


NOW, A_DAY = int(time.time()), 86_400


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"aud": "another client"},
        {"aud": None},
        {"aud": [CLIENT_ID, "another client"]},
        {"azp": "another client"},
        {"iss": "https://evil.example"},
        {"exp": NOW - 120},
        {"exp": None},
        {"iat": NOW + A_DAY},
        {"nbf": NOW + A_DAY},
        {"sub": ""},
        {"sub": 7},
        {"sub": None},
        {"sub": "x" * 300},
    ],
    ids=",".join,
)
def test_a_claim_that_is_wrong_is_refused(twin: ProviderTwin, check: Check, changes: Claims) -> None:
    with pytest.raises(SignInRefused, match="failed a check"):
        check(twin.token(claims_of(twin, **changes)))


def test_what_is_right_is_let_in_and_clocks_may_differ_by_half_a_minute(twin: ProviderTwin, check: Check) -> None:
    assert check(twin.token(claims_of(twin)))["sub"] == "u-1"
    late = {"exp": int(time.time()) - 20, "iat": int(time.time()) + 30, "aud": [CLIENT_ID], "azp": CLIENT_ID}
    assert check(twin.token(claims_of(twin, **late)))["sub"] == "u-1"
    for garbage in (None, "", "a.b.c", "x" * 100_000, 7):
        with pytest.raises(SignInRefused):
            check(garbage)  # type: ignore[arg-type]
    with pytest.raises(SignInRefused, match="it has 100000 characters"):
        check("x" * 100_000)


def test_one_returns_to_paths_of_the_console_alone() -> None:
    for path in ("/", "/incidents/INC-7?tab=alerts#notes", "/services/a%20b", "/sign-in?done=1"):
        assert local_path(path) == path
    for path in (
        "",
        "https://evil.example",
        "//evil.example/x",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "evil",
        "/sign-in/callback?code=1",
        "/" + "x" * 3000,
        "//[",
        "///x",
    ):
        assert local_path(path) == "/", path
