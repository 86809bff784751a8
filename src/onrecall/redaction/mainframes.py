"""Detect passwords in commands of mainframes and midrange machines: TSO, RACF, the control language of IBM i."""

import re

from onrecall.redaction.rules import pattern_detector
from onrecall.redaction.scanner import PatternDetector


def _is_value(value: str) -> bool:
    """Return whether the value of a parameter is a password, and no variable or special value such as `*NONE`."""
    return value[0] not in "&*%" and re.search(r"\d|\s|[a-z]", value) is not None


_PARAMETERS = "PASSWORD|PASSPHRASE|PHRASE|NEWPASS|NEWPWD|RMTPWD|USRPWD|PWD"
MAINFRAMES: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        "logon ",
        r"(?-i:LOGON) \w{1,8}/(?P<s>[A-Z0-9@#$]{4,8})(?=[\s(/]|\Z)",
        lambda value: not value.isalpha(),
    ),
    pattern_detector(
        "password",
        "altuser |adduser |alu ",
        r"(?-i:ALTUSER|ADDUSER|ALU) [^\n]{0,120}?(?:PASSWORD|PHRASE|NEWPASS)\('?(?P<s>[^\s()']{4,100})'?\)",
        lambda value: not value.startswith("&"),
    ),
    pattern_detector(
        "password",
        "|".join(f"{name.lower()}(" for name in _PARAMETERS.split("|")),
        rf"(?<=[A-Z0-9)] )(?:{_PARAMETERS})\('?(?P<s>[^()'\n]{{4,100}})'?\)",
        _is_value,
    ),
)
