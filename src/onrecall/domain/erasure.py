"""Taking a person out of stored texts: what is looked for, and what stands there instead."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from onrecall.domain.errors import Invalid

SHORTEST_NAME = 3
OWN_WORDS = frozenset(
    (
        *("ingest", "viewer", "responder", "admin", "default", "onrecall", "slack", "key", "local proxy"),
        *("open", "acknowledged", "resolved", "critical", "high", "medium", "low", "info", "unknown"),
        *("incident", "document", "suggestion", "note", "alert", "known", "similar", "never_seen"),
        *("worked", "did_not_help", "made_it_worse", "human", "imported", "suggested", "model"),
        *("true", "false", "null", "none"),
    )
)
"""Words that mean something in stored data, so that they can't be a name to erase."""
ERASED_TEXT = "[erased]"


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What an erasure changed. It holds nothing of what was erased."""

    id: str | None
    """None: there was nothing to erase, and nothing was written."""
    kind: Literal["person", "incident"]
    about: str
    """The pseudonym that stands for the person now, or the incident's id."""
    at: datetime
    by: str | None
    rows: Mapping[str, int]
    """Changed or deleted rows by table."""
    remaining: Mapping[str, int] = field(default_factory=dict)
    """Rows by table whose identifiers contain it still: other rows and other tools refer to those."""


class PersonPattern:
    """Finds the names of a person as whole words, in any case, and replaces each form by a pseudonym of its own.

    Two forms never get the same one, so that what two rows are told apart by stays different.
    """

    def __init__(self, names: tuple[str, ...], pseudonym: str) -> None:
        self.pseudonym = pseudonym
        self._names = names
        forms = "|".join(re.escape(check_name(name)) for name in sorted(set(names), key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![\w@])(?:{forms})(?![\w@])", re.IGNORECASE)
        self._forms: dict[str, str] = {}

    def replace(self, text: str) -> str:
        """Return the text with every name replaced."""
        return self._pattern.sub(self._substitute, text)

    def is_person(self, text: str | None) -> bool:
        """Return whether a text is just one of the names."""
        return text is not None and self._pattern.fullmatch(text) is not None

    def derived(self, derive: Callable[[str], str]) -> Callable[[str], str]:
        """Return what replaces the names where only something derived from texts is stored."""
        forms = {form for form in map(derive, self._names) if is_name(form)}
        return PersonPattern(tuple(forms), self.pseudonym).replace if forms else lambda text: text

    def _substitute(self, match: re.Match[str]) -> str:
        number = len(self._forms) + 1
        return self._forms.setdefault(match[0], self.pseudonym if number == 1 else f"{self.pseudonym}-{number}")


def check_name(name: str) -> str:
    """Return a name that can be looked for. Raises Invalid."""
    if len(name.strip()) < SHORTEST_NAME or name != name.strip():
        raise Invalid(f"give a name of at least {SHORTEST_NAME} letters, without blanks around it", "name")
    if name.casefold() in OWN_WORDS:
        raise Invalid(
            f"{name!r} is also a word that OnRecall itself stores, so it can't be erased as a name; give the full name "
            "or the address of the person",
            "name",
        )
    return name


def is_name(text: str) -> bool:
    """Return whether a text can be looked for as a name."""
    return len(text.strip()) >= SHORTEST_NAME and text.casefold() not in OWN_WORDS


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return JSON with every text in it changed, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): map_texts(item, change) for name, item in value.items()}
    return value


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text of JSON but the names of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)
