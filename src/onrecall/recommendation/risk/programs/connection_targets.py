"""Where a program connects, and whose configuration it reads: an environment variable or an option may say so."""

import ipaddress
import re
from urllib.parse import urlsplit

from onrecall.domain.cloud_metadata import METADATA_ADDRESSES, WIRE_SERVER
from onrecall.recommendation.risk.assessment import Assessment, not_understood, read_only
from onrecall.recommendation.risk.characters import OUTPUT
from onrecall.recommendation.risk.programs.argv import is_unknown

_INTERNAL_NAME = re.compile(
    r"[\w-]+|[\w.-]+\.(?:svc|local|localdomain|internal|intra|lan|corp|consul|test|home\.arpa|cluster\.local)"
)
"""Names that no public name server answers for."""
_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
_METADATA_HOSTS = frozenset(["metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"])
"""Where clouds tell a machine about itself, by name."""


def judge_local_socket(value: str) -> Assessment:
    """Judge the address of a daemon that runs as root: only a socket of this machine."""
    is_local = re.fullmatch(r"(?:unix://|npipe://)?/[\w./-]+|npipe:[\w./\\-]+|fd://|", value)
    if is_local and not re.search(r"\.\.|/tmp/|/dev/shm/", value):
        return read_only("")
    return not_understood(f"which machine answers at `{value[:40]}`")


def judge_endpoint(value: str) -> Assessment:
    """Judge addresses to which a program sends its token: over TLS, or inside of one's own network."""
    odd = next((address for address in re.split(r"[,\s]+", value) if not _is_private(address)), None)
    return read_only("") if odd is None else not_understood(f"who answers at `{odd[:40]}`, without TLS")


def judge_secure_endpoint(value: str) -> Assessment:
    """Judge an address to which a secret travels: over TLS, or on this machine."""
    scheme, host = _split_address(value)
    if scheme in ("https", "unix") or is_unknown(value) or _is_loopback(host):
        return read_only("")
    return not_understood(f"a secret that goes to `{value[:40]}` without TLS")


def judge_tunnel(value: str) -> Assessment:
    """Judge what a tunnel of ssh listens on: `[ADDRESS:]PORT[:HOST:PORT]`; only this machine may reach it."""
    parts = value.split(":")
    address = parts[0] if len(parts) in (2, 4) else ""
    if len(parts) <= 4 and address in ("", "localhost", "127.0.0.1"):
        return read_only("")
    return not_understood(f"the tunnel `{value[:40]}`, which others may reach")


def judge_proxy(value: str) -> Assessment:
    """Judge who passes a request on and may read and change it."""
    return read_only("") if not value else not_understood(f"the proxy `{value[:40]}`")


def judge_repository(value: str) -> Assessment:
    """Judge the folder of a repository: its configuration may name programs that git runs."""
    if ".." in value or re.match(r"(?:/private)?/(?:tmp|var/tmp|dev/shm|media|mnt|proc|run/media)(?:/|$)|//", value):
        return not_understood(f"the configuration of the repository in `{value[:40]}`")
    return read_only("")


TARGETS = {
    "local-socket": judge_local_socket,
    "endpoint": judge_endpoint,
    "secure-endpoint": judge_secure_endpoint,
    "proxy": judge_proxy,
    "tunnel": judge_tunnel,
    "repository": judge_repository,
}
"""Kinds of values that the tables of programs and of variables name."""


def serves_metadata(host: str) -> bool:
    """Whether a host is a cloud's metadata service, however its address is written."""
    name = host.lower().rstrip(".")
    return name in _METADATA_HOSTS or _parse_address(name) in METADATA_ADDRESSES


def is_wire_server(host: str) -> bool:
    """Whether a host is Azure's metadata service for its agents."""
    return _parse_address(host.lower().rstrip(".")) == WIRE_SERVER


def _is_private(address: str) -> bool:
    scheme, host = _split_address(address)
    if OUTPUT in address:
        return False
    if not address or scheme in ("https", "unix", "tls", "ssl", "srv") or is_unknown(address):
        return True
    parsed = _parse_address(host)
    if parsed is not None:
        return any(parsed in network for network in _PRIVATE_NETWORKS if network.version == parsed.version)
    return _INTERNAL_NAME.fullmatch(host) is not None and host not in _METADATA_HOSTS


def _is_loopback(host: str) -> bool:
    parsed = _parse_address(host)
    return host == "localhost" or (parsed is not None and parsed.is_loopback)


def _split_address(address: str) -> tuple[str, str]:
    """Return the scheme and the host of an address, both empty where it has none."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return parts.scheme.lower(), parts.hostname or ""
    except ValueError:
        return "", address


def _parse_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a name is: dotted, a number, in octal or hexadecimal, or IPv4 inside of IPv6."""
    parts = host.split(".")
    try:
        if len(parts) <= 4 and all(re.fullmatch(r"0x[0-9a-f]{1,8}|\d{1,10}", part) for part in parts):
            return _read_number_parts(parts)
        parsed = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _read_number_parts(parts: list[str]) -> ipaddress.IPv4Address:
    """The address of one to four numbers as `inet_aton` reads them; the last fills the bytes that are left."""
    *leading, last = [_read_number(part) for part in parts]
    return ipaddress.IPv4Address(sum(number << (24 - 8 * place) for place, number in enumerate(leading)) + last)


def _read_number(text: str) -> int:
    """Return a number in hexadecimal after `0x`, in octal after `0`."""
    if text.startswith("0x"):
        return int(text, 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)
