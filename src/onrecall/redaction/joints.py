"""Patterns between a name and its secret: an equals sign, a colon, a tag, a column border, a word such as `is`.

A joint states how certain a value follows: after `=` any value counts, after `is` only what no sentence contains.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.heuristics import Look
from onrecall.redaction.names import Strength
from onrecall.redaction.pattern import Pattern

QUOTED = (
    r"(?:\"\"\"(?P<t>[^\"\n]{1,4096})\"\"\"|\\{1,3}[\"'](?P<a>[^\"'\n\\]{1,4096})|\"(?P<b>(?:[^\"\\\n]|\\.){1,4096})"
    r"|'(?P<c>[^'\n]{1,4096})|`(?P<d>[^`\n]{1,4096})|\$\$(?P<f>[^$\n]{1,1024})\$\$|\{(?P<g>[^{}\s\"',]{4,256})\}(?=;|\s|$))"
)
BARE = r"(?![A-Za-z@$]{1,2}[\"'])(?P<e>[^\s\"'`,;&|<>(){}\[\]\\“”„‘«»][^\s\"'`,;&|<>“”„’«»]{0,4095})"  # noqa: RUF001
_PREFIX = r"(?:!!\w{1,10}[ ]|!Sub[ ](?=[\"'])|&\w{1,30}[ ]|[NnbBuUfFrR@$]{1,2}(?=[\"']))?"
VALUE = rf"{_PREFIX}(?:{QUOTED}|{BARE})"
_CLOSE = r"(?:\\{0,3}[\"'`]|\*{1,2}|_{1,2}|~~|[\])]){0,4}"
_SIGN = r"(?:=>|:=|={1,3}|:{2,4}(?=[ ])|:|%3[DdAa])"
_SPELLED_PASSWORD = re.compile(r"[A-Za-z]{3,}\d{2,}[!?.*]?|(?=\D*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z\d]{8,}")
_LONG_HEX = re.compile(r"[0-9a-f]{32,}")
_KEY_HEX = re.compile(r"[0-9a-f]{32}|[0-9A-F]{32}|[0-9A-F]{64}|[0-9a-f]{37}|[0-9a-f]{40}|[0-9a-f]{48}|[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"(?:0x)?[0-9A-Fa-f]{40}")
_PREFIXED_HEX = re.compile(r"(?:[A-Za-z]{2,10}_){1,3}(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{48}|[0-9a-f]{64})")
_NO_CODE = re.compile(r"CVE-|[a-z][a-z0-9.-]*=[\d.*]+\Z")
"""A vulnerability, or a package pinned to a version, behind what also announces a code."""
_GROUPS = re.compile(r"(?=[^-]*\d)[A-Za-z0-9]{4,6}(?:-(?=[^-]*\d)[A-Za-z0-9]{4,6}){1,4}")
_OPEN = r"(?:(?:\*{1,2}|_{1,2}|~~)(?=[^\s*_]))?"


def _any_strength(look: Look) -> Mapping[Strength, Look]:
    return dict.fromkeys(get_args(Strength), look)


def _is_no_object_name(value: str) -> bool:
    """Return whether a value is not an object name; for names that may also announce an object, made of words."""
    spelled = re.fullmatch(r"[^-_./\s]{6,}", value) is not None
    return looks.is_no_word(value) or (spelled and looks.stands_out(value))


def _is_digits_or_mixed(value: str) -> bool:
    if _NO_CODE.match(value):
        return False
    is_code = looks.is_digits(value) or looks.is_mixed(value)
    return is_code or _is_hyphenated_code(value) or looks.is_password_like(value)


def _is_random_or_uuid(value: str) -> bool:
    return looks.is_random(value) or looks.is_uuid(value)


def is_prefixed_hex(value: str) -> bool:
    """Return whether a value is the key of a service, by the place it is for: `prod_4f9a…`."""
    return _PREFIXED_HEX.fullmatch(value) is not None


def _is_long_key(value: str) -> bool:
    """Return whether a value is a key even after a name such as `key`, which seldom announces one."""
    return len(value) >= 24 and ":" not in value and (looks.is_key(value) or is_prefixed_hex(value))


def _is_long_key_or_hex(value: str) -> bool:
    return _is_long_key(value) or (_KEY_HEX.fullmatch(value) is not None and looks.is_mixed(value))


def _is_number(value: str) -> bool:
    return value.isdigit() and len(value) >= 4


def _is_hyphenated_code(value: str) -> bool:
    """Return whether a value is a recovery code in groups, as in `a1b2c-9d8e7`."""
    return _GROUPS.fullmatch(value) is not None and sum(c.isdigit() for c in value) > 1


def _could_be_hash(value: str) -> bool:
    return looks.could_be_secret(value) and len(value) >= 16 and looks.entropy(value) > 2.5 and " " not in value


def _is_jumbled_token(value: str) -> bool:
    is_token = looks.is_made_up(value) or looks.is_key(value) or _LONG_HEX.fullmatch(value) is not None
    return (looks.is_mixed(value) and (is_token or is_prefixed_hex(value))) or looks.is_uuid(value)


def _is_lower_word(value: str) -> bool:
    """Return whether a value may be a word of any language, whose letters may be rare in English."""
    return value.isalpha() and value.islower()


def _is_user_and_password(value: str) -> bool:
    user, _, password = value.replace("/", ":", 1).partition(":")
    return looks.is_made_up(value) or _is_long_key(value) or (bool(user) and looks.is_password_like(password))


FIRM: Mapping[Strength, Look] = {
    "any": looks.could_be_secret,
    "word": _is_no_object_name,
    "mixed": lambda value: looks.is_mixed(value) or looks.is_uuid(value),
    "random": _is_random_or_uuid,
    "key": _is_long_key,
    "named_key": _is_long_key_or_hex,
    "gpg_key": lambda value: _is_random_or_uuid(value) and _FINGERPRINT.fullmatch(value) is None,
    "made_up": _is_user_and_password,
    "digits": _is_digits_or_mixed,
    "hash": _could_be_hash,
}
"""Checks for unambiguous `name = value` pairs."""
LOOSE: Mapping[Strength, Look] = {
    **FIRM,
    "named_key": _is_long_key,
    "any": lambda value: looks.stands_out(value) or looks.is_word_and_year(value),
    "word": lambda value: looks.is_password_like(value) or _SPELLED_PASSWORD.fullmatch(value) is not None,
    "mixed": _is_jumbled_token,
    "random": looks.is_key,
    "gpg_key": looks.is_key,
}
"""Checks where the text may be a sentence."""
SURE: Mapping[Strength, Look] = {
    **_any_strength(lambda value: (looks.is_made_up(value) and not _is_lower_word(value)) or looks.is_key(value)),
    "mixed": lambda value: _is_jumbled_token(value) and not _is_lower_word(value),
    "random": looks.is_key,
    "key": lambda _: False,
    "named_key": lambda _: False,
    "gpg_key": looks.is_key,
    "digits": lambda _: False,
    "made_up": lambda _: False,
}
"""Checks where little indicates that a value follows."""

UNMISTAKABLE: Mapping[Strength, Look] = {
    **_any_strength(lambda _: False),
    "any": looks.is_unmistakable,
    "word": looks.is_unmistakable,
}
"""Checks where the sign between name and value means other things too."""


@dataclass(frozen=True, slots=True)
class Joint:
    """The pattern after a name up to and including the value (its last group), and the checks on the value."""

    pattern: Pattern
    looks: Mapping[Strength, Look]
    first: str
    """Characters it can begin with."""
    sign: str = ""
    """Characters without which it can't match, so that most joints need not be tried."""
    signs: tuple[str, ...] = ()
    """The same, but one of them in the line of the name."""


def _joint(
    first: str,
    between: str,
    looks: Mapping[Strength, Look],
    value: str = VALUE,
    *,
    sign: str = "",
    signs: tuple[str, ...] = (),
) -> Joint:
    return Joint(Pattern(between + value), looks, first, sign, signs)


_ELEMENT_TEXT = r"(?P<e>[^<>\n]{1,2048}?)\s{0,80}(?=</)"
_TYPES = "value|S|B|string|bytes|str|stringValue|plain|plaintext|clear|text|secure|data|#text|_text|_value|\\$t|__cdata"
"""Members of JSON that hold the value of the object's name, as databases and converters of XML write them."""
_PAIRED = (
    r"[\"'](?:value|val|v|content|parametervalue|string|data|default|secret)[\"']|\b(?:\w{0,20}value|val"
    r"|content|default|data)\b"
)
_VERBS = (
    r"(?:is|was|has been|got) (?:re)?set to|(?:is|was|has been|got)?[ ]?changed (?:back )?to|(?:re)?set "
    r"(?:back )?to|back to|now|is|was|to|as"
    r"|are|be|lautet|ist|war|est|es|é|è|er|är|jest|je|это"
    rf"|(?:auf|on)(?![ ]{lexicon.MACHINE})"
)
_WHOM = (
    r"(?:for|of|from|to|on|at|in|into|via|by|für|von|zu|der|des|de|del|da|do|du|la|le|pour|para|per|van|voor|till|til|dla|pro|k|na|için|для"
    r"|от|к|на|в)"
)

_ACCOUNTS = "root|admin|administrator|postgres|oracle|sa|superuser|grafana|jenkins"
_WRAPPERS = (
    r"Some|Ok|Just|Secret|SecretStr|SecretString|SecretValue|Sensitive|sensitive|String::from|CString::new|str|bytes|Buffer\.from"
    r"|(?:aws|pulumi|proto|to|pointer|ptr)\.\w{0,4}String\w{0,5}|cdk\.SecretValue\.\w{1,30}|unsafePlainText|to_string|quote|strdup"
)
"""Functions that only wrap their argument."""
_QUOTES = "\"'`\\"
_CLOSING = _QUOTES + "*_~])"
ASSIGNED = _joint(
    f"{_CLOSING} \t.:=%[",
    rf"(?![ \t]:['\"]\w)(?:\[\])?{_CLOSE}(?:[ ](?:\([^()\n]{{1,40}}\)|\[[^\[\]\n]{{1,40}}\]))?[ \t]{{0,40}}"
    rf"(?:\.{{2,40}}[ \t]{{0,3}})?{_SIGN}"
    rf"(?:\*\*|__|[*_](?=[ \t]))?[ \t]{{0,20}}(?:\\t)?{_OPEN}",
    FIRM,
)
"""`name = value` and `name: value`; the latter may be part of a sentence."""
_JOINTS: tuple[Joint, ...] = (
    _joint(
        ":",
        r":[ ]?(?:[Ss]tr(?:ing)?|SecretStr|Optional\[str\]|text|(?:Annotated|Final|ClassVar)\[[^\n=\"']{1,120}\])"
        r"(?!\w)(?:[^=,\n]{0,20}=[ ]?(?:\w{1,30}\([ ]?(?:default[ ]?=[ ]?)?(?!\w{1,30}[ ]?=))?"
        r"|[^=\n]{0,40},[ ]?default[ ]?[=:][ ]?)",
        FIRM,
        signs=("=", "default"),
    ),
    _joint(f"{_QUOTES}] <|?+", r"[\"']?\]?[ ]?(?:<[=~]|\|\|=|\?=|\+=)[ ]?", FIRM, signs=("=",)),
    # What is named on one side and stands on the other: JSON and YAML lists of pairs, attributes, elements.
    _joint(
        f"{_CLOSING} \t\r\n,{{vcdVCDP",
        rf"{_CLOSE}[ \t]*[,{{]?(?:\s{{0,40}}#[^\n]{{0,120}}\n)?(?:\s{{0,40}}\"\w{{1,30}}\":[ ]?(?:\"[^\"\n]{{0,60}}\""
        rf"|\w{{1,20}}),){{0,2}}\s{{0,80}}(?:[-+~][ ]{{1,4}}|\w{{1,30}}\[\d{{1,3}}\]\.)?(?i:{_PAIRED})[ \t]*[:=][ \t]*",
        FIRM,
    ),
    _joint("\"'", rf"[\"']\s{{0,3}}:\s{{0,3}}\{{\s{{0,80}}[\"'](?:{_TYPES})[\"']\s{{0,3}}:\s{{0,3}}", FIRM),
    _joint(" >", r"(?:\s[^<>\n]{0,200})?>\s{0,80}(?:<!\[CDATA\[)", FIRM, r"(?P<e>[^\n]{1,2048}?)\]\]>", sign="CDATA"),
    _joint(" >", r"(?:\s[^<>\n]{0,200})?>\s{0,80}(?:<(?i:value|string|plaintext)>)?", FIRM, _ELEMENT_TEXT, sign=">"),
    _joint("\"'", r"[\"'](?:\s[^<>\n]{0,200})?>\s{0,80}(?:<(?i:value|string)>)?", FIRM, _ELEMENT_TEXT, sign=">"),
    _joint(
        " \t\r\n<", r"\s{0,3}</[\w:-]{1,40}>\s{0,80}<(?i:value|string)[^<>\n]{0,100}>", FIRM, _ELEMENT_TEXT, sign="</"
    ),
    _joint(" \t\r\n<", r"\s{0,3}</[\w:-]{1,40}>\s{0,80}<[\w:-]{1,40}[^<>\n]{0,100}>", LOOSE, _ELEMENT_TEXT, sign="</"),
    _joint("\"'", r"[\"'][ ]?/?[^<>\n]{0,80}?\bvalue=[\"']", FIRM, r"(?P<e>[^\"'\n]{1,1024})", signs=("value=",)),
    _joint(" \t\r\n", r"[ \t]*\r?\n[ \t]*:[ ]", FIRM),
    # Code.
    _joint("\"'", r"[\"'],[ ]?", {**LOOSE, "any": looks.is_made_up, "word": looks.is_made_up}, rf"[bBuU]?{QUOTED}"),
    _joint("\"'", r"[\"']\]?[ ]?=>\s{1,12}string\(\d{1,6}\)[ ]", FIRM, QUOTED, sign="string("),
    _joint(f"{_CLOSING} :=", rf"{_CLOSE}[ ]?{_SIGN}[ ]?(?:{_WRAPPERS})\(&?", FIRM, rf"[bBuU]?{QUOTED}", signs=("(",)),
    _joint(
        f"{_CLOSING} :=",
        rf"{_CLOSE}[ ]?{_SIGN}[ ]?[\w.:]{{2,40}}\([\"'][\w.-]{{1,60}}[\"'],[ ]?",
        SURE,
        rf"[bBuU]?{QUOTED}",
        signs=("(",),
    ),
    _joint("=:", r"[=:][ ]?[\"']?\{\{[ ]?", {**FIRM, "any": looks.stands_out}, QUOTED, sign="{{"),
    _joint("{", r"\{", {**SURE, "any": looks.stands_out}, QUOTED),
    _joint("(", rf"\((?:[\w.]{{1,30}},[ ]?)?(?:(?:{_WRAPPERS})\()?", {**SURE, "any": looks.stands_out}, QUOTED),
    _joint("=: '\"", r"[\"']?[ ]?[=:][ ]?[\"']?%[sqvr@](?:\\[nr]){0,2}[\"'],?[ ]{1,3}", FIRM, QUOTED, signs=("%",)),
    _joint(",", r",[ ]?<<", FIRM, QUOTED, signs=("<<",)),
    _joint("=: ", r"[ ]?[=:][ ]{0,2}(?:\{\{|<)", UNMISTAKABLE, r"(?P<e>[^\s{}<>]{8,64})(?=\}\}|>)"),
    _joint("/;", r"[/;]", UNMISTAKABLE, r"(?P<e>[A-Za-z0-9!#$%^*_+.-]{8,64})(?![\w/=])"),
    _joint(f"{_QUOTES}),", r"[\"'`]?\)?,[ ]?", SURE, QUOTED),
    _joint("[{", r"[\[{]", {**SURE, "any": looks.is_password_like}, r"(?P<e>[^\s\[\]{}\"']{6,128})(?=[\]}])"),
    # What stands where the name's own value is missing: a default, or the former one in a comment.
    _joint(
        f"{_CLOSING} \t:=",
        rf"{_CLOSE}[ \t]{{0,20}}{_SIGN}[ \t]{{0,20}}"
        r"(?:[^\n\"'|?#]|(?<=[\[(])[\"'][\w.-]{1,60}[\"'](?=[\])])){1,80}?"
        r"(?:\|\||\?\?|\?:|[ ]or)[ ]{0,3}(?=[\"'`])",
        FIRM,
        QUOTED,
        signs=("||", "??", "?:", " or"),
    ),
    _joint(
        f"{_CLOSING} \t:=",
        rf"{_CLOSE}[ \t]{{0,20}}{_SIGN}[^\n#]{{0,120}}?(?:[ \t]#|[ ]//|[ ]--|<!--)[ ]{{0,3}}(?:(?:was|is"
        rf"|formerly|previously|old|earlier"
        r"|before|currently|now|prod|staging|dev)[ :=]{1,3}){0,2}",
        {**SURE, "any": looks.is_password_like},
        signs=(" #", "\t#", " //", " --", "<!--"),
    ),
    _joint('"', r"\"[ ]?\{[^{}]{0,300}?\bdefault[ ]{0,20}=[ ]{0,3}", FIRM, QUOTED, sign="default"),
    _joint(" ", r"[ ][\w.-]{1,32}[ ]=[ ]", SURE, signs=(" = ",)),
    _joint(" .", r"[ ]?(?:\.{3,80}[ ]{1,3}|\.{6,80})", LOOSE, signs=("...",)),
    _joint(" ", r"[ ]\(", SURE, r"(?P<e>[^\s()]{6,64})(?=\))", signs=(")",)),
    _joint(" ", rf"[ ](?:{_ACCOUNTS})[ ]?[:=][ ]?", LOOSE),
    # Words.
    _joint(f"{_CLOSING} \t→⇒➜➔⟶»›-=", rf"{_CLOSE}[ \t]{{0,3}}(?:->|=>|[→⇒➜➔⟶»›])[ \t]{{0,3}}", LOOSE),
    _joint(
        " :",
        rf":?[ ](?:(?:{_VERBS})[ ])?",
        {**SURE, "any": _is_number, "digits": _is_hyphenated_code},
        r"(?P<e>\d{4,12}|[\w-]{9,40})(?=[.!]?[ \t]*(?:\r?\n|\Z))",
    ),
    _joint(
        " ",
        r"[ ](?!(?:[a-z]{2,24}[ ])?(?i:ids?|names?|versions?|arns?|alias(?:es)?|fingerprints?|lengths?|types?)"
        r"[ ]?:[ ]?+[\w./:+-]*(?:[\s,;)\]\"'`]|\Z))"
        r"[^\W\d_]{1,24}(?:[ ][^\W\d_]{1,24}){0,2}[ ]?:[ ]?",
        {**SURE, "any": lambda value: looks.is_password_like(value) or looks.is_spelled(value)},
        signs=(":",),
    ),
    _joint(" ", rf"[ ]{_WHOM}[ ][^\n:=]{{1,60}}?[:=][ \t]{{0,3}}", LOOSE),
    _joint(
        " ",
        r"[ ](?:for|from|to|at|on)[ ]['\"]?https?://[^\s'\":]{1,200}(?::\d{1,5})?['\"]?:[ ]",
        LOOSE,
        signs=("://",),
    ),
    _joint(
        f"{_QUOTES} ",
        rf"[\"'`]?[ ]{_WHOM}[ ]\S{{1,40}}(?:[ ]\S{{1,20}}){{0,2}}[ ](?:is|was|to|ist|lautet|est|es|è|é|är|er|jest)[ ]",
        {**LOOSE, "any": lambda value: looks.stands_out(value) or looks.is_spelled(value)},
    ),
    _joint(
        f"{_CLOSING} \t",
        rf"{_CLOSE}(?:'s(?=[ ])|[ ]\([^()\n]{{1,60}}\))?(?:[ \t](?:{_VERBS})(?!\w)"
        rf"(?:[ ](?:now|still|just))?|(?<='s)|[ \t](?:->|→|–|—|-))[ :]{{1,2}}[ \t]?(?:\*\*)?",
        LOOSE,
    ),
    _joint(" ", r"[ ](?:-v|--?[Vv]alue)[ =]{1,2}", FIRM),
    _joint(" ", r"[ ](?:has been |was )?(?:changed|set|reset|updated|rotated|modified) (?:from )?", LOOSE, QUOTED),
    _joint(" ", r"[ ](?:provided|given|supplied|used|received|entered|sent)[ ]?[:=]?[ ]", LOOSE),
    _joint(
        " ",
        r"[ ](?:is|was|has been) (?:generated|created|set|assigned|issued)[^:\n]{0,60}:[ ]",
        LOOSE,
        signs=(":",),
    ),
    _joint(
        "はをが是为為改換换는은을를",
        r"(?:は|を|が|是|为|為|(?:改|換|换)(?:成|为|為)?了?|는|은|을|를)[ ]?",
        LOOSE,
        r"(?P<e>[!-~]{4,256})",
    ),
    _joint(
        f"{_CLOSING} \t|:",
        rf"{_CLOSE}(?:[ ]?:)?[ \t]*\|[ \t]*",
        {**SURE, "any": looks.stands_out},
        r"`?(?P<e>(?!-[a-z])[^\s|`]{1,1024})`?[ \t]*(?=\||\n|\Z)",
        signs=("|",),
    ),
    _joint(f"{_CLOSING} \t", rf"{_CLOSE}[ \t]{{1,40}}", SURE),
)
LONGEST_JOINT = 480
"""Characters behind a name in which a joint that crosses lines has its sign."""
JOINTS_BY_FIRST: Mapping[str, tuple[Joint, ...]] = {
    first: tuple(joint for joint in _JOINTS if first in joint.first)
    for first in {c for joint in _JOINTS for c in joint.first}
}
"""The joints that can begin with a character, in the order in which they are tried; the first whose value is a
secret wins."""
