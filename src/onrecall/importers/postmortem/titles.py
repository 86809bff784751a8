"""An incident's title: the heading without its date, its number and the word postmortem."""

import re

from onrecall.importers.postmortem.clock import opening
from onrecall.importers.postmortem.rows import plain

_KIND_WORDS = (
    r"(?:post[- ]?mortems?|pm|rca|root cause analysis|incident(?: report| review| postmortem| summary"
    r"| analysis)?|outage report|postmortem report|coe|correction of errors?|pir|post[- ]incident (?:review"
    r"|report)|"
    r"post[- ]?mortem report|retrospective|störungsbericht|ausfallbericht|vorfallbericht|rapport d'incident"
    r"|compte[- ]rendu d'incident|informe de incidente|relatório de incidente"
    r"|障害報告書?|故障报告|事故报告|障害レポート)"
)
_BEFORE = re.compile(
    rf"^\W*(?:\[{_KIND_WORDS}\]|{_KIND_WORDS}(?:\s+(?:for|on|of))?\s*(?:[#№]?\s?[A-Z]*-?\d+(?!\d|-\d))?\s*(?:[:\uff1a"
    rf"|–—-]|(?<=for)|(?<=of)|(?<=on)))\s*",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(
    r"^\W*(?:(?:incident|issue|case|ticket)\s*)?(?:[#№]\s?\d+|[A-Z]{2,10}-\d+|INC\d+)\s*(?:[:\uff1a|–—-]|\s)\s*",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"\s*(?:[-–—:|,]\s*{_KIND_WORDS}(?:\s*[#№]?\d+)?|\(\s*(?:{_KIND_WORDS})?\s*[#№]?\s?(?:[A-Z]+-)?\d*\s*\)"
    rf"|\[\s*{_KIND_WORDS}\s*\])\s*$",
    re.IGNORECASE,
)
_DATE_BEHIND = (
    re.compile(r"\s*[-–—:|,(\[@]\s*(?:on\s+)?(?P<date>[^-–—:|,(\[]{0,12}(?:\d[^|(\[]{1,25}))[)\]]?\s*$"),
    re.compile(r"\s+on\s+(?P<date>[^|]{6,30})$"),
)
_DATE_LABEL = re.compile(r"^\W*(?:incident\s+)?(?:date|datum|fecha)\s*:\s*(?=\d)", re.IGNORECASE)
_SEPARATORS = " \t-–—:\uff1a|,;·"


def cleaned(heading: str) -> str:
    """The title without what says only that it is a postmortem, of when, and which number it has; never empty."""
    whole = plain(heading).strip()
    said = "".join(letter for letter in whole if not _is_mark(letter)).strip()
    for _ in range(3):
        before = said
        said = _DATE_LABEL.sub("", _BEFORE.sub("", said)).strip(_SEPARATORS) or said
        said = _without_date(said)
        said = _NUMBER_BEFORE.sub("", said).strip(_SEPARATORS) or said
        said = _BEHIND.sub("", said).strip() or said
        if said == before:
            break
    return said if re.search(r"[^\W\d_]{2}", said) else whole


def is_only_kind(title: str) -> bool:
    """Whether a heading says no more than that it is a postmortem."""
    said = rf"\W*(?:blameless\s+|our\s+)?{_KIND_WORDS}(?:\W*(?:[A-Z]{{2,5}}-?)?\d[\d-]*)?\W*"
    return re.fullmatch(said, title, re.IGNORECASE) is not None


def _without_date(said: str) -> str:
    stamp = opening(said)
    if stamp is not None and stamp.day is not None and said[stamp.end :].strip(_SEPARATORS):
        rest = said[stamp.end :].lstrip(")]")
        said = rest.strip(_SEPARATORS)
    for behind in filter(None, (pattern.search(said) for pattern in _DATE_BEHIND)):
        date = behind["date"].strip(" )]")
        found = opening(date)
        if (
            found is not None
            and found.day is not None
            and not date[found.end :].strip(" )]UTC")
            and said[: behind.start()].strip()
        ):
            said = said[: behind.start()].strip(_SEPARATORS)
    return said


def _is_mark(letter: str) -> bool:
    code = ord(letter)
    return 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF or code in (0xFE0F, 0x200D)
