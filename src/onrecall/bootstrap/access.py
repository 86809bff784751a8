"""Who gets in: what an operator chose, and whether an address may be listened on with the keys there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from onrecall.domain.access import Role
from onrecall.domain.errors import Unauthorised
from onrecall.pipeline.keys import Keys

if TYPE_CHECKING:
    from onrecall.http.slack_actions import SlackApp

NO_KEY_YET = "make the first key with `onrecall keys create --role admin NAME`"


@dataclass(frozen=True, slots=True)
class Access:
    """What an operator chose about who gets in."""

    webhook_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By sender. Its messages must then be signed with one of them, and need no key."""
    cors_origins: tuple[str, ...] = ()
    """Pages elsewhere whose scripts may ask."""
    local_proxy_role: Role | None = None
    """What callers may do without a key whom a proxy on this machine names as this machine's; None: nothing."""
    keys: Keys | None = None
    """None: those of the memory's own store."""
    slack: "SlackApp | None" = None
    """None: nothing that claims to come from Slack is taken."""


def is_loopback(host: str) -> bool:
    """Whether an address or a name can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def check_address(host: str, keys: Keys) -> None:
    """Refuse to listen where others can reach us while no key would let any of them in, or keep any out."""
    keys.refresh()
    if not is_loopback(host) and not keys.usable:
        where = host or "every address"
        raise Unauthorised(
            f"others can reach OnRecall at {where}, and no valid key exists; {NO_KEY_YET}, or listen on 127.0.0.1"
        )
