"""One spelling of a service's name, so that `Orders API`, `orders_api` and `ordersApi` are one service."""

import re
from functools import lru_cache

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_IN_CLUSTER = re.compile(r"^([a-z0-9-]+)\.[a-z0-9-]+\.svc(?:\.[a-z0-9.-]+)?$")
"""What Kubernetes calls a service by: its name, its namespace, `svc`, and the cluster's domain."""
_NAME = re.compile(r"\w[\w./-]*\w")
LONGEST_TEXT = 2_000
MOST_CANDIDATES = 60
"""Words of one text that are looked up as services."""


@lru_cache(maxsize=20_000)
def canonical_service(name: str) -> str:
    """Return the name as services are compared: small words with hyphens between them."""
    spelled = _BETWEEN_WORDS.sub("-", _HUMP.sub("-", name.strip()).casefold()).strip("-")
    in_cluster = _IN_CLUSTER.match(spelled)
    return in_cluster[1] if in_cluster else spelled


def find_service_candidates(text: str) -> tuple[str, ...]:
    """Return the words of a text that may be names of services, as they are written and in small letters, each once."""
    words = _NAME.findall(text[:LONGEST_TEXT])
    return tuple(dict.fromkeys(spelling for word in words for spelling in (word, word.lower())))[:MOST_CANDIDATES]
