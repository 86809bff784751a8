"""Where clouds tell a machine about itself, its access keys included."""

import ipaddress

WIRE_SERVER = ipaddress.ip_address("168.63.129.16")
"""Azure's, whose every answer is about certificates, settings and what the machine was started with."""
METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "169.254.42.42",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
) | {WIRE_SERVER}
"""Metadata endpoints of cloud providers."""
