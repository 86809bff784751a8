"""Judge whether a value looks like a secret rather than a placeholder, prose, a path or code."""

import math
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from onrecall.redaction.letter_pairs import CHUNK, is_gibberish, reads_as_words
from onrecall.redaction.lexicon import FUNCTION_WORDS

Look = Callable[[str], bool]
_TRAILING = ").]}:,;`\"'"
_PLACEHOLDER = re.compile(
    r"(?:\*+(?:[ ]\(.*)?|(?:[\w-]{0,8}[_-])?x{4,}|x+"
    r"|\.{3,}|-+|_+|•+|…|\?|<[^>]*>?|\$\{?\(?[A-Za-z_.:({-].*|\$\d|\{\{.*|%[({]?\w+.*"
    r"|\{[\w.]*\}?"
    r"|\[.{0,40}|\([a-z ]*\)?|\u2039.*|@\w+|@[\w.-]+@|@@.*|#\{.*|:'?\w+'?|[\w=]{0,20}\.{3}\w{0,20}|\w{0,20}…\w{0,20}"
    r"|__[A-Za-z_]+__"
    r"|await|yield|new|requires?|options?|flags?|arguments?|null|nil|none|undefined|true|false|yes|no|on|off|required|invalid|missing|expired|failed|failure|incorrect|wrong|empty"
    r"|unset|unknown|error|denied|rejected|changed|rotated|reset|ok|valid|optional|string|str|text|redacted|hidden|masked"
    r"|filtered|removed|omitted|example|changeme|changeit|change_?me|placeholder|default|your[_-].*|my[_-]?(?:password|secret"
    r"|token)|not|is|was|for|must|cannot|could|should|the|a|an|in|on|at|to|from|with|and|or|has|have|does|did|authentication"
    r"|policy|file|prompt|env|password|passwd|pass|token|secret|secrets|bearer|basic|digest|key|keys|name|type|value|n/a|nan|0"
    r"|unchanged|same|see|ask|as|pending|accepted|correct|successful(?:ly)?|success|enabled|disabled|locked|unlocked|verified|set"
    r"|updated|created|deleted|revoked|used|unused|available|unavailable|stored|saved|managed|manual|auto|automatic|generated"
    r"|inherit(?:ed)?|blank|nothing|todo|tbd|tba|encrypted|hashed|sensitive|confidential|protected|forbidden|allowed|supported"
    r"|unsupported|deprecated|ignored|skipped|mandatory|match(?:es|ed)?|mismatch(?:ed)?|needs|needed|will|be|been|never|always|only"
    r"|please|rotate|renew|stale|leaked|compromised|exposed|lost|forgotten|reused|shared|sent|received|provided|supplied|absent"
    r"|present|falsch|ungültig|abgelaufen|geändert|vergessen|leer|keine?s?|siehe|unverändert|gesperrt|expirée?|incorrecte?|invalide"
    r"|oubliée?|vide|aucune?|voir|caducad[ao]|incorrect[ao]|inválid[ao]|vací[ao]|ningun[ao]|expirad[ao]|errat[ao]|scadut[ao]|vuot[ao]"
    r"|verlopen|onjuist|leeg|wygasło|błędne|puste|vypršelo|неверный|неверен|истёк|истек|изменён|пуст|нет|错误|已过期|为空|無効|なし"
    r"|UGFzc3dvcmQ6|VXNlcm5hbWU6|\.[*+].*"
    r"|compat|files|sss|systemd|ldap|winbind|nis"
    r"|bytes|bool|boolean|int|integer|number|object|array|list|dict|any|unicode|char|varchar|-1|\d{1,2}|\||[|>][-+]?|unexpected.*|expected|found|secretkeyref.*|valuefrom.*|foobared|public|private|strong|weak|plain|plaintext"
    r"|(?:vault|arn|sops|kms|ssm|env|file|op|https?)://?.*|(?:vault|arn|sops|kms|ssm|env|file|keychain):.*|ref\+.*"
    r"|enc[\[(].*|!(?:ref|sub|vault|getatt|secret|env|include)\b.*|\(\(.*"
    r"|(?:(?:last|was|never|not) )?(?:changed|rotated|expire[sd]|reset|renewed|updated|created|issued|revoked|used|set)"
    r" (?:on |at |by |in |since |until |from )?(?:\d{1,4}[-./:].*|\d{1,3} \w+ ago|yesterday|today|[a-z]+ \d{1,2}\b.*)"
    r"|(?:geändert|zurückgesetzt|abgelaufen|erneuert|changée?|modifiée?|expirée?|cambiad[ao]|caducad[ao]|scadut[ao]|modificat[ao]"
    r"|alterad[ao]|expirad[ao]|gewijzigd|verlopen) (?:am|seit|le|depuis|el|desde|il|dal|em|op|sinds) \d{1,4}[-./].*)",
    re.IGNORECASE | re.DOTALL,
)
"""Placeholders and words in place of a secret."""
_ELSEWHERE = re.compile(
    r"(?:Ag[A-D][A-Za-z0-9+/]{80}|(?:[a-z][a-z0-9]*-)+(?:token|dockercfg)-[a-z0-9]{5}$|\[redacted:|\.[a-z][\w-]*$|[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*$|[\w.]+_FILE$|[A-Za-z]:\\).*",
    re.DOTALL,
)
"""References to a secret stored elsewhere, such as a Kubernetes secret name with its namespace, and sealed secrets."""
_PATH = re.compile(r"(?:\.{0,2}|~)/.*", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_CODE = re.compile(
    r"[A-Za-z_$]\w*(?:\.\w+)*(?:\((?:[a-z_., ]*\)?)|\[.*)"
    r"|Get-(?:Credential|Content|Item|ItemProperty|Variable|Secret|AzKeyVaultSecret|LapsADPassword|Random)|Read-Host"
    r"|New-(?:Object|Guid)|Import-(?:Clixml|Csv|PfxCertificate)|Convert(?:To|From)-(?:SecureString|Json)"
    r"|[A-Za-z_]\w*(?:(?:\.|::)[A-Za-z_]\w*)*!?\((?!.{1,60}\)\w{1,8}\Z).*"
    r"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\(.*"
    r"|_{0,2}[a-z][A-Za-z_]*(?:\.[A-Za-z_]+)+(?:[\[(].*)?"
    r"|(?:self|this|settings|config|cfg|os|env|args|request|req|options|opts|params|ctx|user|props|var|local|data|module"
    r"|random_password|process|secrets?|vault)\.[\w.\[\]\"']+"
)
"""A call, or a variable that a program reads."""
_NAME = re.compile(
    r"[\w-]+\.[a-z]{2,4}|[a-z-]+-?\d{1,4}|0x[0-9a-f]{1,16}[ul]{0,3}|v\d+(?:[.-]\w+)*(?:(?:alpha|beta|rc)\d*)?|\d+(?:ms|s|m|h|d|days?|[kmg]i?b?)?",
    re.IGNORECASE,
)
_FILLED_IN = re.compile(r"<[^<>]*>|\$?\{+[^{}]*\}+|\$\(?\w+\)?|%\(\w+\)s|\*{3,}")
"""A template variable or a masked part."""
_TYPE = re.compile(
    r"_?(?:[A-Z][a-z]+)+(?:Type|Str|Like|String|Model|Bytes|Flow|Callable\w?|Optional|Union)|"
    r"(?:[A-Z][A-Za-z]+\.)+[A-Z][A-Za-z]+"
)
_CONSTANT = re.compile(r"_{0,2}[A-Z]+(?:_[A-Z]+)+_{0,2}")
"""The name of a variable, such as `CHANGE_ME`."""
_REFERENCE = re.compile(
    r"(?:[a-z]\w{0,40}\.[A-Za-z]+)?_{0,2}(?:[A-Za-z]+[_-])*(?:[a-z]+)?(?i:password|passwd|passphrase|pwd|secret|token|key|auth|credentials?|pw|pass)(?:_(?:ptr|str|hash|text))?=?"
)
"""A variable that is named after what it holds, such as `key_password`."""
_FUNCTION_WORDS = frozenset(FUNCTION_WORDS.split()) | {"to", "a", "an", "of", "in", "used"}
_VERSION = re.compile(
    r"(?:(?:[\^~]|[<>=]{1,2} ?)(?:\d{1,3}|\d+(?:\.[\dx*]+){1,3})|\d+\.\d+\.\d+)(?:[-+][a-z]{0,12}(?:[.-]?\d+){0,4})?"
)
"""A version, or a range of them, behind the name of a package such as `minipass`."""
_CACHE_KEY = re.compile(
    r"[A-Za-z][\w.]*-(?:[\w.]+-){0,8}(?:[0-9a-f]{20,128}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
)
"""What a build keeps its cache under: `Linux-node-8f14…`."""
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_NO_SECRETS = (_PLACEHOLDER, _ELSEWHERE, _CODE, _CONSTANT, _REFERENCE, _TYPE, _VERSION)
_KEY_LETTERS = re.compile(r"[A-Za-z0-9+/=_.~:%-]+")
_WORDLIKE = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+){1,6}\d{0,4}|v?\d+[a-z]{0,3}")
_PARTICIPLE = re.compile(r"(?:ge|ver|be|ont|her|zer|ent)[a-z]{3,12}(?:d|t|en)")
"""A verb of German or Dutch, whose letters are rare in English."""
_PLAIN = re.compile(r"[\w.-]*[=@&?%][\w.=@&?%-]*")
"""A parameter or an address."""
_SPELLED = re.compile(
    r"(?!(?i:node|host|port|step|user|line|page|build|shard|level|ldap|argon|bcrypt|blake|scrypt|pbkdf|table|server|prod"
    r"|base|crypt|series|version|since|until|part|sha|md|rsa|aes|des|auth|oauth|policy|attempt|field|prompt|db|app|web|pg"
    r"|rule|case|test|room|row|item|key|slot|zone|site|core|ntlm|kerberos|tls|ssl|utf|phase|try|option|ticket)\d)"
    r"(?:[A-Za-z]{3,}\d{1,6}[!?.*]?|(?=\D*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z\d]{8,})"
)
"""A word and a number, or words with capitals and a number, as people choose passwords."""
_HYPHENATED = re.compile(r"(?=.*[a-z])(?![A-Z]{2,10}-\d+\Z)[A-Z]\w{2,}(?:[-.]\w{1,12}){1,3}[!?.*]?")
_WORD_AND_YEAR = re.compile(r"[^\W\d_a-z][^\W\d_A-Z]{2,11}[-_.@](?:19|20)\d\d\w?[!?.*]?")
"""`Summer-2023`."""
_TWO_WORDS = re.compile(
    r"(?!(?:Base|Sha|Http|Log|Win|Java|Utf|Ipv|Oauth|Type|Sqlite|Grpc|Web|Argon|Crypt|Node|Python|Server)\d)"
    r"[A-Z][a-z]{3,15}\d{1,4}[A-Z][a-z]{2,15}[!?.*]?"
)
_SCRAMBLED = re.compile(r"(?!.*(?:sha|md5|pbkdf|crypt))(?=(?:[a-z]+\d+){2}|(?:\d+[a-z]+){2})[a-z0-9]{8,20}")
_KINDS = tuple(map(re.compile, ("[a-z]", "[A-Z]", r"\d")))
_SYMBOL = re.compile(r"[^\W_]+[!#$%^&*?+=@~]+[^\W_]+")


def could_be_secret(value: str) -> bool:
    """Return whether the value can be a secret at all."""
    trimmed = _trim(value)
    return (
        any(map(str.isalnum, _FILLED_IN.sub("", trimmed)))
        and not any(pattern.fullmatch(trimmed) for pattern in _NO_SECRETS)
        and not (_is_path(trimmed) or _is_prose(trimmed))
    )


def stands_out(value: str) -> bool:
    """Return whether a word after `the password is` is a password rather than part of the sentence."""
    trimmed = _trim(value)
    if len(trimmed) < 16 and _is_wordlike(trimmed) and re.search(r"[-_./]", trimmed) and not _is_choppy(trimmed):
        return False
    rare = is_gibberish(trimmed) and not _PARTICIPLE.fullmatch(trimmed)
    odd = _letters_and_digits(trimmed) or rare or _SYMBOL.search(trimmed) is not None
    return odd and could_be_secret(value)


def is_no_word(value: str) -> bool:
    """Return whether the value is neither a natural word nor a name made of words, such as `db-credentials`."""
    return could_be_secret(value) and " " not in value and (not _is_wordlike(_trim(value)) or is_gibberish(value))


def is_mixed(value: str) -> bool:
    """Return whether the value looks machine-generated: long, with digits and letters, and no plain name."""
    trimmed = _trim(value)
    odd = _letters_and_digits(trimmed) or is_gibberish(trimmed)
    return (
        len(trimmed) >= 8
        and odd
        and could_be_secret(value)
        and not _is_name(trimmed)
        and (_is_choppy(trimmed) or not reads_as_words(trimmed))
    )


def is_random(value: str) -> bool:
    """Return whether the value is as random as a key."""
    trimmed = _trim(value)
    return len(trimmed) >= 16 and is_mixed(value) and entropy(trimmed) >= 3.0 and not _UUID.fullmatch(trimmed)


def is_key(value: str) -> bool:
    """Return whether the value is random, mixes upper case, lower case and digits, and contains no words."""
    trimmed = _trim(value)
    if not has_three_kinds(trimmed) or _CACHE_KEY.fullmatch(trimmed):
        return False
    words = [
        part
        for part in re.split(r"[^A-Za-z0-9]+", trimmed)
        if len(part) > 3 and part.isalpha() and not is_gibberish(part)
    ]
    return (
        is_random(value)
        and _KEY_LETTERS.fullmatch(trimmed) is not None
        and (not words or len(max(words, key=len)) * 4 < len(trimmed))
    )


def is_made_up(value: str) -> bool:
    """Return whether the value is a password regardless of context: no word, name, version or id in it."""
    trimmed = _trim(value)
    if not 8 <= len(trimmed) <= 200 or not could_be_secret(value):
        return False
    if re.search(r"[/\\(){}\[\]<>|,;\s]", trimmed) or _is_name(trimmed) or _UUID.fullmatch(trimmed):
        return False
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", trimmed) if part]
    if _is_choppy(trimmed):
        return True
    words = sum(len(part) > 2 and part.isalpha() and not is_gibberish(part) for part in parts[:-1])
    return not words and any(_is_jumbled(part) or is_gibberish(part) for part in parts)


def is_password_like(value: str) -> bool:
    """Return whether the value is a password where a login is told: made up, or of three kinds of characters."""
    trimmed = _trim(value)
    if is_made_up(value):
        return True
    symbol = re.search(r"[!@#$%^&*+?~]", trimmed) is not None
    kinds = symbol + sum(kind.search(trimmed) is not None for kind in _KINDS)
    plain = re.search(r"[/\\(){}\[\]<>|,;\s]", trimmed) is None and not _is_name(trimmed)
    return (
        kinds >= 3 and (symbol or _is_choppy(trimmed)) and plain and 8 <= len(trimmed) <= 64 and could_be_secret(value)
    )


def is_spelled(value: str) -> bool:
    """Return whether the value is a word and a number, as people choose passwords; only where a password is due."""
    trimmed = _trim(value)
    spelled = _SPELLED.fullmatch(trimmed) or is_word_and_year(trimmed)
    hyphenated = _HYPHENATED.fullmatch(trimmed) and len(re.findall(r"\d", trimmed)) > 1
    return 6 <= len(trimmed) <= 64 and bool(spelled or hyphenated) and could_be_secret(value)


def is_word_and_year(value: str) -> bool:
    """Return whether the value is a capitalised word and a year, such as `Summer-2023`."""
    return _WORD_AND_YEAR.fullmatch(_trim(value)) is not None


def is_two_words(value: str) -> bool:
    """Return whether the value is two words around a number, such as `Bridge44Garden`."""
    return _TWO_WORDS.fullmatch(_trim(value)) is not None


def is_scrambled(value: str) -> bool:
    """Return whether letters and digits take turns in one word, as in a password of small letters."""
    return _SCRAMBLED.fullmatch(value) is not None and is_mixed(value)


def is_unmistakable(value: str) -> bool:
    """Return whether only a password or a key looks like this: small letters, capitals and digits in fast turns."""
    if value.islower() or value.isupper():
        return False
    trimmed = _trim(value)
    if not has_three_kinds(trimmed):
        return False
    odd = _is_choppy(trimmed) or (_SYMBOL.search(trimmed) is not None and _PLAIN.fullmatch(trimmed) is None)
    return odd and (is_password_like(value) or is_key(value))


def is_uuid(value: str) -> bool:
    """Return whether the value is a UUID."""
    return _UUID.fullmatch(value.strip()) is not None


def has_three_kinds(value: str) -> bool:
    """Return whether small letters, capitals and digits are all in the value."""
    return all(kind.search(value) for kind in _KINDS)


def is_digits(value: str) -> bool:
    """Return whether this is a short numeric code, such as a PIN."""
    return re.fullmatch(r"\d{4,8}", value.strip()) is not None


@lru_cache(maxsize=4096)
def entropy(value: str) -> float:
    """Return the Shannon entropy of the value in bits per character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


def is_user_and_password(value: str) -> bool:
    """Return whether this is base64 of `user:password`, or of a SASL PLAIN message."""
    try:
        plain = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (NotBase64, ValueError):
        return False
    return (b":" in plain or plain.count(b"\0") == 2) and plain.isascii()


def _is_name(value: str) -> bool:
    """Return whether this is a host or file name, a version or a quantity."""
    return _NAME.fullmatch(value) is not None and not is_gibberish(value)


def _is_prose(value: str) -> bool:
    """Return whether this is a sentence; a passphrase contains no function words."""
    words = value.lower().split()
    return len(words) > 2 and not _FUNCTION_WORDS.isdisjoint(words)


def _is_path(value: str) -> bool:
    """Return whether this is a path, and not base64 that begins with a slash."""
    if not _PATH.fullmatch(value):
        return False
    steps = [step for step in value.split("/") if step]
    return not _BASE64.fullmatch(value) or 2 * sum(map(_is_wordlike, steps)) > len(steps)


def _is_jumbled(part: str) -> bool:
    """Return whether letters and digits alternate as in no word, version or unit."""
    chunks = CHUNK.findall(part)
    cases = sum(kind.search(part) is not None for kind in _KINDS)
    return cases > 1 and len(part) >= 6 and len(chunks) >= (4 if cases == 3 else 5) and len(part) < 4.2 * len(chunks)


def _is_choppy(value: str) -> bool:
    """Return whether small letters, capitals and digits alternate faster than in any name."""
    if not has_three_kinds(value):
        return False
    chunks = CHUNK.findall(value)
    return len(chunks) >= 5 and sum(map(len, chunks)) < 2.6 * len(chunks)


def _is_wordlike(value: str) -> bool:
    return all(_WORDLIKE.fullmatch(part) for part in re.split(r"[-_./: ]+", value) if part)


def _letters_and_digits(value: str) -> bool:
    return re.search(r"\d", value) is not None and re.search(r"[^\W\d_]", value) is not None


def _trim(value: str) -> str:
    return value[:4096].rstrip(_TRAILING).strip()
