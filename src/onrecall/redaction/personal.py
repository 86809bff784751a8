"""Personal data, taken out by choice: e-mail addresses, phone, card and account numbers, national ids."""

import re

from onrecall.redaction.rule import Match, Rule


def _luhn(match: Match) -> bool:
    """Whether the digits have the check digit of a payment card."""
    digits = [int(c) for c in match[0] if c.isdigit()]
    summed = [sum(divmod(2 * d, 10)) if place % 2 else d for place, d in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(summed) % 10 == 0 and len(set(digits)) > 1


def _iban(match: Match) -> bool:
    """Whether the check digits of the bank account are right."""
    said = re.sub(r"\s", "", match[0]).upper()
    moved = said[4:] + said[:4]
    return 15 <= len(said) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


PERSONAL: tuple[Rule, ...] = (
    Rule(
        "email",
        (),
        re.compile(r"(?<![\w.+%/-])[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@])"),
        lambda match: not match[0].startswith("git@"),
    ),
    Rule("card", (), re.compile(r"(?<![\w.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w.-]?\d)(?!\w)"), _luhn),
    Rule("iban", (), re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"), _iban),
    Rule(
        "phone",
        ("+",),
        re.compile(r"(?<![\w.+-])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?![\w-])"),
    ),
    Rule("phone", (), re.compile(r"(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ -])\d{3}[ -]\d{4}(?![\w.-])")),
    Rule("national-id", (), re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")),
    Rule(
        "national-id", (), re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)")
    ),
)
