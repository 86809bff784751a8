"""Secrets that are announced by a name: after it, before it, below it, or in a list of which it is the title."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from onrecall.redaction import blocks, lexicon
from onrecall.redaction import heuristics as looks
from onrecall.redaction.joints import ASSIGNED, FIRM, JOINTS_BY_FIRST, LOOSE, QUOTED, Joint
from onrecall.redaction.names import FOREIGN, SecretName, classify
from onrecall.redaction.pattern import Match
from onrecall.redaction.scanner import DetectorHit, SecretSpan

ANCHORS = (
    "pass", "pwd", "pword", "pswd", "pw", "psk", "secret", "cred", "token", "key", "auth", "jwt", "sig", "saml",
    "assertion", "salt", "seed", "otp", "cvv", "cvc", "code", "phrase", "mnemonic", "bearer", "csrf", "xsrf",
    "cookie", "community", "kennwort", "login", "id_rsa", "id_ed25519", "dockerc", "sas", "hash", "digest", "mdp",
    "verifier",
    *(f"pin{behind}" for behind in "=:_ \"',;|\t"),  # and not in looping, mapping and ping
)  # fmt: skip
"""Parts of the English names in lexicon.py, at which a name is looked at."""
_PHRASE_WORDS = ("key", "code", "phrase", "secret", "hash")
_LEFT = re.compile(r"[\w.$-]*")
_LEFT_PHRASE = re.compile(r"[\w.$-]*(?:[ ][A-Za-z-]{2,20}(?![\w.])){0,2}")
"""What stands before an anchor and belongs to the name, read backwards."""
_RIGHT = re.compile(
    r"\w+(?:[.-]\w+)*(?:[ ](?:key|token|code|phrase|word|secret|password|hash)s?(?!\w))?(?:[ ]\d{1,2}(?!\w))?",
    re.IGNORECASE,
)
_WRITTEN_OUT = re.compile("|".join(map(re.escape, sorted(FOREIGN, key=len, reverse=True))), re.IGNORECASE)
_BACK = 96
_LINE_HEAD = re.compile(r"[ \t]*(?:[-*>+]{1,3}[ \t]+|#{1,6}[ ]|export[ ]|h\d\.[ ])?(?:\*{1,2}|_{1,2})?[\"'`]?[\w.-]*")
_LINE_TAIL = re.compile(r"[\"'`]?[ \t]*(?:\*{1,2}|_{1,2})?[ \t]*(?:[#|][^\n]*|[,;])?(?:\r?\n|\Z)")
_COLON = re.compile(r":(?:\*\*|__)?[ \t]+(?:\*\*|__|\*|_)?\Z")
_REVERSED = re.compile(
    rf"\b(?i:\w{{0,20}}value|content|val|v)[\"']?[ \t]*[:=][ \t]*(?:{QUOTED}[\"'`]?|(?P<e>[^\s\"',;{{}}]{{1,512}}))"
    r"\s{0,3},?\s{0,60}[\"']?(?i:\w{0,20}name|\w{0,20}key|k|variable)[\"']?[ \t]*[:=][ \t]*[\"']?\Z"
)
_NAMED_BY = re.compile(r"\b(?i:\w{0,20}name|\w{0,20}key|k|variable)[\"']?[ \t]*[:=][ \t]*[\"']?\Z")
_SHELL_SETS = re.compile(r"(?:^|[\n;&])[ \t]*(?:ENV|ARG|setenv)[ \t]+\Z")
_FLAG_VALUE = re.compile(
    r"(?:[ \t]+|[\"'],[ ]{0,3}|[\"']?\r?\n[ \t]*-[ \t]+)(?:\"(?P<b>[^\"\n]{1,1024})|'(?P<c>[^'\n]{1,1024})|"
    r"(?P<e>[^\s\"'-][^\s\"']{0,1023}))"
)
_ASKS = re.compile(r"\b(?:mysql|maria|psql|pg_|createdb|createuser|dropdb|vacuumdb|percona|xtrabackup)\w*[^\n]*\Z")
"""Programs whose `--password` without an equals sign asks for it."""
_IDENTIFIER = re.compile(r"(?:arn:[\w:/*-]{0,200}|[\w.-]/|\w:)\Z")
"""What stands before a part of an ARN, or before the name of an image, whose version follows a colon."""
_TOLD_OF = re.compile(r"(?:\b(?:and|or|the|both|uses?|with|via|options?|flags?|an?)|,)[ ]+[`\"']?\Z")
"""What stands before an option in a sentence."""
_COMPACT = re.compile(r":(?!\d{4})[^\s]")
_CHECKSUM = re.compile(r"(?:checksum|digest|hash)[/_.-]\Z", re.IGNORECASE)
_PART = re.compile(r":[^\s]")
_WORDS = re.compile(r"[^\s\"',:{}\[\]]+")
_PHRASE = re.compile(r"(?P<s>[a-z]{3,12}(?:[ ][a-z]{3,12}){2,24})[ \t]*(?:\r?\n|\Z)")
_FUNCTION_WORDS = frozenset(lexicon.FUNCTION_WORDS.split())
_MORE = re.compile(r"[ \t]*[,; ][ \t]*(?P<e>[^\s,;]{1,64})")


@dataclass(frozen=True, slots=True)
class NamedSecrets:
    """A detector of values that a name announces."""

    anchors: tuple[str, ...]
    written_out: bool = False
    """Whether the anchors are the names themselves, in another language."""
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The secrets that the name at an anchor announces."""
        start, end = self._extent(text, anchor)
        announced = classify(text[start:end].strip())
        if announced is None or text[max(0, start - 2) : start] == "</":
            return None
        return _find(text, start, end, announced)

    def _extent(self, text: str, anchor: int) -> tuple[int, int]:
        """From where to where the name reaches of which a part stands at the anchor."""
        if self.written_out:
            name = _WRITTEN_OUT.match(text, anchor)
            return anchor, name.end() if name else anchor
        right = _RIGHT.match(text, anchor)
        head = text[max(0, anchor - _BACK) : anchor]
        phrase = text[anchor : anchor + 6].lower().startswith(_PHRASE_WORDS)
        left = (_LEFT_PHRASE if phrase else _LEFT).match(head[::-1])
        return anchor - len(left[0] if left else ""), right.end() if right else anchor


def _find(text: str, start: int, end: int, announced: SecretName) -> DetectorHit:
    first = text[end : end + 1]
    hit = _assigned(text, start, end, announced) if first and first in ASSIGNED.first else None
    if hit and hit.spans:
        return hit
    for values in (_reversed,) if text[start - 1 : start] == "/" else (_flagged, _set_by_shell, _reversed, _joined):
        if spans := tuple(values(text, start, end, announced)):
            return DetectorHit(spans, max(end, *(span.end for span in spans)))
    return hit or DetectorHit((), end)


def _assigned(text: str, start: int, end: int, announced: SecretName) -> DetectorHit | None:
    """The value after an equals sign or a colon, or below it."""
    if below := blocks.below(text, start, end, announced):
        return DetectorHit(tuple(below), below[-1].end)
    match = ASSIGNED.pattern.match(text, end)
    if (
        match is None
        or _closes_quote(match, start, end)
        or (_PART.match(text, end) and _IDENTIFIER.search(text[max(0, start - 210) : start]))
        or _CHECKSUM.search(text[max(0, start - 12) : start])
    ):
        return None
    compact = _COMPACT.match(text, end) is not None
    prose = (
        compact
        or _in_sentence(match, start)
        or (text[start:end].lower() in FOREIGN and _COLON.search(text[end : match.start("e")]))
    )
    if phrase := _phrase(match, text[start:end]):
        return DetectorHit((SecretSpan(*phrase, announced.kind),), phrase[1])
    look = (LOOSE if prose and match.lastgroup == "e" else FIRM)[announced.strength]
    spans = tuple(_span(match, announced, look))
    if spans and announced.plural:
        spans += tuple(_more(text, match.end(), announced, look))
    return DetectorHit(spans, spans[-1].end if spans else end)


def _closes_quote(match: Match, start: int, end: int) -> bool:
    """Whether the quotation mark after the joint ends a text that began before the name: `ask('password: ')`."""
    text = match.string
    quote = text[start - 1 : start]
    return (
        quote in ("'", '"', "`")
        and text[match.start(match.lastgroup or 0) - 1] == quote
        and text.find(quote, end) >= match.start(match.lastgroup or 0) - 1
    )


def _phrase(match: Match, name: str) -> tuple[int, int] | None:
    """Where the words stand of a passphrase without quotation marks, which end with the line."""
    if not (name.isupper() or "phrase" in name.lower()) or match.lastgroup != "e":
        return None
    words = _PHRASE.match(match.string, match.start("e"))
    return words.span("s") if words and not _FUNCTION_WORDS & set(words["s"].split()) else None


def _more(text: str, at: int, announced: SecretName, look: looks.Look) -> Iterator[SecretSpan]:
    """The values after the first one, where the name speaks of several."""
    while (match := _MORE.match(text, at)) and look(match["e"]):
        yield SecretSpan(*match.span("e"), announced.kind)
        at = match.end()


def _span(match: Match, announced: SecretName, look: looks.Look) -> Iterator[SecretSpan]:
    group = match.lastgroup or ""
    start, end = match.span(group)
    value = match[group]
    if group == "e":
        value = _unmarked(value, match.string[max(0, start - 2) : start])
        end = start + len(value)
    if group == "d" and " " in value.strip():  # a command in backticks
        return
    if announced.plural and " " in value and announced.strength == "digits":
        look = _each(look)
    if (announced.plural and value.isdigit() and announced.strength != "digits") or not any(
        c.isascii() and c.isalnum() for c in value
    ):
        return
    if look(value) and (value[0] not in "{[" or any(map(looks.stands_out, _WORDS.findall(value)))):
        yield SecretSpan(start, end, announced.kind)


def _each(look: looks.Look) -> looks.Look:
    """Whether each word of a value is one of the secrets."""
    return lambda value: all(map(look, value.split()))


def _unmarked(value: str, before: str) -> str:
    """The value without the brackets that end it, and without the emphasis that began before it."""
    for mark in ("**", "__", "~~", "*", "_"):
        if before.endswith(mark) and value.endswith(mark):
            value = value[: -len(mark)]
            break
    while value and value[-1] in ")]}" and value.count(value[-1]) > value.count("([{"[")]}".index(value[-1])]):
        value = value[:-1]
    return value


def _in_sentence(match: Match, start: int) -> bool:
    """Whether `name: word` may be prose: not quoted, a blank after the colon, and not alone on its line as in YAML."""
    if match.lastgroup != "e" or not _COLON.search(match.string, match.start(), match.start("e")):
        return False
    text = match.string
    head = text[max(0, start - 160) : start].rpartition("\n")[2]
    return _LINE_HEAD.fullmatch(head) is None or _LINE_TAIL.match(text, match.end()) is None


def _flagged(text: str, start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """The value after an option, `--password v`; also in a list of arguments."""
    if text[start] != "-" or text[start - 1 : start] == "-":
        return
    match = _FLAG_VALUE.match(text, end)
    line = text[max(0, start - 300) : start].rpartition("\n")[2]
    if match is None or (match[0][:1] in " \t" and _ASKS.search(line)):
        return
    yield from _span(match, announced, (LOOSE if _TOLD_OF.search(line) else FIRM)[announced.strength])


def _set_by_shell(text: str, start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """The value in `ENV NAME v` and `setenv NAME v`."""
    if text[end : end + 1] in " \t" and _SHELL_SETS.search(text[max(0, start - 20) : start]):
        match = _FLAG_VALUE.match(text, end)
        if match:
            yield from _span(match, announced, FIRM[announced.strength])


def _reversed(text: str, start: int, _end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """The value that stands before its name, as JSON and XML may have it."""
    if text[start - 1 : start] not in ("'", '"', " ", ":", "=") or not _NAMED_BY.search(
        text[max(0, start - 40) : start]
    ):
        return
    before = max(0, start - 700)
    match = _REVERSED.search(text[before:start])
    if match:
        span = next(_span(match, announced, FIRM[announced.strength]), None)
        if span:
            yield SecretSpan(before + span.start, before + span.end, span.kind)


def _joined(text: str, _start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    for joint in JOINTS_BY_FIRST.get(text[end : end + 1], ()):
        span = _by_joint(joint, text, end, announced)
        if span:
            yield span
            return


def _by_joint(joint: Joint, text: str, end: int, announced: SecretName) -> SecretSpan | None:
    match = joint.pattern.match(text, end)
    return next(_span(match, announced, joint.looks[announced.strength]), None) if match else None


NAMED: tuple[NamedSecrets, ...] = (NamedSecrets(ANCHORS), NamedSecrets(tuple(sorted(FOREIGN)), written_out=True))
