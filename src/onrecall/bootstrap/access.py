"""Access configuration, and whether the server may listen at an address with the existing keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from onrecall.domain.access import Role
from onrecall.domain.errors import Unauthorised
from onrecall.domain.session import SessionLimits
from onrecall.pipeline.keys import Keys

if TYPE_CHECKING:
    from onrecall.http.slack_app import SlackApp
    from onrecall.identity.provider import ProviderSettings
    from onrecall.notifications.web_push import WebPush

NO_KEY_YET = "make the first key with `onrecall keys create --role admin NAME`"


@dataclass(frozen=True, slots=True)
class Access:
    """Access as the operator configured it."""

    webhook_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By source, whose messages must be signed with one of them and need no key."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may send requests."""
    local_proxy_role: Role | None = None
    """Role of local callers through a local proxy without a key; None: no access."""
    keys: Keys | None = None
    """None: the keys of the memory's own store."""
    slack: "SlackApp | None" = None
    """None: requests from Slack are refused."""
    oidc: "ProviderSettings | None" = None
    """The identity provider; None: people sign in with keys alone."""
    session_limits: SessionLimits = field(default_factory=SessionLimits)
    public_url: str | None = None
    """Where people reach this server."""
    web_push: "WebPush | None" = None
    """The channel that notifies browsers; None: no device can ask for it."""


def is_loopback(host: str) -> bool:
    """Return whether a host can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def check_address(host: str, keys: Keys, oidc: "ProviderSettings | None" = None) -> None:
    """Raise unless keys exist or people sign in at an identity provider, if others can reach the address."""
    keys.refresh()
    if not is_loopback(host) and not keys.usable and oidc is None:
        where = host or "every address"
        raise Unauthorised(
            f"other machines can reach OnRecall at {where}, and no valid key exists; {NO_KEY_YET}, "
            "or listen on 127.0.0.1"
        )
