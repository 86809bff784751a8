"""Requests through a proxy on this machine, such as a Next.js rewrite."""

from starlette.datastructures import Headers

from onrecall.bootstrap.access import NO_KEY_YET, is_loopback
from onrecall.domain.errors import Unauthorised
from onrecall.http.credentials import means_loopback

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
RECIPE = (
    "for a proxy on this machine that serves this machine alone, such as a Next.js rewrite, "
    "set ONRECALL_LOCAL_PROXY_ROLE=responder"
)


def is_proxied(headers: Headers) -> bool:
    """Return whether a proxy forwarded this request."""
    return any(name in headers for name in FORWARDED)


def refusal() -> Unauthorised:
    """Build the refusal of a proxied request that the operator has not allowed."""
    return Unauthorised(f"this request came through a proxy, and no key exists yet; {NO_KEY_YET}, or {RECIPE}")


def require_local_origin(headers: Headers) -> None:
    """Raise Unauthorised unless every client that the proxy names is at this machine.

    A client may write addresses of its own into X-Forwarded-For; the proxy adds the true one at the end. So all that
    stand there have to be this machine's.
    """
    if "forwarded" in headers:
        raise Unauthorised(f"ONRECALL_LOCAL_PROXY_ROLE requires X-Forwarded-For, not Forwarded; {NO_KEY_YET}")
    addresses = [part.strip() for name in ("x-forwarded-for", "x-real-ip") for part in _parts(headers, name)]
    if not addresses:
        raise Unauthorised(f"the proxy does not name its client (X-Forwarded-For); {NO_KEY_YET}")
    for address in addresses:
        if not _is_this_machine(address):
            raise Unauthorised(
                f"the proxy forwards a request from {address[:60]!r}, which is not this machine; {NO_KEY_YET}"
            )
    for host in _parts(headers, "x-forwarded-host"):
        if not means_loopback(host):
            raise Unauthorised(f"the proxy was addressed as {host[:60]!r}, not as localhost; {NO_KEY_YET}")


def forwarded_host(headers: Headers) -> str | None:
    """Return the host that a page was loaded from, according to the proxy."""
    return next(iter(_parts(headers, "x-forwarded-host")), None)


def _parts(headers: Headers, name: str) -> list[str]:
    return [part.strip() for value in headers.getlist(name) for part in value.split(",") if part.strip()]


def _is_this_machine(address: str) -> bool:
    """Return whether it is a loopback address, with or without a port."""
    if is_loopback(address):
        return True
    host, colon, port = address.rpartition(":")
    return bool(colon) and port.isdigit() and is_loopback(host.strip("[]"))
