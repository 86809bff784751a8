"""SSRF guard for all outbound calls: a name is resolved once, and the checked address is the one
that is called. Whoever chooses a URL, or controls its DNS, must not reach internal addresses through this machine.
"""

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import httpcore
import httpx

from onrecall.domain.cloud_metadata import METADATA_ADDRESSES
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.notifications.channel import PermanentDeliveryError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Link = TypeVar("Link")
Resolve = Callable[[str, int], Sequence[str]]
MOST_TRIED = 4
"""Maximum addresses of a name that are tried."""
LOWEST_FREE_PORT = 1024
HTTP_PORTS = frozenset({80, 443})
MAIL_PORTS = frozenset({25, 465, 587})
# Databases, caches, shells of other protocols and what browsers refuse to call: nothing that takes a webhook.
FORBIDDEN_PORTS = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 2380, 3306, 3389, 3659, 4045, 5060, 5061, 5432, 5984, 6000, 6379}
    | {6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 10080, 10250, 11211, 27017}
)
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Resolve a host name with the system resolver."""
    records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(record[4][0]) for record in records))


@dataclass(frozen=True, slots=True)
class EgressGuard:
    """Checks outbound addresses, and connects to allowed ones."""

    names: frozenset[str] = frozenset()
    """Allowed hosts whose addresses may be private."""
    networks: tuple[Network, ...] = ()
    """Addresses that are always allowed."""
    resolve: Resolve = field(default=resolve_host)

    @classmethod
    def from_allowlist(cls, hosts: Iterable[str], resolve: Resolve = resolve_host) -> "EgressGuard":
        """Build a guard that also allows these host names, addresses, or networks such as 10.0.0.0/8."""
        names, networks = set(), []
        for host in hosts:
            try:
                networks.append(ipaddress.ip_network(host.strip("[]")))
            except ValueError:
                if not _NAME.fullmatch(_normalize_host(host)) or "/" in host or _is_non_canonical_ipv4(host):
                    raise Invalid(
                        f"{host!r} is not a host, an address or a network; write hooks.internal or 10.0.0.0/8",
                        "allow_private_hosts",
                    ) from None
                names.add(_normalize_host(host))
        return cls(frozenset(names), tuple(networks), resolve)

    def names_host(self, host: str) -> bool:
        """Return whether an operator explicitly allowed this host."""
        address = parse_literal(host)
        return _normalize_host(host) in self.names or (address is not None and self._is_allowed_network(address))

    def check_url(self, url: str) -> httpx.URL:
        """Parse and check a URL; raise Invalid if it must not be called. The name is resolved on connecting."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Invalid(f"is not a URL: {error}") from error
        if parsed.scheme not in ("http", "https"):
            raise Invalid("does not begin with https:// or http://")
        if parsed.userinfo or "@" in url.partition("://")[2].partition("/")[0]:
            raise Invalid("contains a user or a password before the host; remove it")
        if any(letter.isspace() or ord(letter) < ord(" ") for letter in url) or "\\" in url:
            raise Invalid("contains a blank, a control character or a backslash")
        self.check_host(parsed.raw_host.decode("ascii"))
        usual = 443 if parsed.scheme == "https" else 80
        check_port(usual if parsed.port is None else parsed.port, HTTP_PORTS)
        return parsed

    def check_secure_url(self, url: str, danger: str = "") -> httpx.URL:
        """Check a URL that must be https, unless an operator allowed its host; `danger` says why, in the error."""
        parsed = self.check_url(url)
        if parsed.scheme != "https" and not self.names_host(parsed.host):
            raise Invalid(f"does not begin with https://{danger}")
        return parsed

    def check_host(self, host: str) -> None:
        """Raise Invalid for hosts that programs could parse differently."""
        if not host or _is_non_canonical_ipv4(host):
            raise Invalid(f"{host!r} is not a host; write a name, or an address in canonical form")
        if parse_literal(host) is None and not _NAME.fullmatch(_normalize_host(host)):
            raise Invalid(f"{host!r} is not a host name")

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve a host and check all its addresses; one forbidden address rejects the host."""
        literal = parse_literal(host)
        if literal is not None:
            resolved: Sequence[str] = (str(literal),)
        else:
            try:
                resolved = self.resolve(host, port)
            except (OSError, UnicodeError) as error:
                raise Unavailable(f"the name {host} can't be looked up: {error}") from error
        if not resolved:
            raise Unavailable(f"the name {host} has no address")
        for address in resolved:
            if reason := self._forbidden(host, ipaddress.ip_address(address.partition("%")[0])):
                raise PermanentDeliveryError(
                    f"{host} resolves to {address}, which is {reason}; "
                    "to allow it, add it to ONRECALL_ALLOW_PRIVATE_HOSTS"
                )
        return resolved[:MOST_TRIED]

    def reach(self, host: str, port: int, seconds: float, dial: Callable[[str, float], Link]) -> Link:
        """Open a connection with `dial` to the first checked address that answers in time."""
        deadline = time.monotonic() + seconds
        last: Exception = TimeoutError("timed out")
        for address in self.addresses(host, port):
            if (remaining := deadline - time.monotonic()) <= 0:
                break
            try:
                return dial(address, remaining)
            except (OSError, httpcore.NetworkError, httpcore.TimeoutException) as error:
                last = error
        raise last

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """Open a TCP connection to a checked address of this host."""
        return self.reach(
            host, port, seconds, lambda address, remaining: socket.create_connection((address, port), remaining)
        )

    def _is_allowed_network(self, address: Address) -> bool:
        return any(address in network for network in self.networks)

    def _forbidden(self, host: str, address: Address) -> str | None:
        if self._is_allowed_network(address):
            return None
        for candidate in (address, *_embedded_ipv4(address)):
            if reason := _always_forbidden_reason(candidate):
                return reason
            if (reason := _private_reason(candidate)) and _normalize_host(host) not in self.names:
                return reason
        return None


def check_port(port: int, usual: frozenset[int]) -> None:
    """Raise Invalid for ports of other services."""
    if (port < LOWEST_FREE_PORT and port not in usual) or port in FORBIDDEN_PORTS:
        listed = ", ".join(map(str, sorted(usual)))
        raise Invalid(f"port {port} is not allowed; use {listed} or one above {LOWEST_FREE_PORT}")


def _is_non_canonical_ipv4(host: str) -> bool:
    """Return whether the host is a non-canonical IPv4 literal (decimal, octal, hexadecimal or shortened)."""
    last = host.rstrip(".").rpartition(".")[2]
    return bool(_NUMERIC.fullmatch(last)) and parse_literal(host) is None


def parse_literal(host: str) -> Address | None:
    """Return the address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _normalize_host(host: str) -> str:
    return host.lower().rstrip(".")


def _embedded_ipv4(address: Address) -> Iterable[Address]:
    """Yield the IPv4 addresses embedded in an IPv6 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        yield low
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _always_forbidden_reason(address: Address) -> str | None:
    """Return why an address is forbidden unless its network is allowed, or None."""
    reasons = {
        "an IPv4 address in disguise": isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None,
        "the metadata service of a cloud": address in METADATA_ADDRESSES,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "unspecified": address.is_unspecified,
        "broadcast": address == _BROADCAST,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _private_reason(address: Address) -> str | None:
    """Return why an address is private, and so forbidden unless its host is allowed, or None."""
    if address.is_loopback:
        return "this machine itself"
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return None  # judged by the address within
        if address.is_site_local or address in _NAT64_LOCAL:
            return "private"
    return None if address.is_global and not address.is_reserved else "private or reserved"
