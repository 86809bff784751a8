"""Detect secrets in the sentence around a name: `the password for the admin is now v`, `use v as the password`."""

import re
from collections.abc import Iterator, Mapping

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.heuristics import Look
from onrecall.redaction.joints import LOOSE, SURE
from onrecall.redaction.names import FOREIGN, SecretName, Strength
from onrecall.redaction.scanner import SecretSpan

_MOST_WORDS = 14
_NEXT_WORD = re.compile(
    r"(?:,?[ \t]{1,3}|(?<=['’])s[ ])[\"'`*_“„«(]{0,3}(?:(?<=«)[ ])?"
    r"(?P<v>[^\s\"'`“”„«»]{1,200}(?:['’][a-z]{1,4}(?=[ ]))?)[\"'`”»*_)]{0,3}"
)
_VERBS = frozenset(lexicon.VERBS.split())
_ON_MACHINE = re.compile(rf"[ ]{lexicon.MACHINE}")
_ADVERBS = frozenset(lexicon.ADVERBS.split())
_OTHER_SUBJECTS = frozenset(lexicon.OTHER_SUBJECTS.split())
_SUFFIX = re.compile(r"[^\W\d_A-Z]{1,3}(?=[ ])|[?!]+(?=[ ])")
"""The ending of a name in other languages, as in `şifresi`; a question."""
_SENTENCE_END = re.compile(r"[.!;](?:\Z|(?=[\"')\]]*\Z))")
_SPELLED = re.compile(
    r"(?!(?i:node|host|port|step|user|line|page|build|shard|level|ldap|argon|bcrypt|blake|scrypt|pbkdf|table|server|prod"
    r"|base|crypt|series|version|since|until|part)\d)"
    r"[A-Za-z]{4,}\d{2,}[!?.*]?"
)
"""A word and a number, as people choose passwords."""
_BRINGERS = (
    "with|using|via|mit|avec|con|med|met|com|temporary|temp|tmp|initial|default|first|one-time|throwaway|initiale[ns]?"
    "|temporäre[ns]?|neue[ns]?|provisoire|temporal|inicial|wi-?fi|wlan|vpn|bios"
    "|supervisor|superuser|master|console"
)
_OWNERS = "the|new|old|my|our|your|initial|temporary|root|admin|dem|das|le|la"
_INTRODUCED = re.compile(
    rf"(?:(?<!\w)(?i:{_BRINGERS})(?:[ ](?:{_OWNERS}))?[ ]|(?<=\w),[ ]|[ ]\("
    r"|\[redacted:[a-z-]{1,20}\],? (?i:and|und|et|y|e|with|mit)[ ])\Z"
)
"""What stands before the name of a password that follows at once: `with password v`, `initial password v`."""
_FIRST_IDEOGRAPH = "\u2e80"
"""From here on scripts set nothing between a name and its value but a blank."""
_SUBJECT = re.compile(rf"(?<!\w)(?i:{_OWNERS})[ ]\Z")
_IS = re.compile(r"[ ](?:is|was|were|has|had|ist|wurde|est|fue)\b")
_VALUE_END = re.compile(
    r"[ ](?:is|was|were|has|have|and|to|for|on|in|at|then|until|ist|wurde|für|und)\b|[.,;)]?[ \t]*(?:\r?\n|\Z)|[,;)]"
)
_ODD = re.compile(r"\d|[a-z][A-Z]|[A-Z]{2}[a-z]")
_CALLS_IT = sorted(
    (words.strip() for words in re.split(r"[,\n]", lexicon.CALLS_IT) if words.strip()), key=len, reverse=True
)
_BEFORE = re.compile(
    rf"[\"'`*]{{0,2}}[ ](?:{'|'.join(re.escape(words[::-1]) for words in _CALLS_IT)})"
    r"[ ][\"'`*)”»]{0,3}(?P<s>[^\s\"'`“”«»(]{6,200})(?=[\"'`*“«(]{0,3}(?:[ ]|\Z))"
)
_BEFORE_BRACKET = re.compile(
    r"(?:[ ][a-z-]{2,16}){0,2}\([ ](?:won[ ])?[\"'`*]{0,3}(?P<s>[^\s\"'`“”«»(]{4,200})(?=[\"'`*“«(]{0,3}(?:[ ]|\Z))",
    re.IGNORECASE,
)
"""Reversed: `v (`, `v now (`."""
_PHRASE_END = re.compile(
    r"[\"'`*]{0,3}(?:[.,;:!?)\n]|\Z|[ ](?:for|on|to|when|if|and|or|in|until|instead|then|here|now|prompt"
    r"|that|which|we|they|from|of|für"
    r"|zum|auf|pour|para|sur|en"
    r"|per|su|dla|do|для|на)\b)"
)
_PASSPHRASE = re.compile(
    r"(?:[ ](?:is|was|type|enter|use|says)|[ ]?[:=]|(?=[ ][\"'`“]))[ ]"
    r"(?:[\"'`“](?P<q>[a-z]{3,12}(?:[ -][a-z]{3,12}){2,11})[\"'`”]"
    rf"|(?P<w>(?:(?!(?:{'|'.join(lexicon.FUNCTION_WORDS.split())}|to|a|an|of|in|used|required)\b)[a-z]{{3,12}}"
    rf"(?:[ ]|(?=[.\n]|\Z))){{4,12}}(?=[.\n]|\Z)))"
)
_LONGEST = 260
_LONGEST_NAME = 48
_BEFORE_NAME = frozenset(" \t\n\r\"'`*_~([{“„«‘>:,;=|#’\0")  # noqa: RUF001
"""What may stand before a name; in base64 or an address, names come about by chance."""
_BELOW = re.compile(
    r"(?:[^\n]{0,160}:[ ]?|[ ](?:below|here|follows|attached|unten|folgt|ci-dessous|abajo"
    r"|sotto))?[\"'`*)\\]{0,3}[ \t]*(?:\r?\n[ \t]*){1,2}(?:`{3}\w{0,10}\r?\n[ \t]*)?[\"'`*]{0,3}(?P<v>[^\s\"'`]{8,200}"
    r"(?<!,))[\"'`*]{0,3}[ \t]*(?:\r?\n|\Z)"
)
_WORD = re.compile(r"\S{1,200}(?=\s)")
_NEARER_NAME = re.compile(r"\w*(?:token|secret|key)[:=]", re.IGNORECASE)
"""A name that is assigned a value itself, and so says of which kind that is."""
_PARAMETER = re.compile(r"[a-z_.-]{1,30}=.")
_CHECKSUM = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9A-F]{40})")


def _is_chosen(value: str) -> bool:
    """Return whether a value is a password in the middle of a sentence: made up, or a word and a number."""
    return (
        _is_odd_password(value)
        or _is_jumble_of_three(value)
        or _SPELLED.fullmatch(value) is not None
        or looks.is_two_words(value)
    )


def _is_due(value: str) -> bool:
    """Return whether a value right behind its name is a password."""
    return looks.is_spelled(value) or looks.is_scrambled(value)


def _is_jumble_of_three(value: str) -> bool:
    """Return whether small letters, capitals and digits make one word that reads as no name."""
    kinds = all(re.search(kind, value) for kind in ("[a-z]", r".[A-Z]", r"\d"))
    return kinds and value.isalnum() and looks.is_mixed(value)


def _is_odd_password(value: str) -> bool:
    """Return whether no language has such a word: rare letters alone may be a foreign one."""
    return looks.is_password_like(value) and _ODD.search(value) is not None


def _is_code_or_password(value: str) -> bool:
    return looks.is_digits(value) or (value.isalnum() and _is_odd_password(value))


FAR: Mapping[Strength, Look] = {
    **LOOSE,
    "any": _is_chosen,
    "word": _is_chosen,
    "key": lambda _: False,
    "named_key": lambda _: False,
    "made_up": _is_odd_password,
    "digits": _is_code_or_password,
}
"""Checks where a value is some words away from its name."""


def secrets_in_clause(text: str, start: int, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the value behind the name at `start`..`end` in the same sentence, before it, or below it."""
    before = text[start - 1 : start]
    is_compound = before == "-" and text[start:end].lower() in FOREIGN  # `root-wachtwoord`
    if (before and before not in _BEFORE_NAME and not is_compound) or end - start > _LONGEST_NAME:
        return
    if phrase := _PASSPHRASE.match(text, end) if "phrase" in text[start:end].lower() else None:
        yield SecretSpan(*phrase.span(phrase.lastgroup or 0), announced.kind)
        return
    span = (
        _introduced_value(text, start, end, announced)
        or _value_behind(text, end, announced)
        or _value_before(text, start, end, announced)
        or _key_before(text, start, end, announced)
        or _value_below(text, end, announced)
    )
    if span:
        yield span


def _introduced_value(text: str, start: int, end: int, announced: SecretName) -> SecretSpan | None:
    """Return the password right behind its name where the words before it bring one, or where a network is named."""
    if announced.strength not in ("any", "word"):
        return None
    word, head = _NEXT_WORD.match(text, end), text[max(0, start - 40) : start]
    if word is None or not _is_due(value := word["v"].rstrip(".,;:)")):
        return None
    span = SecretSpan(word.start("v"), word.start("v") + len(value), announced.kind)
    in_ideographs = text[start] >= _FIRST_IDEOGRAPH
    is_brought = in_ideographs or text[start:end].lower() == "psk" or _INTRODUCED.search(head) is not None
    if (is_brought and _VALUE_END.match(text, span.end)) or (_SUBJECT.search(head) and _IS.match(text, span.end)):
        return span
    return None


def _value_behind(text: str, end: int, announced: SecretName) -> SecretSpan | None:
    """Return the value after a verb, at most `_MOST_WORDS` words behind the name."""
    look, may_follow = FAR[announced.strength], False
    length_fits = announced.strength not in ("digits", "hash", "key", "named_key")
    suffix = _SUFFIX.match(text, end)
    end = suffix.end() if suffix else end
    for _ in range(_MOST_WORDS):
        word = _NEXT_WORD.match(text, end)
        if word is None or (word["v"].endswith((":", "=")) and _NEARER_NAME.fullmatch(word["v"])):
            return None
        value = word["v"].rstrip(".,;:)")
        if (may_follow and look(value)) or (
            length_fits and looks.is_unmistakable(value) and not _PARAMETER.match(value)
        ):
            return SecretSpan(word.start("v"), word.start("v") + len(value), announced.kind)
        lowered = word["v"].lower()
        is_place = lowered in ("auf", "on") and _ON_MACHINE.match(text, word.end()) is not None
        may_follow = not is_place and (lowered in _VERBS or (may_follow and lowered in _ADVERBS))
        if lowered.strip("-(),:") in _OTHER_SUBJECTS or _SENTENCE_END.search(word["v"]) or "[redacted:" in word["v"]:
            return None
        end = word.end()
    return None


def _value_before(text: str, start: int, end: int, announced: SecretName) -> SecretSpan | None:
    """Return the value that the words before the name call by it."""
    if not _PHRASE_END.match(text, end):
        return None
    head = text[max(0, start - _LONGEST) : start][::-1]
    pattern = _BEFORE_BRACKET if text[end : end + 1] == ")" and "(" in head[:40] else _BEFORE
    match = pattern.match(head)
    if match is None or not FAR[announced.strength](match["s"][::-1]):
        return None
    return SecretSpan(start - match.end("s"), start - match.start("s"), announced.kind)


def _key_before(text: str, start: int, end: int, announced: SecretName) -> SecretSpan | None:
    """Return the nearest word before the name in the same sentence that is nothing but a password."""
    if announced.strength in ("digits", "hash", "random", "key", "named_key") or not _PHRASE_END.match(text, end):
        return None
    head = text[max(0, start - 80) : start].rpartition("\n")[2]
    for word in reversed([*_WORD.finditer(head)]):
        value = word[0].strip("\"'`*_,:()“”")
        if value.lower() in _OTHER_SUBJECTS or word[0].endswith((".", ";", "!")):
            return None
        if looks.is_unmistakable(value) and "=" not in value:
            at = start - len(head) + word.start() + word[0].index(value)
            return SecretSpan(at, at + len(value), announced.kind)
    return None


def _value_below(text: str, end: int, announced: SecretName) -> SecretSpan | None:
    """Return the value alone on the next line, or after a blank one, as programs print the first password."""
    below = _BELOW.match(text, end)
    if below is None or not _is_secret_below(below["v"], announced) or _CHECKSUM.fullmatch(below["v"]):
        return None
    return SecretSpan(*below.span("v"), announced.kind)


def _is_secret_below(value: str, announced: SecretName) -> bool:
    return SURE[announced.strength](value) or (announced.strength == "any" and looks.is_unmistakable(value))
