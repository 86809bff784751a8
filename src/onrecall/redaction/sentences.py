"""Detect secrets in messages between people, where no name is next to them."""

import re

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.rules import ANYTHING, pattern_detector
from onrecall.redaction.scanner import PatternDetector

_BETWEEN = r"[ ]?(?:/|:|\||,|;|[ ]and[ ]|[ ]–[ ])[ ]?"
_CREDENTIALS = (
    r"(?<!\w)(?i:cred(?:ential)?s?|log-?in|zugangsdaten|anmeldedaten|identifiants|credenciales"
    r"|credenziali|user(?:name)?/pass"
    r"(?:word)?|account|wifi|wlan|vpn|konto|compte)"
)


def _is_code(value: str) -> bool:
    return 6 <= len(re.sub(r"\D", "", value)) <= 8


def _is_mnemonic(value: str) -> bool:
    return len(value.split()) >= 11


_CODE_PURPOSES = (
    "verification security confirmation time login access authentication auth 2fa mfa sms otp unlock activation pairing"
    " backup tan door alarm"
)
_CODE_PATTERN = "|".join(rf"(?<={purpose}[ -])code" for purpose in _CODE_PURPOSES.split())
SENTENCES: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        "log in|login|log into|sign in|logged in|ssh |connect|authenticate|use ",
        r"(?i:log ?in|log into|sign in|logged in|ssh|connect(?:ed)?|authenticated?)(?: [\w@./:-]{1,60}){0,5} "
        r"(?:with|using|via|pw|pass|/)"
        rf" (?:[\"'`]?[\w.@\\-]{{1,64}}[\"'`]?{_BETWEEN})?{ANYTHING}(?![\w/])",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "use |try |take |mit |con |avec ",
        rf"(?i:use|try|take|mit|con|avec) [\"'`]?[\w.@\\-]{{1,64}}[\"'`]?{_BETWEEN}{ANYTHING}(?![\w/])"
        r"(?=[\"'`)]{0,2} (?i:(?:to|for|as|zum|zur|para|pour) (?:the )?"
        r"(?:log|sign|ssh|connect|auth|access|einlogg|anmeld|entrar|acceder|se connecter|me connecter)))",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "login|cred|account|wifi|wlan|vpn|konto|compte|zugangsdaten|anmeldedaten|identifiants|user/pass"
        "|username/pass|log in|log-in",
        rf"{_CREDENTIALS}(?i:data|daten)?[ ]?(?:[:=(→]|[ ]?->|are|is|with|sind"
        rf"|-)?[ ]?[\"'`]?[\w.@\\-]{{1,64}}[\"'`]?{_BETWEEN}{ANYTHING}(?![\w/])",
        looks.is_password_like,
    ),
    pattern_detector(
        "password", "u:|user:|usr:", rf"(?i:u|user|usr): ?\S{{1,64}} (?i:p|pass|pw): ?{ANYTHING}", looks.stands_out
    ),
    pattern_detector(
        "password",
        "password-command|password_command|password_cmd|password-cmd|passcommand|passphrase-command",
        r"[\w-]{1,30}[ =]{1,3}[\"']?(?:echo|printf)(?: -\w{1,3})? [\"']?(?P<s>[^\s\"'|$]{4,255})",
    ),
    pattern_detector(
        "one-time-code",
        "code|passcode|otp|pin is|pin:",
        rf"(?i:{_CODE_PATTERN}|passcode|otp|pin(?= is|:))"
        r"(?: (?:is|was|:|=)|:|=)? ?(?P<s>\d{3}[ -]?\d{3,5})(?!\d|[\w.-]?\w)",
        _is_code,
    ),
    PatternDetector(
        "one-time-code",
        (" is your ",),
        Pattern(r"(?i)(?<!\d)(?P<s>\d{4,8}) is your (?:[\w-]{1,20} ){0,4}(?:code|pin|otp|passcode)(?!\w)"),
        back=(4, 5, 6, 7, 8),
    ),
    pattern_detector(
        "recovery-phrase",
        "seed phrase|mnemonic|recovery phrase|secret phrase",
        r"(?i:(?:(?:seed|recovery|secret) )?phrase|mnemonic)(?:[ ](?:is|are))?[ :=]{1,3}[\"'`]?(?P<s>[a-z]{3,8}"
        r"(?: [a-z]{3,8}){10,24})",
        _is_mnemonic,
    ),
    pattern_detector(
        "password",
        "echo |printf ",
        r"(?:echo|printf)(?: -\w{1,3}| '%s\S{0,3}'| \"%s\S{0,3}\"){0,2} [\"']?(?:[\w.-]{1,64}:(?=[^"
        r"|\n]{1,200}chpasswd))?(?P<s>[^\s\"'|]{1,255})[\"']?"
        r" ?\| ?(?:sudo )?(?:\S{0,60}/)?(?:chpasswd|passwd [^\n]{0,40}--stdin|sudo [^\n]{0,40}-S|su\b|kinit"
        r"|cryptsetup|ansible-vault|gpg|openssl|smbpasswd"
        r"|[\w-]{1,20} [^\n|]{0,80}--(?:password|passphrase|token|api-key)-?(?:stdin|fd|file -))",
    ),
    pattern_detector(
        "password",
        "<<<",
        r"<<< ?[\"']?(?:[\w.-]{1,64}:(?=\S))?(?P<s>[^\s\"']{6,255})",
        looks.is_made_up,
    ),
)
