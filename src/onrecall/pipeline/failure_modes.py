"""Recognise by which of the common modes a system failed, in whatever words the root cause says so.

Plain knowledge of the trade: `the chain lapsed` and `nobody renewed the cert` are both an expired certificate. A mode
is what a text names (a certificate) together with what happened to it (it expired); a text may show several, or none.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

PREFIX = "mode:"
"""Sets modes apart from words."""
NEAR = 60
"""Maximum characters between what a text names and what happened to it."""
_CLAUSE = re.compile(r"(?<=[a-z\d)])[.;:](?:\s+|$)")


def failure_modes(root_cause: str) -> frozenset[str]:
    """Return the modes that a root cause shows, such as `mode:certificate-expiry`."""
    return _modes_of(root_cause.casefold())


def is_mode(term: str) -> bool:
    """Return whether a term is a mode rather than a word."""
    return term.startswith(PREFIX)


def mode_share(term: str) -> float:
    """Return how much of a mode's weight it has: a broad one, such as a wrong setting, has many causes."""
    return BROAD_SHARE if mode_name(term) in _BROAD else 1.0


def mode_name(term: str) -> str:
    """Return the name of a mode, such as `certificate-expiry`."""
    return term.removeprefix(PREFIX)


@lru_cache(maxsize=8192)
def _modes_of(text: str) -> frozenset[str]:
    """Cached: each report compares mostly the same root causes."""
    clauses = _CLAUSE.split(text)
    shown = frozenset(PREFIX + name for name, parts in _patterns() if any(_shows(clause, parts) for clause in clauses))
    return shown - frozenset(
        PREFIX + broader for name in shown for broader in _BROADER.get(name.removeprefix(PREFIX), ())
    )


def _shows(clause: str, parts: Sequence[re.Pattern[str]]) -> bool:
    """Return whether a clause holds the first part and, near it, all others."""
    subject, *happened = parts
    return any(all(_found_apart(clause, part, match) for part in happened) for match in subject.finditer(clause))


def _found_apart(clause: str, part: re.Pattern[str], subject: re.Match[str]) -> bool:
    """Return whether a part stands near the subject."""
    return part.search(clause, max(0, subject.start() - NEAR), subject.end() + NEAR) is not None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    """Return the modes of `failure_modes.txt`: a line each, the name and what a text must hold of each part."""
    lines = files(__package__).joinpath("failure_modes.txt").read_text("utf-8").splitlines()
    rows = (line.split(" : ") for line in lines if line and not line.startswith("#"))
    return tuple((name.strip(), tuple(_compile(part) for part in parts)) for name, *parts in rows)


def _compile(part: str) -> re.Pattern[str]:
    """Return the pattern of alternatives; a word with a star stands for all words that begin so."""
    words = (re.escape(word.strip()).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for word in part.split("|"))
    return re.compile(r"(?<![^\W_])(?:" + "|".join(words) + r")(?![^\W_])")


BROAD_SHARE = 0.6
"""Weight of a broad mode beside that of others."""
_BROAD = frozenset(
    ("config-error", "schema-migration", "bad-release", "human-error", "bad-data", "poison-message", "contract-change")
)
_BROADER = {
    "certificate-expiry": ("credential-expiry",),
    "replication-lag": ("failover",),
    "feature-flag": ("config-error", "bad-release"),
    "queue-backlog": ("poison-message",),
    "firewall-rule": ("access-denied",),
    "retry-storm": ("rate-limit", "traffic-surge"),
    "missing-index": ("schema-migration",),
    "schema-migration": ("bad-release", "config-error"),
    "disk-full": ("hardware-failure",),
    "power-failure": ("hardware-failure", "network-fault"),
    "quorum-loss": ("power-failure", "hardware-failure", "failover"),
    "dependency-upgrade": ("bad-release",),
    "memory-exhaustion": ("config-error",),
    "clock-skew": ("firewall-rule", "credential-expiry"),
    "access-denied": ("config-error",),
    "contract-change": ("bad-release", "third-party-outage", "config-error"),
    "duplicate-processing": ("retry-storm", "poison-message"),
    "leader-election": ("lock-contention", "duplicate-processing"),
    "health-check": ("config-error",),
    "stale-cache": ("cache-stampede",),
    "endless-loop": ("poison-message",),
    "cpu-saturation": ("rate-limit",),
}
"""What a mode leaves nothing to say for."""
