"""Detect password hashes, as in shadow, htpasswd, LDAP and database tables; they can be cracked offline."""

from onrecall.redaction.rules import accept_all, pattern_detector
from onrecall.redaction.scanner import PatternDetector

_SCHEMES = (
    "sha|ssha|sha256|ssha256|sha512|ssha512|md5|smd5|crypt|pbkdf2|pbkdf2-sha256|pbkdf2-sha512|argon2"
    "|bcrypt|plain|cleartext"
)
_CRYPT = (
    "$1$|$2a$|$2b$|$2x$|$2y$|$5$|$6$|$7$|$8$|$9$|$14$|$y$|$gy$|$md5|$apr1$|$sha1$|$p$|$h$|$s$|$argon2"
    "|$pbkdf2|$scrypt$|$bcrypt"
)
HASHES: tuple[PatternDetector, ...] = (
    pattern_detector(
        "hash", _CRYPT, r"\$[A-Za-z0-9-]{1,16}\$(?:[\w=,.-]{1,40}\$)*[./A-Za-z0-9+=$-]{12,200}", accept_all
    ),
    pattern_detector("hash", "$krb5", r"\$krb5\w{2,10}\$\S{20,8000}", accept_all),
    pattern_detector(
        "hash",
        "|".join(f"{{{scheme}}}" for scheme in _SCHEMES.split("|")),
        r"\{[A-Za-z0-9-]{3,16}\}(?P<s>[A-Za-z0-9+/=$.*!-]{8,300})",
    ),
    pattern_detector(
        "hash",
        "pbkdf2|scrypt:|bcrypt|argon2|sha1$|sha256$|sha512$|scram-sha-",
        r"(?:(?:django_)?(?:pbkdf2|bcrypt|argon2|sha)\w{0,10}\$+|pbkdf2:sha\d{1,3}:\d{1,8}\$|scrypt:\d{1,8}:\d{1,3}:\d{1,3}\$|SCRAM-SHA-\d{1,3}\$)"
        r"(?P<s>[\w./+=$:,-]{24,400})",
        accept_all,
    ),
    pattern_detector("hash", "md5", r"(?<!\w)md5[0-9a-f]{32}(?!\w)", accept_all),
    pattern_detector("hash", "*", r"\*[0-9A-F]{40}(?!\w)", accept_all),
    pattern_detector("hash", "grub.pbkdf2", r"grub\.pbkdf2\.sha512\.\d{1,8}\.(?P<s>[0-9A-Fa-f.]{40,600})", accept_all),
    # The dump of a Windows account: name, number, two hashes.
    pattern_detector(
        "hash",
        "|".join(f":{number}" for number in range(1, 10)),
        r":\d{3,8}:(?P<s>[0-9a-fA-F]{32}:[0-9a-fA-F]{32})(?=:|\s|\Z)",
        accept_all,
    ),
    pattern_detector(
        "hash",
        "$ansible_vault;",
        r"(?i:\$ANSIBLE_VAULT;)[\w.;-]{5,60}\s{1,20}(?P<s>[0-9a-f]{40,}(?:\s{1,40}[0-9a-f]{2,80}){0,2000})",
        accept_all,
    ),
    pattern_detector("hash", "aad3b435b51404ee", r"(?i:aad3b435b51404ee){2}:(?P<s>[0-9a-fA-F]{32})", accept_all),
)
