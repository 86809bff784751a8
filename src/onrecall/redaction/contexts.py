"""Secrets that tell by where they stand: after a name, in a header, a URL, a command line, a key block."""

import re
from collections.abc import Callable

from onrecall.redaction import heuristics as looks
from onrecall.redaction.rule import Match, Rule, secret

_QUOTE = r"(?:\\{0,2}[\"'])?"
_QUOTED = (
    r"\\{1,3}[\"'](?P<a>[^\"'\n\\]{1,4096})|\"(?P<b>(?:[^\"\\\n]|\\.){1,4096})"
    r"|'(?P<c>[^'\n]{1,4096})|`(?P<d>[^`\n]{1,4096})"
)
_BARE = r"(?P<e>[^\s\"'`,;&|<>(){}\[\]\\][^\s\"'`,;&|<>]{0,4095})"
_END = r"(?:[_-]?(?:\d{1,2}|prod|dev|test|live|staging|base|plain|value|old|new|current))?"
_SEPARATOR = r"(?:\\{0,2}[\"'`])?\]?[ \t]{0,3}(?:=>|:=|==?|:|%3[DdAa])[ \t]{0,20}"
_LINE_HEAD = re.compile(r"[ \t-]*[\"']?[\w.-]*")
_LINE_TAIL = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_FLAG = re.compile(r"(?<![\w-])--?[A-Za-z-]{0,30}\Z")


Look = Callable[[str], bool]


def _place(kind: str, anchors: str, pattern: str, look: Look = looks.password) -> Rule:
    """A secret that stands at a certain place; the anchors are told apart by bars."""
    return Rule(kind, tuple(anchors.split("|")), re.compile(pattern), lambda match: look(secret(match)))


def _valued(kind: str, names: str, anchors: str, look: Look) -> tuple[Rule, ...]:
    """A name and its value: after an equals sign or a colon, quoted or not; and a flag with its value."""
    name = rf"(?i:(?:{names}){_END})"
    pattern = rf"{name}{_SEPARATOR}(?:{_QUOTED}|{_BARE})"
    flag = rf"{name}[ \t]+(?:\"(?P<b>[^\"\n]{{1,1024}})|'(?P<c>[^'\n]{{1,1024}})|(?P<e>[^\s\"'-][^\s\"']{{0,1023}}))"

    def assigned(match: Match) -> bool:
        value = secret(match)
        return look(value) and (not _in_sentence(match) or looks.telling(value))

    def flagged(match: Match) -> bool:
        head = match.string[max(0, match.start() - 40) : match.start()]
        return _FLAG.search(head) is not None and look(secret(match))

    words = tuple(anchors.split("|"))
    return Rule(kind, words, re.compile(pattern), assigned), Rule(kind, words, re.compile(flag), flagged)


def _in_sentence(match: Match) -> bool:
    """Whether `name: word` may be prose: not quoted, a blank after the colon, and not alone on its line as in YAML."""
    text, start = match.string, match.start()
    if match.lastgroup != "e" or not re.search(r":[ \t]+\Z", text[start : match.start("e")]):
        return False
    head = text[max(0, start - 160) : start].rpartition("\n")[2]
    return _LINE_HEAD.fullmatch(head) is None or _LINE_TAIL.match(text, match.end()) is None


def _header(value: str) -> bool:
    return len(value) > 3 and looks.password(value.split(" ", maxsplit=1)[0])


def _bearer(value: str) -> bool:
    return looks.mixed(value) or len(value) > 30


def _one_word(value: str) -> bool:
    return looks.password(value) and " " not in value


def _no_number(value: str) -> bool:
    return looks.password(value) and not value.isdigit()


_PASSWORDS = (
    r"passw(?:or)?d|passwd|passphrase|passcode|passwort|kennwort|pwd|(?<=[_-])pass|(?<!existing)secret|client-key-data"
    r"|credential"
)
_TOKENS = (
    r"token|api[_. -]?key|access[_-]?key|x-amz-(?:security-token|signature|credential)|credentials|jwt|(?<![a-z])sig"
    r"|signature|otp"
)
_QUALIFIERS = (
    "secret|private|auth|encryption|encrypt|signing|sign|master|application|app|license|service|account|storage|shared"
    "|webhook|client|admin|deploy|integration|ingest|write|hmac|aes|jwt|session|host|functions|function|subscription|root"
    "|routing|secret-access|secret_access|data|rsa|ssh|gpg|dkim|vapid"
)
_SESSIONS = (
    r"jsessionid|phpsessid|asp\.net_sessionid|sessionid|session_id|session-id|connect\.sid|(?<![a-z_])sid|csrf[_-]?token"
    r"|xsrf-token|aspsessionid[a-z]{8}|laravel_session|_session|cfid|cftoken"
)

NAMED: tuple[Rule, ...] = (
    *_valued("password", _PASSWORDS, "pass|pwd|secret|client-key-data|credential|kennwort", looks.password),
    *_valued("password", r"(?<![a-z_-])pass", "pass", _one_word),
    *_valued("token", _TOKENS, "token|api|access|x-amz-|credentials|jwt|sig|otp", looks.mixed),
    *_valued("key", rf"(?:{_QUALIFIERS})[_. -]?key", _QUALIFIERS, looks.random),
    _place(
        "session-id",
        "jsessionid|phpsessid|asp.net_|session|connect.sid|sid|csrf|xsrf|aspsessionid|laravel_|_session|cfid|cftoken",
        rf"(?i:{_SESSIONS}){_QUOTE}[=:][ ]?{_QUOTE}(?P<s>[A-Za-z0-9%._~+/!=-]{{8,1024}})",
        looks.random,
    ),
    _place(
        "password",
        "password>|passwd>|passphrase>|secret>|token>|apikey>|api-key>",
        r"(?i:password|passwd|passphrase|secret|token|api-?key)>(?P<s>[^<\n]{1,1024})</",
    ),
    _place(
        "password",
        "passw|passphrase|secret|token",
        r"(?i:password|passwd|passphrase|secret|token) (?:is|was|to)[ \t]+[\"'`]?(?P<s>[^\s\"'`,;]{6,255})",
        looks.telling,
    ),
)

HEADERS: tuple[Rule, ...] = (
    _place(
        "authorization",
        "authorization",
        rf"(?i:authorization){_QUOTE}\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}(?:(?i:bearer|basic|token|apikey|api-key|geniekey|ssws"
        r"|negotiate|aws4-hmac-sha256|hmac|key|digest|splunk|pve[a-z]+)[ =]+)?(?:token=)?"
        r"(?P<s>[^\s\"'\\,][^\"'\n\\]{0,4096})",
        _header,
    ),
    _place("authorization", "bearer", rf"(?i:bearer)[ :=]{{1,3}}{_QUOTE}(?P<s>[A-Za-z0-9._~+/=-]{{8,4096}})", _bearer),
    _place("authorization", "basic ", r"(?i:basic) (?P<s>[A-Za-z0-9+/]{6,512}={0,2})", looks.credentials),
    _place(
        "authorization",
        '"auth"',
        r"\"auth\"\s{0,3}:\s{0,3}\"(?P<s>[A-Za-z0-9+/]{8,1024}={0,2})\"",
        looks.credentials,
    ),
    _place(
        "cookie",
        "cookie",
        rf"(?i:cookie){_QUOTE}\s{{0,2}}[:=]\s{{0,3}}{_QUOTE}(?P<s>[^\s\"'=\\]{{1,100}}=[^\"'\n\\]{{1,8192}})",
    ),
)

_HOST = r"@(?=[\w\[$<\u2039{])"
URLS: tuple[Rule, ...] = (
    _place("url-password", "://", rf"://[^\s:/@?#\"'<>]{{0,128}}:(?P<s>[^\s/\"'<>]{{1,256}}){_HOST}"),
    _place(
        "url-password",
        "postgres://|postgresql://|mysql://|mongodb://|redis://|rediss://|amqp://|amqps://|+srv://|+psycopg://",
        rf"[\w+]{{1,20}}://[^\s:/@?#\"'<>]{{0,128}}:(?P<s>[^\s\"'<>@]{{1,256}}){_HOST}",
    ),
    _place("url-token", "://", r"://(?P<s>[A-Za-z0-9_.~%-]{20,256})@(?=[\w\[])", looks.mixed),
)

_WORD = r"[\"']?(?P<s>[^\s\"']{1,255})"
COMMANDS: tuple[Rule, ...] = (
    _place(
        "password",
        "mysql",
        r"mysql(?:dump|admin|import|check|show|sh)?\b[^\n|;]{0,200}? -p(?P<s>[^\s-][^\s]{0,255})",
    ),
    _place(
        "password",
        "curl|wget",
        r"(?:curl|wget)\b[^\n|;]{0,400}? (?:-u|--user|--proxy-user|-U)[ =]?[\"']?[\w.@+-]{1,100}:"
        r"(?P<s>[^\s\"']{1,255})",
        _no_number,
    ),
    _place("password", "redis-cli|valkey-cli|keydb-cli", rf"\w+-cli\b[^\n|;]{{0,200}}? (?:-a|--pass) {_WORD}"),
    _place("password", "sshpass", rf"sshpass -p ?{_WORD}"),
    _place(
        "password",
        "identified by|with password|encrypted password|role |user ",
        r"(?i:identified by|with password|encrypted password|(?:role|user) [\w\"]{1,64} password)(?: as)?"
        r"\s+'(?P<s>[^'\n]{1,255})",
    ),
    _place(
        "password",
        "requirepass|masterauth|sentinel auth-pass",
        rf"(?i:requirepass|masterauth|sentinel auth-pass \S{{1,64}})\s+{_WORD}",
    ),
    _place("password", "machine ", r"machine \S{1,255}\s+login \S{1,255}\s+password (?P<s>\S{1,255})"),
    _place("password", ":5432:", r":5432:[\w*-]{1,64}:[\w*-]{1,64}:(?P<s>[^\s:]{4,255})(?=\n|\Z)"),
    _place(
        "aws-secret",
        "akia|asia",
        r"A(?:KI|SI)A[A-Z0-9]{16}[\"'\s:,=|]{1,10}(?:\w{0,30}[\"'\s:,=|]{1,10})?"
        r"(?P<s>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
        looks.random,
    ),
)

BLOCKS: tuple[Rule, ...] = (
    _place(
        "private-key",
        "-----begin ",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<s>(?:[A-Za-z0-9+/=\s:,.>|#*]|\\[nr]|-(?!----END))*)",
        lambda body: len(body) > 20,
    ),
    _place("private-key", "private-lines:", r"(?i:private-lines:) \d+\s(?P<s>[A-Za-z0-9+/=\s]+)", lambda _: True),
)

CONTEXTS: tuple[Rule, ...] = (*BLOCKS, *NAMED, *HEADERS, *URLS, *COMMANDS)
