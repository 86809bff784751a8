"""Extracts the key of a request, and decides whether it comes from this machine."""

import base64
import binascii
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers

from onrecall.bootstrap.access import NO_KEY_YET, is_loopback
from onrecall.domain.access import Principal
from onrecall.domain.errors import Forbidden, Unauthorised

LONGEST = 1000


def token_in(headers: Headers) -> str | None:
    """Return the key of a request from any supported header; None if it has none."""
    if "x-api-key" in headers:
        return headers["x-api-key"].strip()
    scheme, _, value = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _password(value.strip())
    return None


def _password(encoded: str) -> str:
    try:
        user_and_password = base64.b64decode(encoded[:LONGEST], validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return user_and_password.partition(":")[2]


def routing_key(body: Any) -> str | None:
    """Return the key in a PagerDuty event of either API version."""
    key = (body.get("routing_key") or body.get("service_key")) if isinstance(body, dict) else None
    return key if isinstance(key, str) else None


def client_address(client: Sequence[Any] | None) -> str:
    """Return the client's address; an IPv6 /64 counts as one, because it is assigned as a whole."""
    host = str(client[0]) if client else ""
    try:
        ip = ip_address(host)
    except ValueError:
        return host
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped) if ip.ipv4_mapped else f"{ip.exploded[:19]}::/64"
    return host


def caller_identity(caller: Principal, client: Sequence[Any] | None) -> str:
    """Return the identity for per-caller limits: the name of the key, else the address."""
    return caller.name or client_address(client)


def require_local_client(client: Sequence[Any] | None, headers: Headers) -> None:
    """Raise unless the client is at this machine, which is required while no key exists."""
    if not client or not is_loopback(str(client[0])):
        raise Unauthorised(f"without a key OnRecall answers this machine alone; {NO_KEY_YET}")
    hosts = headers.getlist("host")
    if not hosts or not all(means_loopback(host) for host in hosts):
        # A page elsewhere may give its own name this machine's address and so read from it; the name gives it away.
        raise Forbidden(f"without a key, address OnRecall as localhost or 127.0.0.1, not by another name; {NO_KEY_YET}")


def is_cross_origin(headers: Headers, welcome: Sequence[str], page_host: str | None = None) -> bool:
    """Return whether a browser sends this for a page of another origin. Only browsers send such headers.

    `page_host` is the host at which a local proxy serves its own pages.
    """
    origin = headers.get("origin")
    if origin in welcome:
        return False
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    if origin is None or not ("://" in origin or origin == "null"):
        return False  # CloudEvents' senders put their bare name there
    ours = {host.lower() for host in (headers.get("host"), page_host) if host}
    return origin.partition("://")[2].lower() not in ours


def host_of(address: SplitResult) -> str:
    """Return host and port of an address as a browser sends them in `Host`: the usual port is left out."""
    usual = {"https": 443, "http": 80}.get(address.scheme)
    host = address.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if address.port in (None, usual) else f"{host}:{address.port}"


def is_local_origin(origin: str | None) -> bool:
    """Return whether an origin is local, such as http://localhost:3000."""
    scheme, mark, host = (origin or "").partition("://")
    return scheme in ("http", "https") and bool(mark) and means_loopback(host)


def means_loopback(host: str) -> bool:
    """Return whether a host, with or without a port, can only mean this machine."""
    if set(host) & set("@/\\?#"):
        return False
    try:
        parts = urlsplit(f"//{host}")
        return is_loopback(parts.hostname or "") and parts.port != 0  # ValueError where the port is no number
    except ValueError:
        return False
