"""Detect personal data, which is redacted optionally.

E-mail addresses, phone, card and account numbers, national ids, dates of birth. Numbers count
only if their check digits are valid, or after a name such as `passport`.
"""

import re
from collections.abc import Callable

from onrecall.redaction.pattern import Match, Pattern
from onrecall.redaction.scanner import PatternDetector

_Check = Callable[[Match], bool]


def _digits(match: Match) -> list[int]:
    return [int(c) for c in match[0] if c.isdigit()]


def _passes_luhn(digits: list[int]) -> bool:
    summed = [sum(divmod(2 * d, 10)) if place % 2 else d for place, d in enumerate(reversed(digits))]
    return sum(summed) % 10 == 0 and len(set(digits)) > 1


def _is_card(match: Match) -> bool:
    """Return whether the digits are a valid payment card number."""
    digits = _digits(match)
    return 13 <= len(digits) <= 19 and _passes_luhn(digits)


def _is_iban(match: Match) -> bool:
    """Return whether the check digits of an IBAN are valid."""
    plain = re.sub(r"[\s.-]", "", match[0]).upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _weighted_check(weights: tuple[int, ...], modulus: int, expected: Callable[[int, list[int]], bool]) -> _Check:
    """Return a check of the weighted digit sum modulo a number."""

    def holds(match: Match) -> bool:
        digits = _digits(match)
        total = sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % modulus
        return len(set(digits)) > 2 and expected(total, digits)

    return holds


def _is_dni(match: Match) -> bool:
    """Return whether the letter of a Spanish id matches its number."""
    plain = re.sub(r"[\s.-]", "", match[0]).upper().translate(str.maketrans("XYZ", "012", ""))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(plain[:8]) % 23] == match[0].strip()[-1].upper()


def _is_nir(match: Match) -> bool:
    """Return whether the key of a French social security number is valid."""
    digits = "".join(map(str, _digits(match)))
    return len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:])


def _is_cpf(match: Match) -> bool:
    """Return whether both check digits of a Brazilian taxpayer number are valid."""
    digits = _digits(match)
    for length in (9, 10):
        check_digit = sum((length + 1 - n) * digits[n] for n in range(length)) * 10 % 11 % 10
        if check_digit != digits[length]:
            return False
    return len(set(digits)) > 1


_ODD_PLACE_VALUES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
"""Values of A to Z at the odd positions of an Italian tax code; digits have the first ten values."""


def _is_codice_fiscale(match: Match) -> bool:
    """Return whether the check letter of an Italian tax code is valid."""
    worth = [ord(c) - (48 if c.isdigit() else 65) for c in match[0].upper()]
    return (sum(_ODD_PLACE_VALUES[n] for n in worth[:15:2]) + sum(worth[1:15:2])) % 26 == worth[15]


def _is_check_digit(total: int, digits: list[int]) -> bool:
    """Return whether the check character of a Chinese id is valid; with an X it has one digit less."""
    expected = "10X98765432"[total]
    return len(digits) == 17 if expected == "X" else len(digits) == 18 and str(digits[17]) == expected


def _detector_by_name(kind: str, anchors: str, names: str, value: str) -> PatternDetector:
    """Return a detector of personal data by the name before it."""
    return PatternDetector(
        kind,
        tuple(anchors.split("|")),
        Pattern(
            rf"(?<![^\W_])(?i:{names})[\"'`]?(?:[ ]?(?:no\.?|number|nr\.?|id|#))?[\"'`]?\s{{0,3}}(?:[:=#]"
            rf"|is)?\s{{0,3}}[\"'`]?(?P<s>{value})(?!\w)"
        ),
    )


_DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}\.? [A-Z][a-z]{2,8}\.? \d{4}"
_HOST = r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"
PERSONAL: tuple[PatternDetector, ...] = (
    PatternDetector(
        "email",
        (),
        Pattern(rf"(?<![\w.+%/-])[\w.+%-]{{1,64}}@{_HOST}(?![\w@])"),
        lambda match: not match[0].startswith("git@"),
    ),
    PatternDetector(
        "email",
        (),
        Pattern(
            r"(?<![\w.+%/-])[\w.+%-]{1,64}[ ]?[\[({<](?i:at|ät)[\])}>][ ]?[\w-]{1,63}(?:(?:\.|[ ]?[\[({<](?i:dot"
            r"|punkt)[\])}>][ ]?)[\w-]{2,63}){1,4}"
        ),
    ),
    PatternDetector("card", (), Pattern(r"(?<![\w.-])[2-6]\d{3}(?:[ ._-]?\d){10,15}(?![\w.-]?\d)(?!\w)"), _is_card),
    PatternDetector(
        "iban",
        (),
        Pattern(r"(?<!\w)(?i:[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]{4}){2,7}(?:[ .-]?[A-Z0-9]{1,3})?)(?!\w)"),
        _is_iban,
    ),
    PatternDetector(
        "phone",
        ("+",),
        Pattern(r"(?<![\w.+-])\+\d{1,3}[ ./-]?(?:\(\d{1,4}\)[ ./-]?)?\d{1,4}(?:[ ./-]?\d{2,4}){2,4}(?![\w-])"),
    ),
    PatternDetector(
        "phone",
        ("00",),
        Pattern(
            r"(?<![\w.+-])(?<!\d[ ./-])00[1-9]\d{0,2}[ /-](?:\(\d{1,4}\)[ /-]?)?\d{2,4}(?:[ /-]?\d{2,4}){2,4}(?![\w-])"
        ),
    ),
    PatternDetector("phone", (), Pattern(r"(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ -])\d{3}[ -]\d{4}(?![\w.-])")),
    _detector_by_name(
        "phone",
        "phone|tel|tél|mobil|cell|handy|fax|móvil|portable|cellulare|komórka|whatsapp|msisdn|電話|电话",
        r"(?:tele)?phone(?: number)?|tel\.?|tél\.?|telefon[eo]?|téléphone|teléfono|mobile?(?: number)?|móvil|portable"
        r"|cellulare|komórka|cell(?: phone)?|handy|fax|whatsapp|msisdn|電話(?:番号)?|电话",
        r"\+?\(?\d{2,5}\)?(?:[ ./-]?\d{2,4}){2,5}",
    ),
    _detector_by_name("phone", "call|ring|dial|anruf", "call|ring|dial|anruf(?:en)?", r"0\d{2,4}[ /-]?\d{5,9}"),
    PatternDetector("national-id", (), Pattern(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")),
    PatternDetector(
        "national-id",
        (),
        Pattern(r"(?<!\w)(?i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?(?i:[A-D])(?!\w)"),
    ),
    PatternDetector(
        "national-id",
        (),
        Pattern(r"(?<![\w-])(?i:\d{8}[ -]?[A-HJ-NP-TV-Z]|[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z])(?![\w-])"),
        _is_dni,
    ),
    PatternDetector(
        "national-id",
        (),
        Pattern(r"(?<![\w.-])[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2])[ .]?\d{2}[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}(?![\w.-])"),
        _is_nir,
    ),
    PatternDetector("national-id", (), Pattern(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])"), _is_cpf),
    PatternDetector(
        "national-id",
        (),
        Pattern(r"(?<!\w)(?i:[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z])(?!\w)"),
        _is_codice_fiscale,
    ),
    PatternDetector(
        "national-id",
        ("756.", "756"),
        Pattern(r"(?<![\w.])756[.]\d{4}[.]\d{4}[.]\d{2}(?![\w.])"),
        _weighted_check((1, 3) * 6 + (1,), 10, lambda total, _: total == 0),
    ),
    PatternDetector(
        "national-id",
        (),
        Pattern(r"(?<!\w)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\w)"),
        _weighted_check(
            (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2),
            11,
            _is_check_digit,
        ),
    ),
    _detector_by_name(
        "national-id",
        "ssn|social security|passport|tax id|steuer|tin|bsn|pesel|aadhaar|pan card|nino|national insurance"
        "|personnummer|cpr|driving licen|driver|dni|nie"
        "|codice fiscale|national id|identity card|ausweis",
        r"ssn|social security(?: number)?|passport|tax[- ]id|steuer-?(?:id|nummer|identifikationsnummer)|bsn"
        r"|pesel|aadhaa?r|pan card|nino"
        r"|national insurance|personnummer|cpr(?:-nummer)?|driv(?:ing|er'?s?) licen[cs]e|national[- ]id"
        r"|identity card|(?:personal)?ausweis(?:nummer)?",
        r"(?=[A-Za-z]{0,3}[ -]?\d)[A-Za-z0-9](?:[ ./-]?[A-Za-z0-9]){5,14}",
    ),
    _detector_by_name(
        "date-of-birth",
        "dob|date of birth|birth date|birthdate|born|geburtsdatum|geboren|date de naissance|fecha de nacimiento"
        "|né le|née le|nato il|nata il|nacido el|nacida el|nascido em|nascida em|data di nascita|data urodzenia"
        "|生年月日|date_of_birth|birth_date|birthday",
        "dob|date[ _]of[ _]birth|birth[ _]?da(?:te|y)|born(?: on)?|geburtsdatum|geboren(?: am)?"
        "|date de naissance|fecha de nacimiento|née? le|nat[oa] il|nacid[oa] el|nascid[oa] em|data di nascita"
        "|data urodzenia|生年月日",
        _DATE,
    ),
)
