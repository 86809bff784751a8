"""The name under which a part of this process holds a lease."""

import os
import secrets
import socket


def new_holder() -> str:
    """Return a name that no other process and no other part of this one has: host, process and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
