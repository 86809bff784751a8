"""Extract the root cause: the text under its heading, or else the sentence that states it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from onrecall.importers.postmortem.prose import ProseStatement, paragraphs, sentence_statements
from onrecall.importers.postmortem.rows import DocumentRow
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.vocabulary import names_chain, normalize_heading
from onrecall.importers.postmortem.whys import is_chain, read_chain

LONGEST = 1_500
"""Maximum characters of a root cause; a longer section is cut at a paragraph."""
_PROPER = ("root cause", "grundursache", "causa raíz", "causa raiz", "cause racine", "根本原因", "根因", "ursache")
_PLAIN_NAMES = (
    "cause",
    "causes",
    "the cause",
    "underlying cause",
    "technical cause",
    "cause of the incident",
    "reason",
)
"""Headings that name the cause as plainly as a chain of whys does."""
_NAMES_FACTORS = re.compile(
    r"\b(?:contribut\w*|factors?|conditions|begünstig\w*|beitragende|facteurs?|factores|fatores|fattori|factoren)\b"
    r"|要因|因素",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:der\s+)?grund\s+(?:dafür\s+|hierfür\s+)?(?:war|ist)\b|\b(?:el|la) (?:origen"
    r"|causa|motivo|razón)(?: \w+){0,2} (?:fue|era|ha sido|es)\b"
    r"|\bl['\u2019]origine(?: \w+){0,3} (?:est|était)\b|"
    r"\broot[- ]cause(?:\s+\w+){0,4}\s*(?:is|was|were|being|turned out|[:–-])|\b(?:primary|main|underlying"
    r"|actual|real|ultimate|technical)\s+(?:cause|reason|culprit)\b(?:\s+\w+){0,6}\s+(?:is|was|were)\b"
    r"|\bthe\s+(?:cause|culprit)\s+(?:\w+\s+){0,4}(?:is|was|turned out)\b|\b(?:grund"
    r"|haupt)?ursache\s+(?:\w+\s+){0,3}(?:ist|war)\b"
    r"|\b(?:is|was|as|being)\s+the\s+(?:root|primary|ultimate|actual|real|underlying|main)\s+cause\b"
    r"|\bla causa(?:\s+\w+){0,2}\s+(?:fue|era|è stata|ha sido)\b|\ba causa(?: raiz| principal)? (?:foi|era)\b"
    r"|\bla cause(?:\s+\w+){0,2}\s+(?:est|était|a été)\b|\bde (?:hoofd)?oorzaak (?:was|is)\b|原因は|が原因",
    re.IGNORECASE,
)
_CAUSED = re.compile(
    r"\b(?:was|were|is|are|been|being)\s+(?:\w+\s+)?caused by\b|\bverursacht (?:durch|von)\b"
    r"|\bcausad[oa]s? por\b|\bcausée?s? par\b|^problem\s*:|\b(?:a|an|the)\s+(?:\w+\s+){0,4}(?:bug"
    r"|misconfiguration|typo|race condition|memory leak|regression|deadlock) (?:was (?:preventing|causing"
    r"|filling)|caused|prevented|kept)\b|由于|原因是",
    re.IGNORECASE,
)
_BACKWARD = re.compile(
    r"(?:this|that|which|it) (?:in turn |(?:\w+ ){0,4}and )?(?:caused|led to|broke|resulted in|brought down"
    r"|took down|meant"
    r"|prevented|triggered)\b",
    re.IGNORECASE,
)
_MEDIUM = re.compile(
    r"\bcaused by\b|\bdue to\b|\bbecause of\b|\b(?:resulted|resulting|stemmed|arose|originated) from\b"
    r"|\btraced (?:it\s+)?(?:back )?to\b|\battributed to\b|\bas a (?:result|consequence) of\b"
    r"(?! (?:this|these|that|the (?:event|incident|outage|disruption|investigation|review)))"
    r"|\bthe (?:problem|issue|reason|bug|fault)(?:\s+\w+){0,4}?\s+(?:is|was|turned out)\b(?! (?:resolved|fixed"
    r"|identified|gone|over|solved|mitigated|reported|noticed|detected|discovered|observed|first|that we|still"
    r"|found|not|present|intermittent|in))"
    r"|\b(?:a|an|the)\s+(?:[\w-]+\s+){0,4}(?:bug|misconfiguration|typo|race condition|memory leak|leak"
    r"|regression|deadlock|expired \w+)\b(?:\s+[\w-]+){0,8}\s+(?:caused|meant|led|kept|prevented|broke|made"
    r"|resulted|was preventing|sent|filled|let|allowed|blocked|left|started|took|was causing|dropped|exhausted"
    r"|removed)\b"
    r"|\bcausing (?:the|this|an?) (?:\w+ )?(?:outage|incident|issue|problem|errors?|failures?)\b|\b(?:this|which"
    r"|it|that) (?:(?:\w+ ){0,4}and )?(?:meant that|caused|led to|broke|resulted in|brought down|took down)\b"
    r"|^(?:it )?turns? out (?:that )?(?:the|an?|our|its?|we|they|some\w+|nobody|no one)\b"
    r"|\bturned out (?:to be|that)\b|\baufgrund\b|\bwegen\b|\bdebido a\b|\ben raison d|\bà cause d|\bon account of\b",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"\bhad (?:run out of|expired|filled up|been (?:deleted|removed|changed|misconfigured|disabled|switched off"
    r"|reduced|lowered))\b|\b(?:ran|run|running) out of\b|\b(?:accidentally|inadvertently|mistakenly"
    r"|unintentionally|erroneously|incorrectly|by mistake|versehentlich|irrtümlich|por error|par erreur)\b"
    r"|\b(?:was|were) (?:removed|deleted|dropped|changed|renamed|replaced|disabled|reset"
    r"|switched off|revoked|lost)\b[^.]*,\s+so\b"
    r"|\bbecause\b(?! of\b)|\bsince (?:the|an?|our|its|one|two) [\w -]{3,50} (?:was|were"
    r"|had|contained|has|is|lacked|did not)\b",
    re.IGNORECASE,
)
_GUESS = re.compile(
    r"\b(?:maybe|perhaps|possibly|not sure|unclear|unknown|might|may have|could (?:also )?(?:have|be)"
    r"|suspect(?:ed|ing)?|suspicion|suggest(?:s|ed|ion)|presumably|initially (?:thought|believed|suspected"
    r"|attributed)|red herring|"
    r"we (?:first )?(?:thought|assumed|guessed)|seemed? to be|not (?:caused|due)|not the (?:root )?cause"
    r"|no root cause|(?:investigat|identif|determin|find|found|know|discover|establish|diagnos|understand"
    r"|look)\w*\s+(?:\w+\s+){0,3}(?:the\s+)?(?:root\s+)?cause|unexpected because|still (?:looking"
    r"|investigating))\b",
    re.IGNORECASE,
)
_NOTHING_KNOWN = re.compile(
    r"(?:the\s+)?(?:root\s+)?cause\s+(?:is|was|remains|has)\s+(?:still\s+|as yet\s+|yet\s+)?(?:unknown|unclear"
    r"|not\s+(?:known|found|yet|been|identified)|under investigation|being investigated|to be determined)",
    re.IGNORECASE,
)
_EFFECT_ONLY = re.compile(
    r"\b(?:delayed|prolonged|complicated|extended|took longer)\b[^.]{0,60}\b(?:by|because|due to)\b", re.IGNORECASE
)


_LABEL_BEFORE = re.compile(
    r"^(?:\[?\d{1,2}:\d\d(?::\d\d)?\]?\s+)?(?:[A-Z][\w.'’-]{1,20}(?:\s[A-Z][\w.'’-]{0,20})?:\s+)?(?:the\s+)?(?:root\s+)?cause\s*:\s*(?=\S)"
    r"|^\[?\d{1,2}:\d\d(?::\d\d)?\]?\s+[A-Z][\w.'’-]{1,20}:\s+(?=\S)",
    re.IGNORECASE,
)
"""Time, speaker and label in front of a sentence that states the cause: `[09:41] Rui: root cause: the key expired`."""


def find_root_cause(sections: Sequence[LabelledSection]) -> ProseStatement | None:
    """Return the cause under its best heading; without one, the sentence that states it most clearly."""
    headed = [section for section in sections if section.topic == "cause"]
    chains = [section for section in headed if is_chain(section)]
    if any(normalize_heading(section.heading) in _PLAIN_NAMES for section in headed):
        chains = []
    for group in (_named_root_cause(headed), chains, headed):
        if (statement := _stated_cause(group)) is not None:
            return statement
    stated = _cause_in_prose([section for section in sections if section.topic not in ("cause", "failed_fix")])
    return replace(stated, text=_LABEL_BEFORE.sub("", stated.text, count=1)) if stated is not None else None


def contributing_factors(
    sections: Sequence[LabelledSection], root_cause: ProseStatement | None
) -> ProseStatement | None:
    """Return what led to the root cause, a line each: the other links of a chain of whys, and contributing factors."""
    factors: list[ProseStatement] = []
    for section in (section for section in sections if section.topic == "cause"):
        if is_chain(section):
            factors += [link.statement for link in read_chain([section])]
        elif _NAMES_FACTORS.search(section.heading):
            factors += paragraphs(section.rows)
    stated_cause = root_cause.text.casefold() if root_cause else ""
    factors = [factor for factor in factors if not _repeats(factor.text, stated_cause)]
    return _fit_length(factors) if factors else None


def _repeats(factor: str, root_cause: str) -> bool:
    """Return whether a factor is the root cause, or the question that it answers."""
    words = factor.casefold()
    return bool(root_cause) and (words in root_cause or words.endswith(root_cause))


def _named_root_cause(headed: Sequence[LabelledSection]) -> list[LabelledSection]:
    return [
        section
        for section in headed
        if any(name in normalize_heading(section.heading) for name in _PROPER) and not names_chain(section.heading)
    ]


def _stated_cause(group: Sequence[LabelledSection]) -> ProseStatement | None:
    if not group:
        return None
    if all(is_chain(section) for section in group):
        return _last_answer(group)
    statements = [
        statement for section in group if not names_chain(section.heading) for statement in paragraphs(section.rows)
    ]
    statements = [statement for statement in statements if not _NOTHING_KNOWN.match(statement.text)]
    return _fit_length(statements) if statements else None


def _last_answer(group: Sequence[LabelledSection]) -> ProseStatement | None:
    """Return the last answer of a chain of whys."""
    answers = [link.answer for link in read_chain(group) if link.answer is not None]
    return answers[-1] if answers else None


def _fit_length(statements: Sequence[ProseStatement]) -> ProseStatement:
    """Join the paragraphs that fit into `LONGEST` characters, at least the first."""
    total = 0
    texts: list[str] = []
    for statement in statements:
        total += len(statement.text)
        if texts and total > LONGEST:
            break
        texts.append(statement.text)
    return ProseStatement("\n".join(texts), statements[0].line)


def _cause_in_prose(sections: Iterable[LabelledSection]) -> ProseStatement | None:
    """Return the first sentence that matches the strongest pattern; summary and trigger before chronology."""
    ranked = sorted(sections, key=lambda section: _TOPIC_ORDER.get(section.topic or "", 2))
    spoken_in = [
        (section.topic, statement) for section in ranked for statement in sentence_statements(_prose_of(section))
    ]
    for pattern, topics in (
        (_STRONG, None),
        (_CAUSED, _CAUSE_TOPICS),
        (_MEDIUM, ("summary", None)),
        (_WEAK, ("summary", None)),
    ):
        for place, (about, statement) in enumerate(spoken_in):
            if topics is not None and about not in topics:
                continue
            if pattern.search(statement.text) and not _is_doubtful(statement.text):
                return _with_antecedent(statement, spoken_in[place - 1] if place else None, about)
    return None


def _with_antecedent(
    statement: ProseStatement, before: tuple[object, ProseStatement] | None, about: object
) -> ProseStatement:
    """Prepend the previous sentence to one such as `This caused …`, which is meaningless without it."""
    if before is None or before[0] != about or not _BACKWARD.match(statement.text):
        return statement
    return ProseStatement(f"{before[1].text} {statement.text}", before[1].line)


def _prose_of(section: LabelledSection) -> Sequence[DocumentRow]:
    """Return the rows of a section; of action items only the text between the items."""
    return (
        [row for row in section.rows if row.kind == "text" and not row.nested]
        if section.topic == "actions"
        else section.rows
    )


_TOPIC_ORDER = {
    "actions": 7,
    "summary": 0,
    "trigger": 1,
    "impact": 3,
    "timeline": 4,
    "aside": 5,
    "fix": 3,
    "detection": 6,
}
_CAUSE_TOPICS = ("summary", None, "impact", "fix", "timeline")


def _is_doubtful(sentence: str) -> bool:
    if sentence.rstrip().endswith("?") or _EFFECT_ONLY.search(sentence):
        return True
    return _GUESS.search(sentence) is not None or _NOTHING_KNOWN.search(sentence) is not None
