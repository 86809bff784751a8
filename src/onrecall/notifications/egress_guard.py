"""The guard before every call to the outside: a name is looked up once, and the address that was checked is the one
that is called. Whoever may choose a URL, or answers for its name, must not reach what only this machine can reach.
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

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.notifications.channel import PermanentDeliveryError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Link = TypeVar("Link")
Resolve = Callable[[str, int], Sequence[str]]
MOST_TRIED = 4
"""Of so many addresses of a name one must answer."""
LOWEST_FREE_PORT = 1024
HTTP_PORTS = frozenset({80, 443})
MAIL_PORTS = frozenset({25, 465, 587})
# Databases, caches, shells of other protocols and what browsers refuse to call: nothing that takes a webhook.
NEVER_PORTS = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 2380, 3306, 3389, 3659, 4045, 5060, 5061, 5432, 5984, 6000, 6379}
    | {6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 10080, 10250, 11211, 27017}
)
METADATA = frozenset(
    ipaddress.ip_address(one)
    for one in ("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
"""Where clouds tell a machine its secrets."""
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class EgressGuard:
    """Says what may be called, and calls it."""

    names: frozenset[str] = frozenset()
    """Hosts whose addresses may be private."""
    networks: tuple[Network, ...] = ()
    """Addresses that may be called whatever they are."""
    resolve: Resolve = field(default=look_up)

    @classmethod
    def allowing(cls, hosts: Iterable[str], resolve: Resolve = look_up) -> "EgressGuard":
        """A guard that lets pass what is named: host names, addresses, or networks as 10.0.0.0/8."""
        names, networks = set(), []
        for host in hosts:
            try:
                networks.append(ipaddress.ip_network(host.strip("[]")))
            except ValueError:
                if not _NAME.fullmatch(_name(host)) or "/" in host or _odd(host):
                    raise Invalid(
                        f"{host!r} is not a host, an address or a network; write hooks.internal or 10.0.0.0/8",
                        "allow_private_hosts",
                    ) from None
                names.add(_name(host))
        return cls(frozenset(names), tuple(networks), resolve)

    def names_host(self, host: str) -> bool:
        """Whether an operator named this host, so that what it is called is his to know."""
        address = _literal(host)
        return _name(host) in self.names or (address is not None and self._named(address))

    def check_url(self, url: str) -> httpx.URL:
        """The address, unless nobody should post to such a one; its name is looked up when it is called."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Invalid(f"is no URL: {error}") from error
        if parsed.scheme not in ("http", "https"):
            raise Invalid("begins neither with https:// nor with http://")
        if parsed.userinfo or "@" in url.partition("://")[2].partition("/")[0]:
            raise Invalid("contains a user or a password before the host; remove it")
        if any(letter.isspace() or ord(letter) < ord(" ") for letter in url) or "\\" in url:
            raise Invalid("contains a blank, a control character or a backslash")
        self.check_host(parsed.raw_host.decode("ascii"))
        usual = 443 if parsed.scheme == "https" else 80
        check_port(usual if parsed.port is None else parsed.port, HTTP_PORTS)
        return parsed

    def check_host(self, host: str) -> None:
        """Refuse what is written so that two programs could read it differently."""
        if not host or _odd(host):
            raise Invalid(f"{host!r} is not a host; write a name, or an address in canonical form")
        if _literal(host) is None and not _NAME.fullmatch(_name(host)):
            raise Invalid(f"{host!r} is no host name")

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """What a name stands for now, all of it checked; one bad address makes the whole name bad."""
        literal = _literal(host)
        if literal is not None:
            found: Sequence[str] = (str(literal),)
        else:
            try:
                found = self.resolve(host, port)
            except (OSError, UnicodeError) as error:
                raise Unavailable(f"the name {host} can't be looked up: {error}") from error
        if not found:
            raise Unavailable(f"the name {host} has no address")
        for one in found:
            if why := self._forbidden(host, ipaddress.ip_address(one.partition("%")[0])):
                raise PermanentDeliveryError(
                    f"{host} stands for {one}, which is {why}; if it is meant, ONRECALL_ALLOW_PRIVATE_HOSTS names it"
                )
        return found[:MOST_TRIED]

    def reach(self, host: str, port: int, seconds: float, dial: Callable[[str, float], Link]) -> Link:
        """What `dial` opens to a checked address of this host, the first one that answers in time."""
        deadline = time.monotonic() + seconds
        last: Exception = TimeoutError("timed out")
        for address in self.addresses(host, port):
            if (left := deadline - time.monotonic()) <= 0:
                break
            try:
                return dial(address, left)
            except (OSError, httpcore.NetworkError, httpcore.TimeoutException) as error:
                last = error
        raise last

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A plain connection to a checked address of this host."""
        return self.reach(host, port, seconds, lambda address, left: socket.create_connection((address, port), left))

    def _named(self, address: Address) -> bool:
        return any(address in network for network in self.networks)

    def _forbidden(self, host: str, address: Address) -> str | None:
        if self._named(address):
            return None
        for one in (address, *_within(address)):
            if why := _never(one):
                return why
            if (why := _private(one)) and _name(host) not in self.names:
                return why
        return None


def check_port(port: int, usual: frozenset[int]) -> None:
    """Refuse ports on which something else listens."""
    if (port < LOWEST_FREE_PORT and port not in usual) or port in NEVER_PORTS:
        listed = ", ".join(map(str, sorted(usual)))
        raise Invalid(f"port {port} is not allowed; use {listed} or one above {LOWEST_FREE_PORT}")


def _odd(host: str) -> bool:
    """Whether the host is a non-canonical IPv4 literal (decimal, octal, hexadecimal or shortened)."""
    last = host.rstrip(".").rpartition(".")[2]
    return bool(_NUMERIC.fullmatch(last)) and _literal(host) is None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _name(host: str) -> str:
    return host.lower().rstrip(".")


def _within(address: Address) -> Iterable[Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        yield low
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _never(address: Address) -> str | None:
    """Why it is called only when it is named as an address."""
    why = {
        "an IPv4 address in disguise": isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None,
        "where a cloud tells its machines their secrets": address in METADATA,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "no address of anybody": address.is_unspecified,
        "broadcast": address == _BROADCAST,
    }
    return next((said for said, true in why.items() if true), None)


def _private(address: Address) -> str | None:
    """Why it is called only when its host is named."""
    if address.is_loopback:
        return "this machine itself"
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return None  # judged by the address within
        if address.is_site_local or address in _NAT64_LOCAL:
            return "private"
    return None if address.is_global and not address.is_reserved else "private or reserved"
