"""Clean incident titles: remove date, number and the word postmortem from a heading."""

import re

from onrecall.importers.postmortem.clock import opening_span, opening_stamp
from onrecall.importers.postmortem.rows import plain_text

LONGEST_TITLE = 200
"""Maximum characters of a sentence or line that serves as a title."""
_KIND_WORDS = (
    r"(?:post[- ]?mortems?|pm|rca|root cause analysis|vorfall(?=\s*:)|incident(?: retrospective| report"
    r"| review| timeline| postmortem| summary"
    r"| analysis)?|outage (?:report|review|analysis)|service review|reason for outage|rfo"
    r"|postmortem report|coe|correction of errors?|pir"
    r"|post[- ]incident (?:review"
    r"|report)|"
    r"post[- ](?:incident|outage)(?: analysis)?|"
    r"post[- ]?mortem report|retrospective|störungsbericht|ausfallbericht|vorfallbericht|rapport d'incident"
    r"|compte[- ]rendu d['\u2019]incident|informe de (?:incidente|incidencia)|relatório (?:de|do) incidente"
    r"|morgue|störungsmeldung|incidentrapport|storingsrapport|disservizio|rapporto (?:di|sull['\u2019])\s?incidente"
    r"|informe (?:post[- ]?mortem|de caída)|reporte de (?:caída|incidente|incidencia)|autopsie de l['\u2019]incident"
    r"|bilan d['\u2019]incident"
    r"|(?:quick |short |brief )?write-?up|nachbetrachtung"
    r"|fehleranalyse|fehlerbericht|trouble ticket review|retro|障害ポストモーテム"
    r"|incidente|incidencia|incidência|事后复盘|故障复盘|事故复盘|事件复盘|复盘报告?|故障分析|ポストモーテム|障害振り返り|障害報告書?|故障报告|事故报告|(?:システム)?障害レポート|システム障害報告書?|インシデント報告書?)"
)
_DATE_OF_KIND = (
    r"(?:\s+\(?(?:(?:du|vom|am|del|de|of|from|on)\s+)?"
    r"(?:(?:19|20)\d\d-\d\d-\d\d|\d{1,2}\.?\s+(?:de\s+)?[^\W\d_]{3,10}\.?\s+(?:de\s+)?(?:19|20)\d\d)\)?)?"
)
"""A date between the kind of the document and its title: `Incident 2026-05-19: build agents stuck`."""
_BEFORE = re.compile(
    rf"^\W*(?:\[{_KIND_WORDS}\]|{_KIND_WORDS}(?:\s*\([A-Z]{{2,5}}\))?(?:\s+(?:for|on|of|about))?{_DATE_OF_KIND}\s*(?:[#№]?\s?[A-Z]*-?\d+(?!\d|-\d))?\s*(?:[:\uff1a"
    rf"|–—]|-(?!\d)|(?<=for)|(?<=of)|(?<=on)|(?<=about)))\s*",
    re.IGNORECASE,
)
_STYLE_BEFORE = re.compile(
    rf"^\W*(?:(?:public|internal|external|blameless|draft|final|interim|short|full|customer-facing|our|[\w-]+-style)\s+){{1,3}}{_KIND_WORDS}\s*[:–—-]\s+"
    r"|^(?:nachbetrachtung|ausfallbericht|störungsbericht|störungsmeldung|vorfallbericht|storingsrapport)\s+(?=\w)",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(
    r"^\W*\[[A-Z][A-Z0-9]{1,9}-\d+\]\s*(?=\S)|^\W*(?:(?:incident|issue|case|ticket)\s*)?(?:[#№]\s?\d+|[A-Z]{2,10}-\d+(?:-\d+)*|INC\d+)\s*(?:[:\uff1a|–—-]|\s)\s*",
    re.IGNORECASE,
)
_MAIL_BEFORE = re.compile(
    r"^\s*(?:(?:(?:re|fwd?|aw|wg|tr|rv|antw)\s*:|\[(?:resolved|closed|fixed|update|final|solved|gelöst|résolu)\])\s*)+",
    re.IGNORECASE,
)
"""What a mail puts before the subject that it answers."""
_LEVEL_BEFORE = re.compile(
    r"^\W*(?:\[(?:sev(?:erity)?[\s:_-]?|p|prio(?:rity)?[\s:_-]?)\d\]|(?:sev(?:erity)?[:_-]?|p)\d(?=[\s:]))\s*[:–—-]?\s*(?=\S)"
    r"|^(?:outage|störung|ausfall|panne|caída|disruption)\s+(?:am |vom |of |on )?(?:19"
    r"|20)\d\d-\d\d-\d\d\s*[:–—-]\s*(?=\S)"
    r"|^(?:incident|postmortem|outage)\s+(?:19|20)\d\d-\d\d-\d\d\s+(?=\w)"
    r"|^inc(?:ident)?[-_](?:(?:19|20)\d\d-\d\d-\d\d|\d+)[-_](?=[a-z])",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"\s*(?:\(\s*(?:[A-Z]{{2,8}}-)+(?:\d{{4}}-)?\d+\s*\)|(?:(?<!\w)[-–—]|[–—:|,])\s*{_KIND_WORDS}(?:\s*[#№]?\d+)?|\(\s*(?:{_KIND_WORDS})?\s*[#№]?\s?(?:[A-Z]+-)?\d*\s*\)"
    rf"|\[\s*{_KIND_WORDS}\s*\])\s*$",
    re.IGNORECASE,
)
_KIND_LAST = re.compile(
    r"(?<=\w)\s+(?:post-?mortem(?: report)?|incident (?:report|review)|retrospective|write-?up)(?:\s*[#№]?\d+)?$",
    re.IGNORECASE,
)
"""The kind of the document as the last words of its title: `Thumbnailer Outage Postmortem`."""
_TRACKING_AFTER = re.compile(r"\s*[-–—|]\s*tracking id:?\s+[\w-]+\s*$", re.IGNORECASE)
_DATE_AFTER = (
    re.compile(r"\s*[-–—:|,(\[@]\s*(?:on\s+)?(?P<date>[^-–—:|,(\[]{0,12}(?:\d[^|(\[]{1,25}))[)\]]?\s*$"),
    re.compile(r"\s+(?:on|le|am|el|em|il|op)\s+(?P<date>[^|]{6,30})$"),
    re.compile(r"(?<=\w)\s+(?P<date>(?:19|20)\d\d-\d\d-\d\d|\d{1,2}\.\d{1,2}\.(?:19|20)\d\d)$"),
)
_DATE_LABEL = re.compile(r"^\W*(?:incident\s+)?(?:date|datum|fecha)\s*:\s*(?=\d)", re.IGNORECASE)
_TIME_WORDS = re.compile(
    r"\b(?:\d{1,2}:\d{2}(?::\d{2})?|\d+|utc|gmt|[ap]m|lasting|lasted|for|about|approximately|and|to|until|duration|hours?|hrs?"
    r"|minutes?|mins?|seconds?|days?|h|m|from|between)\b",
    re.IGNORECASE,
)
_OPENING_TIME = re.compile(
    r"(?:(?:on|at|from|between|starting|beginning)\b[^,.]{4,60},\s*(?:(?:19|20)\d\d,\s*)?)(?:(?:at|from|between|for)\b[^,.]{4,60},\s*)?(?=\S)",
    re.IGNORECASE,
)
"""What opens a sentence such as `On March 3, between 10:00 and 11:00 UTC, logins failed`."""
_SEPARATORS = " \t-–—:\uff1a|,;·"


def clean_title(heading: str) -> str:
    """Return the title without document kind, date and number; never empty."""
    original = plain_text(heading).strip()
    title = "".join(letter for letter in original if not _is_mark(letter)).strip()
    title = _MAIL_BEFORE.sub("", title)
    for _ in range(3):
        before = title
        title = _DATE_LABEL.sub("", _STYLE_BEFORE.sub("", _BEFORE.sub("", title))).strip(_SEPARATORS) or title
        title = _without_date(title)
        title = _LEVEL_BEFORE.sub("", title).strip(_SEPARATORS) or title
        title = _NUMBER_BEFORE.sub("", title).strip(_SEPARATORS) or title
        title = _AFTER.sub("", _TRACKING_AFTER.sub("", title)).strip() or title
        title = title if is_only_kind(title) else _KIND_LAST.sub("", title)
        if title == before:
            break
    return title if re.search(r"[^\W\d_]{2}", title) else original


def is_only_date(heading: str) -> bool:
    """Return whether a heading only states when it was, and for how long."""
    text = plain_text(heading)
    stamp = opening_stamp(text)
    if stamp is None or stamp.day is None:
        return False
    return not re.search(r"[^\W\d_]", _TIME_WORDS.sub("", text[stamp.end :]))


def sentence_as_title(sentence: str) -> str:
    """Return a sentence as a title: without the time that it opens with, and without its full stop."""
    text = plain_text(sentence)
    opening = _OPENING_TIME.match(text)
    bare = text[opening.end() :].removesuffix(".") if opening else text
    return bare[:1].upper() + bare[1:].removesuffix(".")


def opens_with_kind(line: str) -> bool:
    """Return whether a line begins with the kind of the document and goes on behind it: `Postmortem: Logins fail`."""
    opening = _BEFORE.match(plain_text(line))
    return opening is not None and len(plain_text(line)[opening.end() :].split()) > 1


def is_only_kind(title: str) -> bool:
    """Return whether a heading only states that it is a postmortem."""
    pattern = (
        rf"\W*(?:blameless\s+|our\s+)?{_KIND_WORDS}(?:\s+(?:template|form|document|report))?(?:\s*\([^()]*\))?"
        r"(?:\W*(?:[A-Z]{2,5}-?)?\d[\d-]*)?(?:\W*[A-Z]{2,5})?\W*"
    )
    return re.fullmatch(pattern, title, re.IGNORECASE) is not None


def _without_date(title: str) -> str:
    stamp = opening_stamp(title)
    end = len(opening_span(title))
    if stamp is not None and stamp.day is not None and title[end:].strip(_SEPARATORS):
        remainder = title[end:].lstrip(")]")
        title = remainder.strip(_SEPARATORS)
    for behind in filter(None, (pattern.search(title) for pattern in _DATE_AFTER)):
        date = behind["date"].strip(" )]")
        date_stamp = opening_stamp(date)
        if (
            date_stamp is not None
            and date_stamp.day is not None
            and not date[date_stamp.end :].strip(" )]UTC")
            and title[: behind.start()].strip()
        ):
            title = title[: behind.start()].strip(_SEPARATORS)
    return title


def _is_mark(letter: str) -> bool:
    code = ord(letter)
    return 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF or code in (0xFE0F, 0x200D)
