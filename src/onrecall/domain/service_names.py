"""One spelling of a service's name, so that `Orders API`, `orders_api` and `ordersApi` are one service."""

import re
from functools import lru_cache

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_IN_CLUSTER = re.compile(r"^([a-z0-9-]+)\.[a-z0-9-]+\.svc(?:\.[a-z0-9.-]+)?$")
"""What Kubernetes calls a service by: its name, its namespace, `svc`, and the cluster's domain."""


@lru_cache(maxsize=20_000)
def canonical_service(name: str) -> str:
    """Returns the name as services are compared: small words with hyphens between them."""
    spelled = _BETWEEN_WORDS.sub("-", _HUMP.sub("-", name.strip()).casefold()).strip("-")
    in_cluster = _IN_CLUSTER.match(spelled)
    return in_cluster[1] if in_cluster else spelled
