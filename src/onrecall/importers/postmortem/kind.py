"""Decide whether a document reports an outage, from its text."""

import re
from collections.abc import Sequence

from onrecall.importers.postmortem import timeline
from onrecall.importers.postmortem.clock import Chronology, find_dates
from onrecall.importers.postmortem.prose import paragraphs
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.vocabulary import normalize_heading

MAX_TEXT = 4_000
"""Characters of the text searched for outage words."""
_REPORTING = frozenset(
    ("cause", "trigger", "timeline", "failed_fix", "detection", "actions", "impact", "summary", "fix")
)
_POSTMORTEM_ONLY = frozenset(("timeline", "cause", "trigger", "failed_fix"))
_IN_RUNBOOKS_TOO = frozenset(
    (
        "diagnosis",
        "mitigation",
        "remediation",
        "mitigation steps",
        "remediation steps",
        "resolution steps",
        "analysis",
        "description",
        "overview",
        "symptoms",
        "causes",
        "cause",
        "actions",
        "recovery",
        "alerting",
        "workaround",
        "next steps",
    )
)
"""Headings found in both reports and instructions."""
_FACTS = frozenset(("date", "start", "end", "duration", "detected_at", "mitigated_at"))
_INSTRUCTING = re.compile(
    r"^(?:meaning|mitigation|remediation|runbook|troubleshooting|investigation|procedure|steps|verification"
    r"|verify|prerequisites|requirements|rollback|how to \w.*|debugging|playbook|checks|when to use.*|usage"
    r"|escalation|what to do|alert|alerts|resolution steps|usual suspects|possible causes|common causes"
    r"|quick checks|first steps|false positives?|alert description|related alerts?|before you (?:begin|start)"
    r"|access|on[- ]call actions)$"
)
OUTAGE = re.compile(
    r"\b(?:outages?|downtime|incident|unavailable|unreachable|delay(?:s|ed)|unable|could not|couldn't"
    r"|(?:nobody|no one|none of \w+) could|root cause|did(?: not|n't) (?:work|respond|load|start)|stale|missing|wrong"
    r"|stuck|dropped|degraded|disruption|was down|were down|went down|stopped (?:to \w+"
    r"|\w+ing)|took (?:down|out)|filled the disk"
    r"|paged|gone|dead|blank|empty|twice|failed over|crashed|errors?|failures?|failed|lost|timed out|5\d\d|slow"
    r"|keine \w+ mehr|nicht (?:mehr )?(?:erreichbar|möglich|verfügbar)|ausgefallen|dejó de|dejaron de"
    r"|ha smesso di|a cessé de|parou de"
    r"|inaccessible|indisponible|irraggiungibil[ei]|ursache war|(?:la|a) caus[ae] (?:\w+ )?(?:était|fue|foi"
    r"|è stata)|werkte niet|lag plat"
    r"|störung|ausfall|panne|caída|interrupción|障害|故障|broke|overloaded|exhausted|hung|corrupted|dropped)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|could|went|began|started|lost|failed|became|saw|noticed|restarted|stopped|fixed|resolved"
    r"|restored|removed|rolled|caused|returned|came|ran|broke|war|wurde|waren|hatte|haben|half|kamen|ging|blieb|dejó|dejaron|foi|ha|hanno|avons|werd|était|fue|estuvo|発生|した)\b"
    r"|\w{3,}ed\b",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"^(?:check|verify|run|restart|look|make sure|ensure|open|go to|log in|ssh|use|see|if|confirm|inspect"
    r"|identify|find|contact|escalate|wait|delete|drain|scale|get|list)\b",
    re.IGNORECASE,
)
_NO_OUTAGE = re.compile(
    r"\b(?:release notes|change ?log|newsletter(?!\s+(?:\w+ed|sent|went|was|were|is|not|stuck|lost))"
    r"|(?:meeting )?minutes of|meeting notes|roadmap|what['’]s new)\b",
    re.IGNORECASE,
)
"""Titles of texts whose date is not an incident's."""
_PUBLICATION_DATE = re.compile(r"\b(?:as of|reviewed|updated|written|planned)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(?:[01]?\d|2[0-3]):[0-5]\d\b")


def reports_outage(
    title: str, sections: Sequence[LabelledSection], rows: Sequence[DocumentRow], *, dated: bool
) -> bool:
    """Return whether a text reports one event, rather than instructs what to do whenever it happens.

    Args:
        title: The document's title.
        sections: The text, divided.
        rows: The same text, line by line.
        dated: Whether its name or title holds a date.
    """
    filled = [section for section in sections if section.topic and any(row.text.strip() for row in section.rows)]
    topics = {section.topic for section in filled if normalize_heading(section.heading) not in _IN_RUNBOOKS_TOO}
    has_date = dated or any(section.topic in _FACTS and _states_time(section) for section in sections)
    instructing = sum(_INSTRUCTING.match(normalize_heading(section.heading)) is not None for section in sections)
    reporting = len(topics & _REPORTING)
    if instructing > reporting:
        return False
    spans = {"start", "end"} <= {section.topic for section in sections if _states_time(section)}
    if spans or timeline.headed_updates(sections, Chronology(None, None, None)):
        return True
    if has_date and (topics & _POSTMORTEM_ONLY or reporting >= 2):
        return True
    if reporting >= 2 and topics & _POSTMORTEM_ONLY and not instructing and _dates_summary(filled):
        return True
    text = title + "\n" + "\n".join(plain_text(row.text) for row in rows if row.kind in ("text", "item"))[:MAX_TEXT]
    narrating = _is_narrative(rows)
    if has_date and OUTAGE.search(text) and narrating and not instructing:
        return True
    return (
        bool(OUTAGE.search(text))
        and narrating
        and not instructing
        and not _NO_OUTAGE.search(title)
        and (len(_CLOCK.findall(text)) >= 2 or any(True for _ in find_dates(text)))
    )


def _dates_summary(sections: Sequence[LabelledSection]) -> bool:
    """Return whether a summary or impact says on which day and at what time something happened."""
    return any(
        _CLOCK.search(statement.text) and any(True for _ in find_dates(statement.text))
        for section in sections
        if section.topic in ("summary", "impact")
        for statement in paragraphs(section.rows)
    )


def has_incident_date(title: str) -> bool:
    """Return whether a title has an incident's date, not that of a release, a meeting or the text itself."""
    return not (_NO_OUTAGE.search(title) or _PUBLICATION_DATE.search(title)) and any(True for _ in find_dates(title))


def _states_time(section: LabelledSection) -> bool:
    text = " ".join(plain_text(row.text) for row in section.rows[:3])
    return bool(
        _CLOCK.search(text)
        or any(True for _ in find_dates(text))
        or re.search(r"\d+\s*(?:h|m|s|min|hours?|minutes?)\b", text)
    )


def _is_narrative(rows: Sequence[DocumentRow]) -> bool:
    """Return whether more rows are in the past tense than in the imperative."""
    texts = [plain_text(row.text) for row in rows if row.kind in ("text", "item") and len(row.text.split()) > 3][:60]
    past = sum(_PAST.search(text) is not None for text in texts)
    orders = sum(_IMPERATIVE.match(text) is not None for text in texts)
    return past > 0 and past > orders
