"""Detect secrets in URLs, headers and cookies, and session ids."""

import re

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.rules import QUOTE, accept_all, pattern_detector
from onrecall.redaction.scanner import Detector, PatternDetector, PrefixDetector

_PARAMETER = re.compile(r"[a-z_]{2,24}=")
_ONE_TIME = re.compile(r"[0-9a-f]{32,64}")


def _is_one_time_link(value: str) -> bool:
    """Return whether the last part of a link's path is a key that works once, rather than a name."""
    return looks.is_key(value) or looks.is_uuid(value) or _ONE_TIME.fullmatch(value) is not None


def _is_header_value(value: str) -> bool:
    return len(value) > 3 and looks.could_be_secret(value.split(" ", maxsplit=1)[0])


def _is_bearer_token(value: str) -> bool:
    return _PARAMETER.match(value) is None and (looks.is_mixed(value) or len(value) > 30)


def _is_user_token(value: str) -> bool:
    return looks.is_made_up(value) or _ONE_TIME.fullmatch(value) is not None


def _is_grant(value: str) -> bool:
    """Return whether a code or key in a query is too random for a product, language or coupon code."""
    return looks.is_key(value) or (looks.is_random(value) and len(value) >= 24)


def _is_session_id(value: str) -> bool:
    return looks.is_key(value.lstrip("-")) and len(value) >= 20


_SCHEMES = "bearer|basic|token|apikey|api-key|geniekey|ssws|negotiate|aws4-hmac-sha256|hmac|key|splunk|pve[a-z]+"
_SESSIONS = (
    r"jsessionid|phpsessid|asp\.net_sessionid|sessionid|session_id|session-id|connect\.sid|(?<![a-z_])sid|(?<![a-z_])sess(?=[=])|csrf[_-]?token"
    r"|xsrf-token|aspsessionid[a-z]{8}|laravel_session|_session|cfid|cftoken|remember_token|\.aspxauth"
)
_PREFERENCE = (
    r"(?:theme|lang|language|locale|consent|cookie_?consent|currency|country|tz|timezone|dark_?mode)=[\w.-]{1,16}"
)
_HARMLESS_COOKIE = (
    rf"(?i:{_PREFERENCE}(?:; ?(?:{_PREFERENCE}|(?:path|domain|max-age|expires|samesite)=[^;\n\"']{{1,40}}"
    rf"|secure|httponly)){{0,12}}"
    r"[\"']?[ ]?(?:\n|\Z))"
)
SESSIONS: tuple[PatternDetector, ...] = (
    pattern_detector(
        "session-id",
        "jsessionid|phpsessid|asp.net_|session|sess=|connect.sid|sid|csrf|xsrf|aspsessionid|laravel_|_session|cfid|cftoken|remember_"
        "|.aspxauth",
        rf"(?i:{_SESSIONS}){QUOTE}[=:][ ]?{QUOTE}(?P<s>(?:s:(?=[\w-]{{20}}))?[A-Za-z0-9%._~+/!=-]{{8,1024}})",
        looks.is_random,
    ),
    pattern_detector(
        "session-id",
        "session",
        r"(?i:session)(?:[ ](?:id|token|key|created|opened|started|closed|expired|for|with)){0,2}[ ]?(?:[:=#"
        r"(][ ]?|[ ](?:id=)?)[\"'(]?"
        r"(?P<s>[A-Za-z0-9_-]{20,256})(?![\w-])",
        _is_session_id,
    ),
)
HEADERS: tuple[PatternDetector, ...] = (
    pattern_detector("authorization", "ssws ", r"(?-i:SSWS) (?P<s>[\w-]{30,64})(?![\w-])", looks.is_random),
    pattern_detector(
        "authorization",
        "authorization",
        rf"(?i:authorization){QUOTE}\s{{0,3}}[:=]\s{{0,3}}{QUOTE}(?:(?i:{_SCHEMES})[ =+]+)(?:token=)?"
        rf"(?P<s>[^\s\"'`\\,][^\"'`\n\\]{{0,4096}})",
        _is_header_value,
    ),
    pattern_detector(
        "authorization",
        "authorization",
        rf"(?i:authorization){QUOTE}\s{{0,3}}[:=]\s{{0,3}}{QUOTE}(?P<s>(?!(?i:digest"
        rf"|{_SCHEMES})[ =+])[^\s\"'`\\,][^\"'`\n\\]{{0,4096}})",
        lambda value: any(map(looks.is_mixed, value.split())),
    ),
    pattern_detector(
        "authorization",
        "authorization",
        r"(?i:authorization)[:=]?\s{0,3}(?i:digest|hawk|oauth|signature|mediabrowser|sharedkey(?:lite)?) "
        r"(?P<s>[^\n]{1,4096})",
        accept_all,
    ),
    pattern_detector(
        "authorization",
        "bearer",
        rf"(?i:bearer)[ :=+]{{1,3}}{QUOTE}(?P<s>[A-Za-z0-9._~+/=-]{{8,4096}})",
        _is_bearer_token,
    ),
    pattern_detector(
        "authorization", "basic ", r"(?i:basic) (?P<s>[A-Za-z0-9+/]{6,512}={0,2})", looks.is_user_and_password
    ),
    pattern_detector(
        "authorization",
        "auth plain |authenticate plain |sasl plain ",
        r"(?i:auth\w*|sasl) (?i:plain) (?P<s>[A-Za-z0-9+/]{6,512}={0,2})",
    ),
    pattern_detector(
        "authorization",
        "auth login",
        r"(?i:auth login)[^\n]{0,40}\n334 [A-Za-z0-9+/=]{4,40}\n(?P<s>[A-Za-z0-9+/]{4,512}={0,2})(?=\n|\Z)",
        accept_all,
    ),
    pattern_detector(
        "authorization",
        "334 ugfzc3dvcmq6",
        r"334 UGFzc3dvcmQ6\s{1,4}(?:[CS<>*]{1,3}:?[ ])?(?P<s>[A-Za-z0-9+/]{4,512}={0,2})(?=\s|\Z)",
        accept_all,
    ),
    pattern_detector(
        "authorization",
        '"auth"',
        r"\"auth\"\s{0,3}:\s{0,3}\"(?P<s>[A-Za-z0-9+/]{8,1024}={0,2})\"",
        lambda value: looks.is_user_and_password(value) or looks.is_key(value),
    ),
    pattern_detector(
        "cookie",
        "cookie",
        rf"(?i:cookie){QUOTE}(?:[\]),]{{0,2}}\s{{0,2}}[:=]|,?[ ]?\"value\":)\s{{0,3}}{QUOTE}"
        rf"(?!{_HARMLESS_COOKIE})(?P<s>[^\s\"'=\\]{{1,100}}=(?![;\s])[^\"'\n\\]{{1,8192}})",
    ),
    pattern_detector(
        "session-id",
        '"session|"sid"|"connect.sid"|"jsessionid"|"phpsessid"|"auth_token"|"_session',
        r"\"[\w.-]{3,40}\",\s{0,40}(?:\"\w{1,20}\":\s{0,3}[^,{}\n]{1,80},\s{0,40}){0,4}\"value\":\s{0,3}\"(?P<s>[^\"\s]{16,4096})\"",
        looks.is_random,
    ),
    pattern_detector(
        "token", "curl ", r"curl [^\n]{0,300}?-\w{0,4}u[ ]?[\"']?(?P<s>[\w-]{16,255}):[\"']?(?=\s|\Z)", looks.is_mixed
    ),
    pattern_detector(
        "cookie",
        "curl ",
        r"(?i:curl) [^\n]{0,400}?(?:-b|--cookie)[ =][\"']?(?P<s>[^\s\"'=\\]{1,100}=[^\"'\n\\]{1,8192})",
    ),
    pattern_detector(
        "token",
        "sec-websocket-protocol",
        r"(?i:sec-websocket-protocol): ?[\w.-]{1,40}, ?(?P<s>[^\s,\"']{16,4096})",
        looks.is_random,
    ),
    pattern_detector("token", ".authorization.k8s.io.", r"\.authorization\.k8s\.io\.(?P<s>[\w-]{16,4096})", accept_all),
    pattern_detector(
        "authorization",
        "sha256=|sha1=",
        r"(?i:signature[\w-]{0,10})\"?: ?\"?sha(?:1|256)=(?P<s>[0-9a-f]{40,64})",
        accept_all,
    ),
)
_HOST = r"@(?=[\w\[$<\u2039{(/])"
URLS: tuple[PatternDetector, ...] = (
    pattern_detector("url-password", "://", rf"://[^\s:/@?#\"'<>]{{0,128}}:(?P<s>[^\s/\"'<>]{{1,256}}){_HOST}"),
    pattern_detector(
        "url-password",
        "postgres://|postgresql://|mysql://|mongodb://|redis://|rediss://|amqp://|amqps://|+srv://|+psycopg://|+asyncpg://|s3://",
        rf"[\w+]{{1,20}}://[^\s:/@?#\"'<>]{{0,128}}:(?P<s>[^\s\"'<>@]{{1,256}}){_HOST}",
    ),
    pattern_detector(
        "url-password", "ldap://|ldaps://", r"ldaps?://[^\s@/\"'<>]{1,200}:(?P<s>[^\s/@\"'<>]{1,256})@(?=\w)"
    ),
    pattern_detector("url-token", "://", r"://(?P<s>[A-Za-z0-9_.~%-]{20,256})@(?=[\w\[])", looks.is_mixed),
    pattern_detector(
        "url-token", "://", rf"://(?P<s>[^\s:/@?#\"'<>]{{10,128}}):[^\s/\"'<>]{{1,256}}{_HOST}", _is_user_token
    ),
    pattern_detector("token", "?key=|&key=|;key=", r"[?&;]key=(?P<s>[^\s&\"'<>;,)]{16,512})", _is_grant),
    pattern_detector(
        "token",
        "reset-password/|password-reset/|reset_password/|password_reset/|/reset/|/verify/|/confirm/|/activate/|/invite/"
        "|magic-link/|/magic/|/unsubscribe/|/invitations/",
        r"(?i:[\w-]{3,16}|/\w{3,14})/(?P<s>[A-Za-z0-9_-]{20,256})(?![\w-])",
        _is_one_time_link,
    ),
    pattern_detector(
        "token",
        "/token/|/tokens/|/sso/",
        r"(?i:[\w-]{3,16}|/\w{3,14})/(?P<s>[A-Za-z0-9_-]{20,256})(?![\w-])",
        looks.is_key,
    ),
    pattern_detector(
        "password", "?u=|&u=|?user=|&user=", r"[?&]u(?:ser)?=[^\s&\"'<>]{1,64}&p=(?P<s>[^\s&\"'<>;,)]{1,256})"
    ),
    pattern_detector("password", "server:", r"(?<=:p)server:[\w.-]{1,64}:(?P<s>[^\s@:]{1,128})@"),
    pattern_detector("token", "?appid=|&appid=", r"[?&]appid=(?P<s>[0-9a-f]{32})(?!\w)"),
    pattern_detector("token", "?ticket=|&ticket=", r"[?&]ticket=(?P<s>[\w.-]{20,2048})", looks.is_key),
    pattern_detector("token", "?code=|&code=", r"[?&]code=(?P<s>[^\s&\"'<>;,)]{16,2048})", _is_grant),
    pattern_detector(
        "token",
        "?k=|&k=|?t=|&t=|?hash=|&hash=|?auth=|&auth=",
        r"[?&]\w{1,4}=(?P<s>[^\s&\"'<>;,)]{24,512})",
        looks.is_key,
    ),
    pattern_detector(
        "token", "?t=|&t=|?k=|&k=|?auth=|&auth=", r"[?&]\w{1,4}=(?P<s>[0-9a-f]{32,64})(?![\w-])", looks.is_random
    ),
    pattern_detector("password", '/"', r"(?<=\w)/\"(?P<s>[^\"\n]{4,64})\"@(?=[\w/])"),
    pattern_detector(
        "url-password",
        "jdbc:oracle:|oracle:",
        r"(?i:oracle)[:\w]{0,20}[:/](?P<u>[\w$#]{1,60})/(?P<s>[^\s@\"'/]{1,128})@",
        looks.could_be_secret,
    ),
)
_USER = r"(?!:?otliam)(?P<user>[\w.-]{0,63}[a-z](?:\\[\w.-]{1,64})?)(?![\w/:@.])"
_LOGINS: tuple[PrefixDetector, ...] = (
    PrefixDetector(
        "password",
        ("@",),
        Pattern(rf"(?P<s>[^\s:@/\"'<>`(){{}}\[\],;=]{{8,64}}):{_USER}"),
        looks.is_made_up,
        Pattern(r"@(?!sha256:|sha512:)(?:[\w-]|\()"),
    ),
    PrefixDetector(
        "password",
        ("@",),
        Pattern(r"(?P<s>[^\s:@/\"'<>`(){}\[\],;=]{8,64}):\d{2,12}(?![\w/@.])"),
        looks.is_unmistakable,
        Pattern(r"@[\w-]"),
    ),
    PrefixDetector(
        "password",
        ("@",),
        Pattern(rf"(?P<s>[^\s:@/\"'<>`(){{}}\[\],;=]{{8,64}})/{_USER}"),
        looks.is_unmistakable,
        Pattern(r"@[A-Za-z][\w.]{1,40}(?=[\s\"',;)]|\Z)"),
    ),
    PrefixDetector("password", ("@//",), Pattern(rf"(?P<s>[^\s:@/\"'<>`]{{4,64}})/{_USER}"), looks.stands_out),
)
"""`user:password@host` without a scheme before it, as drivers and tools take it."""


REQUESTS: tuple[Detector, ...] = (*SESSIONS, *HEADERS, *URLS, *_LOGINS)
