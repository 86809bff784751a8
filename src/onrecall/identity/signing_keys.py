"""The keys that an identity provider signs with, reread as they change."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from onrecall.identity.json_client import JsonClient

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that are accepted: of a private key that the provider alone has. `none` and HMAC are not among them."""
KEY_TYPES: Mapping[str, str] = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
FRESH_SECONDS = 300.0
LEAST_SECONDS = 5.0
"""Tokens of unknown keys cause at most one request in this time."""


class SigningKeys:
    """The keys at one URL: reread after five minutes, and when a token names a key that is not among them."""

    def __init__(self, client: JsonClient) -> None:
        self._client = client
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._url = ""
        self._read_at = 0.0
        self._reading = threading.Lock()

    def candidates(self, url: str, algorithm: str, key_id: str | None) -> list[jwt.PyJWK]:
        """Return the keys that may have signed a token. Raises Unavailable if the provider does not answer."""
        with self._reading:
            age = time.monotonic() - self._read_at
            if url != self._url or age >= FRESH_SECONDS:
                self._read(url)
                return self._matching(algorithm, key_id)
            matching = self._matching(algorithm, key_id)
            if not matching and age >= LEAST_SECONDS:
                self._read(url)
                return self._matching(algorithm, key_id)
            return matching

    def _read(self, url: str) -> None:
        keys = self._client.get(url).get("keys")
        self._keys = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
        self._url, self._read_at = url, time.monotonic()

    def _matching(self, algorithm: str, key_id: str | None) -> list[jwt.PyJWK]:
        matching = []
        for key in self._keys:
            if key_id is not None and key.get("kid") != key_id:
                continue
            if key.get("kty") != KEY_TYPES[algorithm[:2]] or key.get("use", "sig") != "sig":
                continue
            if key.get("alg", algorithm) != algorithm:
                continue
            try:
                matching.append(jwt.PyJWK(dict(key), algorithm))
            except jwt.PyJWTError:  # a key of a kind that this program does not know signs nothing for us
                continue
        return matching
