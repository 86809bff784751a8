"""Detect passwords in arguments of common programs: `mysql -pX`, `ldapsearch -w X`, `rabbitmqctl add_user u X`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onrecall.redaction import heuristics as looks
from onrecall.redaction.program_options import PROGRAMS
from onrecall.redaction.scanner import DetectorHit, LocalDetector, SecretSpan

_PLACE = re.compile(
    r"(?:(?P<after>[^>\s]*)>)?(?P<where>[^>\s]+?)(?P<attached>\*)?(?P<prefix>\+)?(?P<separator>(?<=[\w+])[:%,/])?(?P<alone>\$)?(?P<sure>!)?"
)
_NEXT = re.compile(
    r"(?:[ \t,]|\\\r?\n)*(?:(?P<end>[|;\n]|&&|&(?=\s)|\Z)|(?P<word>(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"
    r"|\$'[^'\n]*'|[^\s\"'|;$]++|\$)+)|.)"
)
_WRAPPED = re.compile(r"(?:a\d{1,3}=)?[\[({]*(?P<quote>[\"'])?")
_CLUSTER = re.compile(r"-[A-Za-z]{2,9}")
_SHORT = 5
"""Names up to this length are matched with the following delimiter, since they occur in other words."""
_LONGEST = 4000
_MOST_WORDS = 80
_MOST_PROGRAMS = 6
"""Maximum programs of one command line, as in `sudo docker exec db mysql`."""
_DEEPEST = 3
"""Maximum commands within quoted words of commands, as in `ssh h "sh -c 'mysql -pX'"`."""


@dataclass(frozen=True, slots=True)
class _SecretPlace:
    """Where a program takes a secret; see program_options.py."""

    where: str
    after: str | None = None
    attached: bool = False
    alone: bool = False
    prefix: bool = False
    separator: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class _CommandWord:
    """A word of a command line without enclosing quotes and brackets, and its start."""

    text: str
    start: int

    def without_prefix(self, skip: int) -> "_CommandWord":
        """Return the word without its first `skip` characters and enclosing quotes."""
        text, start = self.text[skip:], self.start + skip
        if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
            return _CommandWord(text[1:-1], start + 1)
        return _CommandWord(text, start)


def _parse_places(written: str) -> Iterator[_SecretPlace]:
    for place in written.split():
        match = _PLACE.fullmatch(place)
        assert match, place
        yield _SecretPlace(
            match["where"],
            match["after"],
            attached=bool(match["attached"]),
            alone=bool(match["alone"]),
            prefix=bool(match["prefix"]),
            separator=match["separator"] or "",
            sure=bool(match["sure"]),
        )


def _parse_table() -> dict[str, tuple[_SecretPlace, ...]]:
    table: dict[str, tuple[_SecretPlace, ...]] = {}
    for row in PROGRAMS.strip().splitlines():
        names, _, places = row.partition("|")
        table |= dict.fromkeys(names.split(), tuple(_parse_places(places)))
    return table


_PLACES_BY_PROGRAM = _parse_table()
_PROGRAM = re.compile(r"(?:[\"'`]|\$\()*(?:[^\s\"'`]*[/\\])?(?P<name>[\w.-]+?)(?:\.exe)?", re.IGNORECASE)
_NAME = re.compile(r"[\w.-]+")
_NO_PROGRAM = re.compile(r"[\w.-]")


class ProgramArguments(LocalDetector):
    """Detects secrets in command lines."""

    anchors = tuple(
        name + ending for name in _PLACES_BY_PROGRAM for ending in ((" ", '"', "'") if len(name) <= _SHORT else ("",))
    )
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secrets in the rest of the command whose program is at the anchor."""
        name = _NAME.match(text, anchor)
        if name is None or not _places_of(name[0]) or (anchor and _NO_PROGRAM.match(text, anchor - 1)):
            return None
        begin = name.end() + (text[name.end() : name.end() + 1] in ("'", '"'))
        behind, end = _command_words(text, begin, min(len(text), begin + _LONGEST))
        spans = _secrets_of_command(text, [_CommandWord(name[0], anchor), *behind])
        return DetectorHit(tuple(spans), max(end, anchor + 1))


def _secrets_of_command(text: str, words: Sequence[_CommandWord], depth: int = 0) -> Iterator[SecretSpan]:
    """Yield the secrets of the programs in a command, and of the commands in its quoted words."""
    options = {word.text[:2] for word in words} | {f"-{c}" for word in words for c in _cluster_letters(word.text)}
    programs = 0
    for n, word in enumerate(words):
        if " " in word.text:
            yield from _secrets_within(text, word, depth + 1)
        elif programs < _MOST_PROGRAMS and (places := _places_of(word.text)):
            programs += 1
            able = [place for place in places if place.where[0] != "-" or place.where[:2] in options]
            yield from (span for place in able for span in _secrets(place, words[n + 1 :]))


def _secrets_within(text: str, word: _CommandWord, depth: int) -> Iterator[SecretSpan]:
    """Yield the secrets of the commands in a quoted word."""
    at, limit = word.start, min(len(text), word.start + len(word.text))
    while at < limit and depth <= _DEEPEST:
        words, end = _command_words(text, at, limit)
        if any(_places_of(inner.text) for inner in words) or any(" " in inner.text for inner in words):
            yield from _secrets_of_command(text, words, depth)
        at = max(end, at + 1)


def _places_of(word: str) -> tuple[_SecretPlace, ...]:
    """Return where a program takes secrets; empty if the word is no known program."""
    if word.isalnum():
        return _PLACES_BY_PROGRAM.get(word.lower(), ())
    if word[:1] == "-":
        return ()
    program = _PROGRAM.fullmatch(word[:200])
    return _PLACES_BY_PROGRAM.get(program["name"].lower(), ()) if program else ()


def _cluster_letters(word: str) -> str:
    """Return the letters of combined short options, as in `-sku`."""
    return word[1:] if _CLUSTER.fullmatch(word) else ""


def _command_words(text: str, at: int, limit: int) -> tuple[Sequence[_CommandWord], int]:
    """Return the words of a command line up to the next command, and where they end."""
    words: list[_CommandWord] = []
    for _ in range(_MOST_WORDS):
        match = _NEXT.match(text, at, limit)
        if match is None:
            break
        at = match.end()
        if match["end"] is not None:
            break
        if match["word"]:
            words.append(_unwrap(match["word"], match.start("word")))
    return words, at


def _unwrap(word: str, start: int) -> _CommandWord:
    wrapped = _WRAPPED.match(word)
    lead = wrapped.end() if wrapped else 0
    body = word[lead:]
    quote = wrapped["quote"] if wrapped else None
    if quote:
        inner, closing, behind = body.rpartition(quote)
        return _CommandWord(inner + behind.strip("])},") if closing else body, start + lead)
    return _CommandWord(body.rstrip(",") if lead else body, start + lead)


def _secrets(place: _SecretPlace, words: Sequence[_CommandWord]) -> Iterator[SecretSpan]:
    begin = 0
    if place.after:
        begin = next(
            (
                n + 1
                for n, word in enumerate(words)
                if word.text.lower() == place.after
                or _begins_with(word, place.after)
                or _cluster_holds(word, place.after)
            ),
            0,
        )
        if not begin:
            return
    for value in _candidate_values(place, words, begin):
        part = _secret_part(place, value)
        look = _is_surely_secret if place.sure else _may_be_argument
        if part and look(part.text):
            yield SecretSpan(part.start, part.start + len(part.text), "password")


def _cluster_holds(word: _CommandWord, option: str) -> bool:
    """Return whether combined short options contain the option, as `-nb` contains `-b`."""
    return (
        len(option) == 2 and option[0] == "-" and _CLUSTER.fullmatch(word.text) is not None and option[1] in word.text
    )


def _begins_with(word: _CommandWord, option: str) -> bool:
    """Return whether the word begins with an option such as `/user:`."""
    return option.endswith(":") and word.text.lower().startswith(option)


def _may_be_argument(value: str) -> bool:
    return looks.could_be_secret(value) and not value.startswith(("-", "$"))


def _is_surely_secret(value: str) -> bool:
    return looks.is_password_like(value) or looks.is_key(value) or looks.is_uuid(value)


def _candidate_values(place: _SecretPlace, words: Sequence[_CommandWord], begin: int) -> Iterator[_CommandWord]:
    if place.where.isdigit() or place.where in ("last", "word"):
        yield from _plain_candidates(place, [word for word in words[begin:] if not word.text.startswith("-")])
        return
    for n in range(begin, len(words)):
        word, option = words[n], place.where
        if place.prefix:
            if word.text.startswith(option):
                yield word.without_prefix(len(option))
        elif word.text == option or (not place.alone and _is_cluster(word.text, option)):
            if n + 1 < len(words) and not place.attached:
                yield words[n + 1]
        elif word.text.startswith(f"{option}="):
            yield word.without_prefix(len(option) + 1)
        elif len(option) == 2 and word.text.startswith(option) and not place.alone:
            yield word.without_prefix(2)


def _plain_candidates(place: _SecretPlace, plain: Sequence[_CommandWord]) -> Iterator[_CommandWord]:
    """Yield the value among non-option words: by number, the last one, or one such as `user/secret`."""
    if place.where == "word":
        yield from [word for word in plain if word.text.partition("/")[0].isalnum() and "/" in word.text][:1]
    elif place.where == "last":
        yield from plain[1:][-1:]
    else:
        yield from plain[int(place.where) - 1 :][:1]


def _is_cluster(word: str, option: str) -> bool:
    """Return whether the word is combined short options with this option last, as in `-sku`."""
    return (
        len(option) == 2 and word[1:2] != option[1] and word[-1:] == option[1] and _CLUSTER.fullmatch(word) is not None
    )


def _secret_part(place: _SecretPlace, value: _CommandWord) -> _CommandWord | None:
    """Return the secret in a value such as `user:secret`."""
    if not place.separator:
        return None if place.where == "word" else value
    head, separator, tail = value.text.partition(place.separator)
    if place.separator == "/":
        tail, at, _ = tail.partition("@")
        sure = separator and head.replace("_", "").isalnum() and (at or looks.stands_out(tail))
        return _CommandWord(tail, value.start + len(head) + 1) if sure else None
    return _CommandWord(tail, value.start + len(head) + 1) if separator and head and not head.isdigit() else None


PROGRAM_ARGUMENTS = ProgramArguments()
