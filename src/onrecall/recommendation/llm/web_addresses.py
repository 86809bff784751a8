"""Whether a name with dots is an address on the web: what chat programs and browsers make a link of."""

import re
from functools import cache

from onrecall.domain.word_file import read_words

_INNER_CAPITAL = re.compile(r"[a-z][A-Z]|[A-Z][a-z]+[A-Z]|(?:Error|Exception)$")
_PACKAGE_ROOTS = frozenset(
    {"com", "dev", "edu", "gov", "io", "java", "javax", "jakarta", "kotlin", "net", "org", "scala"}
)
"""What names of packages begin with: a domain turned round."""
_MEASURES = frozenset(
    {"ms", "kb", "mb", "gb", "tb", "bs", "ns", "id", "name", "host", "total", "data", "space", "page"}
)
"""What names of settings end in, some of which are domains of countries too."""


def is_address(name: str) -> bool:
    """Whether the name ends in a domain of the web, and is no setting, package, class or file."""
    labels = name.rstrip(".-").split(".")
    last = labels[-1]
    if last.casefold() not in _top_level_domains() and not re.fullmatch(r"[a-z]{2}", last, re.IGNORECASE):
        return False
    if _INNER_CAPITAL.search(last):
        return False
    setting = len(labels) > 2 and last in _MEASURES and not set(labels[:-1]) & _PACKAGE_ROOTS
    package = len(labels) > 2 and labels[0] in _PACKAGE_ROOTS and not re.fullmatch(r"[a-z]{2}", last)
    return not (setting or (package and last.casefold() not in _COMMON_DOMAINS))


_COMMON_DOMAINS = frozenset({"com", "net", "org", "info", "biz", "example", "test", "invalid"})


@cache
def _top_level_domains() -> frozenset[str]:
    return read_words("onrecall.recommendation.llm", "top_level_domains.txt")
