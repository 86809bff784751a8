"""Loaded by every Python that begins under this path: a call that would leave the machine is written down and refused."""

import os
import sys
from ipaddress import ip_address
from typing import Any

HERE = ("localhost", "localhost.localdomain")
CALLS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
NAMES = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


def at_home(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host is None or host in ("", *HERE):
        return True
    try:
        return ip_address(str(host)).is_loopback or ip_address(str(host)).is_unspecified
    except ValueError:
        return False


def watch(event: str, args: tuple[Any, ...]) -> None:
    if event in CALLS:
        where = args[1] if len(args) > 1 else None
        host = where[0] if isinstance(where, tuple) else None  # a path is a socket of this machine
    elif event in NAMES:
        host = args[0]
    else:
        return
    if not at_home(host):
        with open(os.environ["UNPLUGGED_LOG"], "a", encoding="utf-8") as log:  # noqa: PTH123 - no more imports here
            log.write(f"{event} {host} by {sys.argv}\n")
        raise OSError(101, "unplugged: nothing may leave this machine")


if "UNPLUGGED_LOG" in os.environ:
    sys.addaudithook(watch)
