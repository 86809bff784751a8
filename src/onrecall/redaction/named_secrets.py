"""Detect secrets announced by a name: after it, before it, below it, or in a list under it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from onrecall.redaction import blocks, lexicon
from onrecall.redaction import heuristics as looks
from onrecall.redaction.clauses import secrets_in_clause
from onrecall.redaction.joints import ASSIGNED, FIRM, JOINTS_BY_FIRST, LONGEST_JOINT, LOOSE, QUOTED, Joint
from onrecall.redaction.names import FOREIGN, SecretName, classify
from onrecall.redaction.pattern import Match
from onrecall.redaction.scanner import DetectorHit, LocalDetector, SecretSpan

ANCHORS = (
    "pass", "pwd", "pword", "pswd", "pw", "psk", "secret", "cred", "token", "key", "auth", "jwt", "sig", "saml",
    "assertion", "salt", "seed", "otp", "cvv", "cvc", "code", "phrase", "mnemonic", "bearer", "csrf", "xsrf",
    "cookie", "pepper", "community", "kennwort", "login", "id_rsa", "id_ed25519", "dockerc", "sas", "hash", "digest",
    "mdp", "verifier", "macaroon", "_pat=", "_pat:", '_pat"',
    # And not in looping, mapping and ping.
    *(f"{code}{following}" for code in ("pin", "puk") for following in "=:_ \"',;|)\t"),
)  # fmt: skip
"""Substrings of the English names in lexicon.py that trigger a check."""
_PHRASE_WORDS = ("key", "code", "phrase", "secret", "hash")
_LEFT = re.compile(r"[\w.$-]*")
_LEFT_PHRASE = re.compile(r"[\w.$-]*(?:[ ][A-Za-z-]{2,20}(?![\w.])){0,2}")
"""The part of the name before an anchor, reversed."""
_RIGHT = re.compile(
    r"\w{1,128}(?:[.-]\w{1,64}){0,16}(?:[ ](?:key|token|code|phrase|word|secret|password|hash)s?(?!\w))?"
    r"(?:[ ]\d{1,2}(?!\w))?",
    re.IGNORECASE,
)
_WRITTEN_OUT = re.compile("|".join(map(re.escape, sorted(FOREIGN, key=len, reverse=True))), re.IGNORECASE)
_MAX_NAME_BEFORE = 96
_LINE_HEAD = re.compile(r"[ \t]*(?:[-*>+]{1,3}[ \t]+|#{1,6}[ ]|export[ ]|h\d\.[ ])?(?:\*{1,2}|_{1,2})?[\"'`]?[\w.-]*")
_LINE_TAIL = re.compile(r"[\"'`]?[ \t]*(?:\*{1,2}|_{1,2})?[ \t]*(?:[#|][^\n]*|[,;])?(?:\r?\n|\Z)")
_HEADER_OPTION = re.compile(r"[ ](?:-H|--header)[ =]?[\"']\Z")
"""What stands before a header that is an argument."""
_COLON = re.compile(r":(?:\*\*|__)?[ \t]+(?:\*\*|__|\*|_)?\Z")
_NAME_SIGN = r"(?i:\w{0,20}name|\w{0,20}key|k|variable|path)[\"']?[ \t]*[:=][ \t]*[\"']?(?:/(?:[\w.-]{1,30}/){1,4})?\Z"
"""`name: "`, `Name=`; a parameter store has the path of the name before it, as in `/prod/db/`."""
_REVERSED = re.compile(
    rf"\b(?i:\w{{0,20}}value|content|val|v)[\"']?[ \t]*[:=][ \t]*(?:{QUOTED}[\"'`]?|(?P<e>[^\s\"',;{{}}]{{1,512}}))"
    rf"\s{{0,3}},?\s{{0,60}}(?:(?i:where)[ ])?[\"']?{_NAME_SIGN}"
)
_VALUE_SIGN = re.compile(r"(?:val(?:ue)?|content|\bv)[\"']?[ \t]*[:=]")
"""What `_REVERSED` needs, in small letters."""
_NAMED_BY = re.compile(
    r"(?:(?:/[\w.-]{1,30}){1,4}/)?[\"']?[ \t]*[:=][ \t]*[\"']?(?i:(?:eman|yek)\w{0,20}|k|elbairav|htap)\b"
)
"""The same, reversed, from the name on."""
_SHELL_SETS = re.compile(r"(?:^|[\n;&])[ \t]*(?:ENV|ARG|setenv)[ \t]+\Z")
_FLAG_VALUE = re.compile(
    r"(?:[ \t]+|[\"'],[ ]{0,3}|[\"']?\r?\n[ \t]*-[ \t]+)(?:\"(?P<b>[^\"\n]{1,1024})|'(?P<c>[^'\n]{1,1024})|"
    r"(?P<e>[^\s\"'-][^\s\"']{0,1023}))"
)
_PROMPTING_PROGRAMS = re.compile(
    r"\b(?:mysql|maria|psql|pg_|createdb|createuser|dropdb|vacuumdb|percona|xtrabackup)\w*[^\n]*\Z"
)
"""Programs whose `--password` without an equals sign asks for it."""
_OTHER_FIELD = re.compile(r"\][\"'`]?,\s{0,40}[\"']?(?!(?i:value|val|new|old)\b)[\w.-]{1,60}[\"']?[ ]?[=:]")
"""A field behind a redacted value, of which the mark says nothing."""
_ARN = re.compile(r"arn:[\w:/*-]{0,200}\Z")
_IMAGE = re.compile(r"[\w.-]/|\w:")
"""The text before the name of an image, whose tag follows a colon."""
_MENTIONED = re.compile(r"(?:\b(?:and|or|the|both|uses?|using|with|via|options?|flags?|an?)|,)[ ]+[`\"']?\Z")
"""The text before an option that a sentence mentions."""
_MOUNTED = re.compile(r"(?:id|type|src|source|target|env|name)=")
"""The beginning of an option that mounts a secret by its name: `--secret id=npm,src=.npmrc`."""
_COMPACT = re.compile(r":(?!\d{4})[^\s]")
_CHECKSUM = re.compile(r"(?:checksum|digest|hash)[/_.-]\Z", re.IGNORECASE)
_CHECKSUM_ENDS = frozenset("/_.-")
_PART = re.compile(r":[^\s]")
_WORDS = re.compile(r"[^\s\"',:{}\[\]]+")
_QUOTED_BEHIND = re.compile(r"[\"'\])]{1,3}[^\n\"']{0,40}[(,][ ]?[\"'](?P<s>[^\s\"']{8,128})[\"'](?=[ ]?[),;\]])")
_QUOTED_BEFORE = re.compile(
    r"\([\"'](?P<s>[^\s\"'\\]{8,128})(?:\\[rn]){0,2}[\"'][^\n\"']{0,40}(?:#|//)[^\n\"']{0,30}\Z"
)
_PHRASE = re.compile(r"(?P<s>[a-z]{3,12}(?:[ ][a-z]{3,12}){2,24})[ \t]*(?:\r?\n|\Z)")
_FUNCTION_WORDS = frozenset(lexicon.FUNCTION_WORDS.split())
_ACCOUNT_PASSWORD = re.compile(
    r"(?:\w{0,40}_)?(?:db|database|root|admin|user|mysql|pg|postgres|redis|ldap|smtp)_?(?:password|passwd|pwd|pass)",
    re.IGNORECASE,
)
_DOTTED_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6}){2,6}")
"""A password of figures; behind the bare name of a package it would be a version."""
_MORE = re.compile(r"[ \t]*[,; ][ \t]*(?P<e>[^\s,;]{1,64})")


@dataclass(frozen=True, slots=True)
class NamedSecrets(LocalDetector):
    """Detects values announced by a name."""

    anchors: tuple[str, ...]
    written_out: bool = False
    """Whether the anchors are complete names in other languages."""
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secrets announced by the name at an anchor."""
        start, end = self._extent(text, anchor)
        announced = classify(text[start:end].strip())
        if announced is None or text[max(0, start - 2) : start] == "</":
            return None
        if text.startswith("[redacted:", max(0, start - 10)) and _OTHER_FIELD.match(text, end):
            return None
        return _find_values(text, start, end, announced)

    def _extent(self, text: str, anchor: int) -> tuple[int, int]:
        """Return start and end of the name around an anchor."""
        if self.written_out:
            name = _WRITTEN_OUT.match(text, anchor)
            return anchor, name.end() if name else anchor
        right_match = _RIGHT.match(text, anchor)
        head = text[max(0, anchor - _MAX_NAME_BEFORE) : anchor]
        phrase = text[anchor : anchor + 6].lower().startswith(_PHRASE_WORDS)
        left_match = (_LEFT_PHRASE if phrase else _LEFT).match(head[::-1])
        return anchor - len(left_match[0] if left_match else ""), right_match.end() if right_match else anchor


def _find_values(text: str, start: int, end: int, announced: SecretName) -> DetectorHit:
    first = text[end : end + 1]
    hit = _assigned_value(text, start, end, announced) if first and first in ASSIGNED.first else None
    if hit and hit.spans:
        return hit
    is_path_part = text[start - 1 : start] == "/" and " " not in text[start:end] and not _is_named_before(text, start)
    ways = _WAYS
    if is_path_part:
        ways = _WAYS_OF_PATHS
    elif announced.strength in ("key", "named_key"):
        ways = _WAYS_OF_KEYS
    for values in ways:
        if spans := tuple(values(text, start, end, announced)):
            return DetectorHit(spans, max(end, *(span.end for span in spans)))
    return hit or DetectorHit((), end)


def _is_named_before(text: str, start: int) -> bool:
    """Return whether what stands before the name says that it is one: `name: "DB_PASSWORD"`."""
    return _NAMED_BY.match(text[max(0, start - 160) : start][::-1]) is not None


def _is_part_of_identifier(text: str, start: int) -> bool:
    """Return whether the text before the name makes it a part of an ARN or of the name of an image."""
    if _IMAGE.fullmatch(text, max(0, start - 2), start):
        return True
    head = text[max(0, start - 210) : start]
    return "arn:" in head and _ARN.search(head) is not None


def _assigned_value(text: str, start: int, end: int, announced: SecretName) -> DetectorHit | None:
    """Find the value after an equals sign or colon, or below it."""
    if below := blocks.secrets_below(text, start, end, announced):
        return DetectorHit(tuple(below), below[-1].end)
    match = ASSIGNED.pattern.match(text, end)
    if (
        match is None
        or _closes_quote(match, start, end)
        or (_PART.match(text, end) and _is_part_of_identifier(text, start))
        or (text[start - 1 : start] in _CHECKSUM_ENDS and _CHECKSUM.search(text[max(0, start - 12) : start]))
    ):
        return None
    compact = _COMPACT.match(text, end) is not None
    prose = (
        compact
        or (_may_be_sentence(match, start) and not _is_variable_of_machine(text[start:end], announced))
        or (text[start:end].lower() in FOREIGN and _COLON.search(text[end : match.start("e")]))
    )
    if _ACCOUNT_PASSWORD.fullmatch(text[start:end]) and _DOTTED_NUMBER.fullmatch(match[match.lastgroup or 0]):
        span = SecretSpan(*match.span(match.lastgroup or 0), announced.kind)
        return DetectorHit((span,), span.end)
    if phrase := _passphrase_span(match, text[start:end]):
        return DetectorHit((SecretSpan(*phrase, announced.kind),), phrase[1])
    look = (LOOSE if prose and match.lastgroup == "e" else FIRM)[announced.strength]
    if announced.strength == "any" and _LINE_TAIL.match(text, match.end()):
        look = _or_spelled(look)
    spans = tuple(_value_spans(match, announced, look))
    if spans and announced.plural:
        spans += tuple(_further_values(text, match.end(), announced, look))
    return DetectorHit(spans, spans[-1].end if spans else end)


def _or_spelled(look: looks.Look) -> looks.Look:
    """Return a check that a word and a number pass, too: at the end of its line a value is no part of a sentence."""
    return lambda value: look(value) or looks.is_spelled(value)


def _is_variable_of_machine(name: str, announced: SecretName) -> bool:
    """Return whether a name such as `CODECOV_TOKEN` is a variable, behind which no sentence goes on."""
    return announced.strength in ("mixed", "random") and name.isupper() and "_" in name


def _closes_quote(match: Match, start: int, end: int) -> bool:
    """Return whether the quote after the joint ends a string that began before the name: `ask('password: ')`."""
    text = match.string
    quote = text[start - 1 : start]
    return (
        quote in ("'", '"', "`")
        and text[match.start(match.lastgroup or 0) - 1] == quote
        and text.find(quote, end) >= match.start(match.lastgroup or 0) - 1
    )


def _passphrase_span(match: Match, name: str) -> tuple[int, int] | None:
    """Return the span of an unquoted passphrase, which ends with the line."""
    if not (name.isupper() or "phrase" in name.lower()) or match.lastgroup != "e":
        return None
    words = _PHRASE.match(match.string, match.start("e"))
    return words.span("s") if words and not _FUNCTION_WORDS & set(words["s"].split()) else None


def _further_values(text: str, at: int, announced: SecretName, look: looks.Look) -> Iterator[SecretSpan]:
    """Yield the values after the first one, for plural names."""
    while (match := _MORE.match(text, at)) and look(match["e"]):
        yield SecretSpan(*match.span("e"), announced.kind)
        at = match.end()


def _value_spans(match: Match, announced: SecretName, look: looks.Look) -> Iterator[SecretSpan]:
    group = match.lastgroup or ""
    start, end = match.span(group)
    value = match[group]
    if group == "e":
        value = _strip_marks(value, match.string[max(0, start - 2) : start])
        end = start + len(value)
    if group == "d" and " " in value.strip():  # a command in backticks
        return
    if announced.plural and " " in value and announced.strength == "digits":
        look = _check_each_word(look)
    if (announced.plural and value.isdigit() and announced.strength != "digits") or not any(
        c.isascii() and c.isalnum() for c in value
    ):
        return
    if look(value) and (value[0] not in "{[" or any(map(looks.stands_out, _WORDS.findall(value)))):
        yield SecretSpan(start, end, announced.kind)


def _check_each_word(look: looks.Look) -> looks.Look:
    """Return a check that all words of a value pass."""
    return lambda value: all(map(look, value.split()))


def _strip_marks(value: str, before: str) -> str:
    """Strip trailing brackets, and emphasis that began before the value."""
    for mark in ("**", "__", "~~", "*", "_"):
        if before.endswith(mark) and value.endswith(mark):
            value = value[: -len(mark)]
            break
    while value and value[-1] in ")]}" and value.count(value[-1]) > value.count("([{"[")]}".index(value[-1])]):
        value = value[:-1]
    return value


def _may_be_sentence(match: Match, start: int) -> bool:
    """Return whether `name: word` may be prose: unquoted, a blank after the colon, not alone on its line as in YAML."""
    if match.lastgroup != "e" or not _COLON.search(match.string, match.start(), match.start("e")):
        return False
    text = match.string
    head = text[max(0, start - 160) : start].rpartition("\n")[2]
    if _HEADER_OPTION.search(head):
        return False
    return _LINE_HEAD.fullmatch(head) is None or _LINE_TAIL.match(text, match.end()) is None


def _option_value(text: str, start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the value after an option, `--password v`; also in a list of arguments."""
    if text[start] != "-" or text[start - 1 : start] == "-":
        return
    match = _FLAG_VALUE.match(text, end)
    line = text[max(0, start - 300) : start].rpartition("\n")[2]
    if match is None or (match[0][:1] in " \t" and _PROMPTING_PROGRAMS.search(line)):
        return
    if _MOUNTED.match(match[match.lastgroup or 0]):
        return
    in_sentence = _MENTIONED.search(line) or match[match.lastgroup or 0].lower() in _FUNCTION_WORDS
    yield from _value_spans(match, announced, (LOOSE if in_sentence else FIRM)[announced.strength])


def _shell_value(text: str, start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the value in `ENV NAME v` and `setenv NAME v`."""
    if text[end : end + 1] in " \t" and _SHELL_SETS.search(text[max(0, start - 20) : start]):
        match = _FLAG_VALUE.match(text, end)
        if match:
            yield from _value_spans(match, announced, FIRM[announced.strength])


def _value_before_name(text: str, start: int, _end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the value before its name, as JSON and XML may have it."""
    if text[start - 1 : start] not in ("'", '"', " ", ":", "=", "/") or not _is_named_before(text, start):
        return
    before = max(0, start - 700)
    head = text[before:start]
    match = _REVERSED.search(head) if _VALUE_SIGN.search(head.lower()) else None
    if match:
        span = next(_value_spans(match, announced, FIRM[announced.strength]), None)
        if span:
            yield SecretSpan(before + span.start, before + span.end, span.kind)


def _value_after_joint(text: str, _start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    behind = text[end : end + LONGEST_JOINT]
    line = behind.partition("\n")[0]
    for joint in JOINTS_BY_FIRST.get(behind[:1], ()):
        if joint.sign not in behind or (joint.signs and not any(map(line.__contains__, joint.signs))):
            continue
        span = _match_joint(joint, text, end, announced)
        if span:
            yield span
            return


def _quoted_value(text: str, start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the quoted password next in the line of code, or right before a name in its comment."""
    if announced.strength not in ("any", "word"):
        return
    before = text[max(0, start - 160) : start]
    match = _QUOTED_BEHIND.match(text, end) or (
        _QUOTED_BEFORE.search(before) if "#" in before or "//" in before else None
    )
    if match and looks.is_unmistakable(match["s"]) and looks.is_password_like(match["s"]):
        offset = max(0, start - 160) if match.string is not text else 0
        yield SecretSpan(offset + match.start("s"), offset + match.end("s"), announced.kind)


def _match_joint(joint: Joint, text: str, end: int, announced: SecretName) -> SecretSpan | None:
    match = joint.pattern.match(text, end)
    return next(_value_spans(match, announced, joint.looks[announced.strength]), None) if match else None


_Way = Callable[[str, int, int, SecretName], Iterator[SecretSpan]]
_WAYS: tuple[_Way, ...] = (
    _option_value, _shell_value, _value_before_name, _value_after_joint, secrets_in_clause, _quoted_value,
)  # fmt: skip
_WAYS_OF_PATHS: tuple[_Way, ...] = (_value_before_name,)
_WAYS_OF_KEYS: tuple[_Way, ...] = (_option_value, _value_before_name)
"""Names such as `key` stand in many sentences and announce nothing there."""
NAMED: tuple[NamedSecrets, ...] = (NamedSecrets(ANCHORS), NamedSecrets(tuple(sorted(FOREIGN)), written_out=True))
