"""Detect passwords in the configuration of network devices: routers, switches, firewalls, access points."""

from onrecall.redaction import heuristics as looks
from onrecall.redaction.rules import ANYTHING, accept_all, may_be_chosen, may_be_password, pattern_detector
from onrecall.redaction.scanner import PatternDetector


def _is_community(value: str) -> bool:
    """Return whether the community of SNMP is a secret: not the default, not an address."""
    return value.lower() not in ("public", "private") and looks.could_be_secret(value) and "." not in value


_LEVEL = r"(?:[0-9] )?"
DEVICES: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        'sha "|md5 "|aes "|des "|sha-256 "|sha-512 ',
        r"(?i:sha|md5|aes|des)(?:-?\d{1,3})? \"(?P<s>[^\s\"]{8,64})\"",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "option key|option password|option psk|].key=",
        r"(?:option \w{3,10} |\]\.key=)[\"'](?P<s>[^\"'\n]{6,64})[\"']",
        may_be_password,
    ),
    pattern_detector("password", "set_password ", r"set_password (?:vnc|spice) (?P<s>\S{4,64})", may_be_password),
    pattern_detector("password", "';'", r"(?<='sa)';'(?P<s>[^'\n;]{4,128})'"),
    pattern_detector(
        "password", "enable secret|enable password", rf"enable (?:secret|password) {_LEVEL}{ANYTHING}", may_be_password
    ),
    pattern_detector(
        "password",
        "username ",
        rf"username \S{{1,64}} (?:[\w-]{{1,20}} \S{{1,20}} )?(?:password|secret) {_LEVEL}{ANYTHING}",
        may_be_password,
    ),
    pattern_detector("password", "snmp-server community", rf"snmp-server community {ANYTHING}"),
    pattern_detector("password", "snmp community", rf"snmp community {ANYTHING}", may_be_chosen),
    pattern_detector(
        "password",
        "set passwd |set password |set passphrase |set auth-pwd |set priv-pwd |set secret ",
        rf"set [\w-]{{6,10}} {ANYTHING}(?=[\"'`]?[ \t]*(?:\r?\n|\Z))",
        may_be_chosen,
    ),
    pattern_detector(
        "password",
        "authentication-key ",
        rf"authentication-key (?:\d{{1,5}} )?(?:hmac-)?(?:md5|sha)[\d-]{{0,8}} {ANYTHING}",
        may_be_chosen,
    ),
    pattern_detector("password", "create account ", rf"create account \w{{4,10}} \S{{1,32}} {ANYTHING}", may_be_chosen),
    pattern_detector(
        "password",
        "vtp password |chap password |pap password |area-password |domain-password |isis password ",
        rf"\w{{3,10}}[ -]password (?:md5 |clear )?{_LEVEL}{ANYTHING}",
        may_be_chosen,
    ),
    pattern_detector(
        "password",
        "\nkey |\n key |\n  key |\n\tkey ",
        r"\n[ \t]{0,2}key (?:[0-9] )?(?P<s>\S{6,128})(?=[ \t]*(?:\n|\Z))",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        "password cipher |password irreversible-cipher |password simple ",
        rf"password [\w-]{{1,20}} {ANYTHING}",
        may_be_password,
    ),
    pattern_detector(
        "password", "sp_add", r"sp_add\w{3,30}[^\n]{1,200}?'(?P<s>[^'\n]{6,128})'\s*(?=;|\n|\Z)", looks.is_password_like
    ),
    pattern_detector(
        "password",
        "tacacs|radius|isakmp key|ikev2|pre-shared-key|neighbor |ntp authentication-key|key-string|ospf|standby "
        "|vrrp |wpa-psk|server-key|nhrp ",
        r"(?:(?:tacacs|radius)(?:-server)?[^\n]{0,80}? (?:server-)?key|isakmp key|pre-shared-key(?: (?:local"
        r"|remote))?(?: (?:ascii-text|hex"
        r"|address \S+ key))?|neighbor \S{1,64} password|ntp authentication-key \d{1,5} \w{2,6}|key-string|ospf "
        r"(?:message-digest-key \d{1,3} md5"
        r"|authentication-key)|ip nhrp authentication|(?:standby|vrrp) [^\n]{0,20}authentication(?: (?:text"
        r"|md5 key-string))?|wpa-psk (?:ascii|hex)|server-key)"
        rf" {_LEVEL}{ANYTHING}",
        may_be_chosen,
    ),
    pattern_detector(
        "password",
        ': psk "|: psk \'|: eap "|: xauth "|: ntlm "|: psk 0|: eap 0',
        r": (?i:PSK|EAP|XAUTH|NTLM) (?:[\"'](?P<q>[^\"'\n]{4,255})[\"']|(?P<s>0[sx][\w+/=]{16,255}))",
        accept_all,
    ),
    pattern_detector(
        "password",
        "|".join(
            f"\n{' ' * indent}{name} " for indent in (1, 2, 3, 4) for name in ("password", "secret", "passphrase")
        ),
        rf"\n[ ]{{1,4}}\w{{6,10}} {_LEVEL}(?P<s>\S{{6,64}})(?=[ \t]*(?:\n|\Z))",
        may_be_password,
    ),
    pattern_detector(
        "password",
        "rocommunity|rwcommunity|com2sec",
        rf"(?:r[ow]community6?|com2sec6?(?: -Cn \S{{1,40}})? \S{{1,40}} \S{{1,60}}) {ANYTHING}",
        _is_community,
    ),
    pattern_detector(
        "password",
        "passwd enc |password enc |psksecret |secret enc ",
        rf"(?:passwd|password|psksecret|secret) (?:ENC )?{ANYTHING}",
        may_be_password,
    ),
    pattern_detector(
        "password", " auth ", r" auth (?:(?:md5|sha\d*) )?(?P<s>\S{8,64})(?= priv )", looks.is_password_like
    ),
    pattern_detector(
        "password", " priv ", r" priv (?:(?:aes|3?des)(?: ?\d+)? )?(?P<s>\S{8,64})(?=\s|\Z)", looks.is_password_like
    ),
    pattern_detector(
        "password",
        "plain-text-password|encrypted-password",
        rf"(?:plain-text-password|encrypted-password)(?:-value)? {ANYTHING}",
    ),
)
