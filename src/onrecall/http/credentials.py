"""Where a request carries its key, and whether it comes from a person at this machine."""

import base64
import binascii
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from onrecall.bootstrap.access import NO_KEY_YET, is_loopback
from onrecall.domain.access import Principal
from onrecall.domain.errors import Forbidden, Unauthorised

LONGEST = 1000


def token_in(headers: Headers) -> str | None:
    """The key of a request, wherever its sender was able to put it; None when it carries none."""
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
    """The key in a PagerDuty event, of either version of its API."""
    key = (body.get("routing_key") or body.get("service_key")) if isinstance(body, dict) else None
    return key if isinstance(key, str) else None


def client_address(client: Sequence[Any] | None) -> str:
    """Where a request comes from; one network of IPv6 is one place, for it is given out whole."""
    host = str(client[0]) if client else ""
    try:
        ip = ip_address(host)
    except ValueError:
        return host
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped) if ip.ipv4_mapped else f"{ip.exploded[:19]}::/64"
    return host


def caller_identity(caller: Principal, client: Sequence[Any] | None) -> str:
    """Whose a request is, for bounds of each caller: the name of its key, or else where it comes from."""
    return caller.name or client_address(client)


def require_local_client(client: Sequence[Any] | None, headers: Headers) -> None:
    """Without any key, OnRecall answers only those who sit at this machine; all others are refused."""
    if not client or not is_loopback(str(client[0])):
        raise Unauthorised(f"without a key OnRecall answers this machine alone; {NO_KEY_YET}")
    hosts = headers.getlist("host")
    if not hosts or not all(means_loopback(host) for host in hosts):
        # A page elsewhere may give its own name this machine's address and so read from it; the name gives it away.
        raise Forbidden(f"without a key OnRecall is asked as localhost or 127.0.0.1, not by another name; {NO_KEY_YET}")


def is_cross_origin(headers: Headers, welcome: Sequence[str], page_host: str | None = None) -> bool:
    """Whether a browser sends this for a page that is not ours. Others than browsers send no such headers.

    Where a proxy of this machine passes on what its own pages ask, `page_host` is the host it serves them at.
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


def is_local_origin(origin: str | None) -> bool:
    """Whether a page of this machine has this origin, such as http://localhost:3000."""
    scheme, mark, host = (origin or "").partition("://")
    return scheme in ("http", "https") and bool(mark) and means_loopback(host)


def means_loopback(host: str) -> bool:
    """Whether a host, with or without a port, can only mean this machine."""
    if set(host) & set("@/\\?#"):
        return False
    try:
        parts = urlsplit(f"//{host}")
        return is_loopback(parts.hostname or "") and parts.port != 0  # ValueError where the port is no number
    except ValueError:
        return False
