"""A small OpenID Connect provider that signs real tokens over real HTTP, and can be told to sign wrong ones."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT_ID = "onrecall"
CLIENT_SECRET = "s3cret/with+signs"
ELSEWHERE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
"""A key that the provider never published."""
Claims = dict[str, Any]


@dataclass
class Grant:
    query: dict[str, str]
    spent: bool = False


@dataclass
class ProviderTwin:
    """What it publishes, whom it signs in, and what it was asked."""

    url: str = ""
    user: Claims = field(
        default_factory=lambda: {"sub": "u-1", "email": "ann@corp.example", "email_verified": True, "groups": ["sre"]}
    )
    userinfo: Claims | None = None
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    algorithm: str = "ES256"
    key_id: str = "first"
    metadata: Claims = field(default_factory=dict)
    """What differs from the usual discovery document."""
    change: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[["ProviderTwin", Claims], str] | None = None
    grants: dict[str, Grant] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def published(self) -> list[Claims]:
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        return [
            {
                **json.loads(algorithm.to_jwk(self.key.public_key())),
                "kid": self.key_id,
                "use": "sig",
                "alg": self.algorithm,
            }
        ]

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def token(self, claims: Claims) -> str:
        if self.sign is not None:
            return self.sign(self, claims)
        return jwt.encode(claims, self.key, self.algorithm, {"kid": self.key_id})

    def consent(self, url: str) -> dict[str, str]:
        """Act as the browser at the provider's page: sign in, and return what it sends the browser back with."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.grants[code] = Grant(query)
        return {"code": code, "state": query["state"]}

    def discovery(self) -> Claims:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=a",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/logout",
            **({} if self.userinfo is None else {"userinfo_endpoint": f"{self.url}/userinfo"}),
        } | self.metadata

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        grant = self.grants.get(form["code"])
        verifier = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        known = (unquote(user), unquote(password)) == (CLIENT_ID, CLIENT_SECRET)
        if grant is None or grant.spent or not known or verifier != grant.query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form["redirect_uri"] != grant.query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        grant.spent = True
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.query["nonce"],
            **self.user,
        }
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token(self.change(claims))}

    def answer(self, method: str, path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        self.requests.append(f"{method} {path}")
        match path:
            case "/.well-known/openid-configuration":
                return 200, self.discovery()
            case "/keys":
                return 200, {"keys": self.published()}
            case "/token":
                return self.redeem(form, authorization)
            case "/userinfo":
                return (200, self.userinfo or {}) if authorization == "Bearer opaque" else (401, {})
        return 404, {}


def logout_token(twin: ProviderTwin, **claims: Any) -> str:
    now = int(time.time())
    usual = {
        "iss": twin.url, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": secrets.token_hex(4),
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }  # fmt: skip
    return twin.token({name: value for name, value in (usual | claims).items() if value is not None})


@contextmanager
def running() -> Iterator[ProviderTwin]:
    twin = ProviderTwin()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            status, body = twin.answer(
                self.command, urlsplit(self.path).path, form, self.headers.get("authorization", "")
            )
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    twin.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield twin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def callback(answer: dict[str, str]) -> str:
    return f"/sign-in/callback?{urlencode(answer)}"
