"""Recognise names that announce a secret, in many spellings and languages: `DB_PASSWORD`, `olcRootPW`, `пароль`.

A name is split into words, and its end decides: `token` and `token_value` announce one, `token_type` does not.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

from onrecall.redaction import lexicon

Strength = Literal["any", "word", "mixed", "random", "key", "named_key", "gpg_key", "made_up", "digits", "hash"]
"""The check that a value must pass to count as secret after such a name; see lexicon.py."""


@dataclass(frozen=True, slots=True)
class SecretName:
    """The kind of secret that a name announces, and how far the name alone can be trusted."""

    kind: str
    strength: Strength
    plural: bool = False


def _parse_table(written: str) -> Mapping[str, SecretName]:
    table: dict[str, SecretName] = {}
    for row in written.strip().splitlines():
        announced, _, names = row.partition("|")
        kind, strength = announced.split()
        table |= dict.fromkeys(
            (name.strip() for name in names.split(",")), SecretName(kind, cast("Strength", strength))
        )
    return table


_ENDINGS = _parse_table(lexicon.ENDINGS)
FOREIGN = _parse_table(lexicon.FOREIGN)
_NEUTRAL = frozenset(lexicon.NEUTRAL.split())
_CHANGING_WORDS = frozenset(lexicon.OTHER_THINGS.split())
_KUBERNETES = frozenset(lexicon.KUBERNETES.split())
_ORDINARY_KEYS = frozenset(lexicon.ORDINARY_KEYS.split())
_CONSTANT_KEYS = frozenset(lexicon.CONSTANT_KEYS.split())
_MOST_WORDS = 4
"""Words of the longest name in the table."""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\dA-Za-z_]+")
_NUMBER = re.compile(r"[ _.-]?\d+\Z")
_GLUED_PASSWORD = re.compile(
    r"\w{2,16}psk|(?:password|passwd|hash|secret)salt|passwd[do]|password[do]|\w*(?:password|passwd|passphrase|passwort|kennwort|passcode|pwd|clientsecret)|(?:db|root|bind|user|admin|my|sql|mysql"
    r"|ldap|smtp|mail|ftp|sys|app|keystore|ssh|wifi|olc)pw"
)
_GLUED_PASS = re.compile(
    r"(?!(?:by|com|encom|tres|over|under|sur|multi|single|first|last|one|two|fly|im|sea|tow|hall|back|low|high|band|all|out|ask)pass"
    r"$)\w{2,16}pass"
)
_GLUED_TOKEN = re.compile(r"\w*(?:apikey|secretkey|privatekey)|\w{2,16}(?:token|secret)")


def split_words(name: str) -> list[str]:
    """Split a name in camelCase, snake_case, kebab-case or with dots into lower-case words."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=8192)
def classify(name: str) -> SecretName | None:
    """Return the kind of secret that a name announces, or None."""
    foreign = FOREIGN.get(" ".join(unicodedata.normalize("NFC", name).lower().split()))
    name = _NUMBER.sub("", name[-128:])
    own = name.rsplit(maxsplit=1)[-1:]
    words = _without_neutral([word for word in split_words(name) if not word.isdigit() or word == "2"])
    words = _without_owner(words)
    if foreign or not words or any(word in _CHANGING_WORDS for word in split_words(own[0].rpartition(".")[2])[:-1]):
        return foreign
    constant = own[0].isupper()
    announced = _announced_by(words, constant=constant)
    if announced is None and words[-1].endswith("s"):
        singular = _announced_by([*words[:-1], words[-1][:-1]], constant=constant)
        return replace(singular, plural=True) if singular else None
    return announced


def _without_neutral(words: list[str]) -> list[str]:
    while len(words) > 1 and words[-1] in _NEUTRAL:
        words.pop()
    return words


def _without_owner(words: list[str]) -> list[str]:
    """Return the words before `for`, as in `passwordForRoot`."""
    return words[: words.index("for")] if "for" in words[1:] else words


def _announced_by(words: Sequence[str], *, constant: bool) -> SecretName | None:
    """Return what the last words announce; `constant` is true for upper-case names of environment variables."""
    for length in range(_MOST_WORDS, 1, -1):
        if len(words) >= length and (
            listed := _ENDINGS.get(ending := " ".join(words[-length:])) or FOREIGN.get(ending)
        ):
            return listed
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "secret" and constant and before and before not in _KUBERNETES:
        return SecretName("password", "any")
    if last == "key":
        strength: Strength = "key" if not before else "random" if constant else "named_key"
        ordinary = before in _ORDINARY_KEYS and not (constant and before in _CONSTANT_KEYS)
        return None if ordinary else SecretName("key", strength)
    return FOREIGN.get(last) or _ENDINGS.get(last) or _glued_name(last)


def _glued_name(word: str) -> SecretName | None:
    """Return what a compound word such as `dbpass` announces."""
    if _GLUED_PASSWORD.fullmatch(word) or _GLUED_PASS.fullmatch(word):
        return SecretName("password", "any")
    return SecretName("token", "mixed") if _GLUED_TOKEN.fullmatch(word) else None
