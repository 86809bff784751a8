"""Signs in a text that is not understood that it loses data: the names of deleting programs, statements and verbs.

They only make a label worse: what is not understood is disruptive already.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from functools import cache, lru_cache

from onrecall.recommendation.risk.assessment import Assessment, not_understood, unknown
from onrecall.recommendation.risk.sections import lines, words

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""The words inside of an identifier: `deleteByQuery`, `drop_table`, `FLUSHALL`."""
_QUOTES = re.compile(r"""["'\\`\x00]""")
_BLANKS = re.compile(r"""["'\\`\x00]|\$\{?IFS\}?""")
_SPANISH_DEL = re.compile(
    r"^[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+ (?:el|la|los|las|un|una|en|con|de|si|que) (?:[a-záéíóúñ]+ ){1,4}del [a-záéíóúñ]+"
)
"""A sentence in Spanish, where `del` is "of the"."""
_SPACED_SCRIPT = re.compile(r"[a-zà-žșțα-ωά-ώа-я(]")
"""How a stem begins in a script that sets blanks between words and adds nothing in front of them."""
_SUBCOMMAND = re.compile(r"[A-Za-z][\w:.-]*")
_MAX_VERBS = 40
_KEPT_DATA = re.compile(r"retention|backup|snapshot", re.IGNORECASE)
"""In the name of an option that says how long something is kept: it is about data."""
_ENCODED = re.compile(r"[A-Za-z0-9+/]{12,4000}={0,2}")


def suspect(text: str, why: str, *, recognised: bool = False) -> Assessment:
    """Assess a text that is not understood: disruptive, or destructive if it mentions losing something."""
    sign = find_loss_sign(text)
    if sign is None:
        return not_understood(why) if recognised else unknown(why)
    return Assessment("destructive", f"not understood, and “{sign}” stands in it", recognised, understood=False)


def find_loss_sign(text: str) -> str | None:
    """Return a sign that a text loses data, or None, in linear time."""
    return (
        find_loss_verb(_QUOTES.sub("", text))
        or find_loss_verb(_BLANKS.sub(" ", text))
        or _find_encoded_sign(text)
        or _find_writing_call(text)
        or _find_foreign_stem(text)
    )


def find_loss_verb(text: str) -> str | None:
    """Return the first word of a text that names a loss, or a pair of words that does."""
    without_spanish = _SPANISH_DEL.sub(lambda match: match[0].replace(" del ", " "), text)
    text_words = [word.lower() for word in _WORD.findall(without_spanish)]
    verb: str | None = next((word for word in text_words if _names_loss(word)), None)
    if verb is not None:
        return verb
    distinct = set(text_words)
    return next((" ".join(sorted(pair)) for pair in _pairs() if pair <= distinct), None)


def is_loss_verb(word: str) -> bool:
    """Return whether a whole word, not a name that holds one, is a verb of losing."""
    return word.isalpha() and word.lower() not in words("evidence.txt", "nouns") and _names_loss(word.lower())


@lru_cache(maxsize=4096)
def _names_loss(word: str) -> bool:
    """Whether a word is a verb of losing, or has one in it, as in `deleteuser` and `zonepurge`."""
    listed = word in words("evidence.txt", "verbs") or word in words("evidence.txt", "nouns")
    return listed or _beginnings().match(word) is not None or _ends().fullmatch(word) is not None


def find_command_verb(arguments: Sequence[str]) -> str | None:
    """Return a subcommand or the name of an option that says that something is lost or put back; None if none does.

    `arguments` are those of a program, or of a subcommand, that no table lists. What follows a verb that looks is the
    name of something.
    """
    for argument in arguments[:_MAX_VERBS]:
        name = argument.lstrip("-").partition("=")[0]
        if not name or _SUBCOMMAND.fullmatch(name) is None:
            continue
        parts = [part.lower() for part in _WORD.findall(name)]
        if not argument.startswith("-") and not words("evidence.txt", "looking commands").isdisjoint(parts[:1]):
            return None
        if any(_is_command_verb(part) for part in parts):
            return name
        if len(parts) > 1 and any(group <= set(parts) for group in _command_groups()):
            return name
    return None


def _is_command_verb(part: str) -> bool:
    return (
        part in words("evidence.txt", "commands") or _names_loss(part) or _command_beginnings().match(part) is not None
    )


@cache
def _command_beginnings() -> re.Pattern[str]:
    return re.compile("|".join(sorted(words("evidence.txt", "command beginnings"))))


@cache
def _command_groups() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(line.split()) for line in lines("evidence.txt", "command groups"))


def find_keeping_option(names: Sequence[str], command: Sequence[str]) -> str | None:
    """Return the first option whose name says how long data are kept, or that nothing is kept; None if none does.

    `command` are the words of the command; a lifetime in one about a login or a name says nothing of data, unless the
    option itself does, as `--snapshot-retention-limit`.
    """
    keeps_nothing = not words("evidence.txt", "keeping nothing").isdisjoint(command)
    keeping = (name for name in names if _keeping().search(name))
    return next((name for name in keeping if not keeps_nothing or _KEPT_DATA.search(name)), None)


def names_uncertain_loss(word: str) -> bool:
    """Return whether an option or its value says that data may get lost, as in `force-data-loss`."""
    return not words("evidence.txt", "nouns").isdisjoint(re.findall(r"[a-z]+", word.lower()))


@cache
def _keeping() -> re.Pattern[str]:
    return re.compile("|".join(lines("evidence.txt", "keeping")), re.IGNORECASE)


def _find_writing_call(text: str) -> str | None:
    """Return a call of a programming language that writes a file."""
    match = next((match for form in _calls() if (match := form.search(text))), None)
    return match[0] if match is not None else None


def _find_foreign_stem(text: str) -> str | None:
    """Return a verb of losing in another language than English."""
    lowered = text.lower()
    after_blank, anywhere = _stems()
    match = after_blank.search(lowered) or (None if lowered.isascii() else anywhere.search(lowered))
    return match[0] if match is not None else None


def _find_encoded_sign(text: str) -> str | None:
    """Return a sign in the base64-encoded parts of a text."""
    for match in list(_ENCODED.finditer(text))[:20]:
        try:
            decoded = base64.b64decode(match[0] + "=" * (-len(match[0]) % 4), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if decoded.strip().isprintable() and (sign := find_loss_verb(decoded)):
            return sign
    return None


@cache
def _beginnings() -> re.Pattern[str]:
    verbs = "|".join(map(_beginning, lines("evidence.txt", "beginnings")))
    return re.compile(rf"(?:{verbs})(?!d$|s$|r$|er$|ion|able|ment)[a-z]{{2}}")


@cache
def _ends() -> re.Pattern[str]:
    return re.compile(rf"[a-z]{{2,}}(?:{'|'.join(sorted(words('evidence.txt', 'ends')))})(?:[a-z]{{4,}})?")


def _beginning(line: str) -> str:
    """Return an expression for a verb that does not go on as a harmless word does."""
    verb, _, harmless = line.partition(" = ")
    return rf"{verb}(?!{'|'.join(harmless.split())})" if harmless else verb


@cache
def _stems() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Expressions over a text in small letters: for stems at the beginning of a word, and for those anywhere."""
    stems = sorted(words("evidence.txt", "stems"))
    after_blank = [stem for stem in stems if _SPACED_SCRIPT.match(stem)]
    anywhere = [stem for stem in stems if not _SPACED_SCRIPT.match(stem)]
    return re.compile(rf"\b(?:{_by_first_letter(after_blank)})"), re.compile(_by_first_letter(anywhere))


def _by_first_letter(stems: Sequence[str]) -> str:
    """Return an expression for any of the stems that compares each first letter once."""
    groups: dict[str, list[str]] = {}
    for stem in stems:
        groups.setdefault(stem[0] if stem[0].isalpha() else "", []).append(stem)
    return "|".join(
        "|".join(group) if not letter else rf"{letter}(?:{'|'.join(stem[1:] for stem in group)})"
        for letter, group in groups.items()
    )


@cache
def _calls() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(line, re.IGNORECASE) for line in lines("evidence.txt", "calls"))


@cache
def _pairs() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(line.split()) for line in lines("evidence.txt", "together"))
