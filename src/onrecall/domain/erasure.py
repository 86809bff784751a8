"""Taking a person out of stored texts: what is looked for, and what stands there instead."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from onrecall.domain.errors import Invalid
from onrecall.domain.json_texts import map_texts

SHORTEST_NAME = 3
SHORTEST_UNSPACED_NAME = 2
"""Of a name in a script that puts no blanks between words."""
LONGEST_NAME = 320
"""Characters of the longest address of mail."""
PEOPLES_NAMES = frozenset({"labels", "annotations", "values", "links", "link_kinds", "tags"})
"""Fields of JSON in which the names are people's words, too; all other names are OnRecall's own."""
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
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese, and Korean with its endings."""
_APOSTROPHE = re.compile(r"(?:\\)?['\u2019\u02bc]")


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
        spellings = {spelling for name in names for spelling in _spellings(check_name(name))}
        forms = "|".join(_bounded(spelling) for spelling in sorted(spellings, key=len, reverse=True))
        self._pattern = re.compile(forms, re.IGNORECASE)
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
    if len(name.strip()) < _shortest(name) or name != name.strip():
        raise Invalid(f"give a name of at least {_shortest(name)} letters, without blanks around it", "name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"a name has at most {LONGEST_NAME} characters, and this has {len(name)}", "name")
    if name.casefold() in OWN_WORDS:
        raise Invalid(
            f"{name!r} is also a word that OnRecall itself stores, so it can't be erased as a name; give the full name "
            "or the address of the person",
            "name",
        )
    return name


def _spellings(name: str) -> frozenset[str]:
    """Return a name composed and decomposed, since both look the same, and with `ss` for `ß`."""
    written = {name, name.replace("ß", "ss")}
    return frozenset(unicodedata.normalize(form, text) for text in written for form in ("NFC", "NFD"))


def _bounded(spelling: str) -> str:
    """Return the pattern of a spelling as whole words: with any blanks and apostrophes, within `_` and `.` too.

    In an address only the whole address counts; scripts without blanks have no words to keep apart.
    """
    letters = r"[\s_]+".join(_APOSTROPHE.sub("['\u2019\u02bc]", re.escape(word)) for word in spelling.split())
    before = "" if _UNSPACED.match(spelling[0]) else r"(?<![^\W_])(?<![^\W_]@)"
    after = "" if _UNSPACED.match(spelling[-1]) else r"(?![^\W_]|[\u0300-\u036f]|[\w.+-]{0,64}@[^\W_])"
    return f"{before}{letters}{after}"


def is_name(text: str) -> bool:
    """Return whether a text is long enough to be looked for as a name, and no word of OnRecall's own."""
    return len(text.strip()) >= _shortest(text) and text.casefold() not in OWN_WORDS


def _shortest(name: str) -> int:
    return SHORTEST_UNSPACED_NAME if _UNSPACED.search(name) else SHORTEST_NAME


def map_words(value: Any, change: Callable[[str], str], field: str = "") -> Any:
    """Return JSON with every text in it changed, and the names where they are people's words, by the field's name."""
    return map_texts(value, change, PEOPLES_NAMES.__contains__, field)


def texts_in(value: Any, without: AbstractSet[str] = frozenset()) -> Iterator[str]:
    """Yield every text of JSON but the names of its fields, and without what stands in certain fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item, without)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in without:
                yield from texts_in(item, without)
