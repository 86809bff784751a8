"""Fault types: what a situation says is wrong, and evidence about another fault, however similar its wording.

A memory leak must never be answered from a database timeout because both raised an alert in the same words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from onrecall.domain.evidence import Evidence
from onrecall.domain.situation import Situation
from onrecall.recommendation.sanitize import sentence
from onrecall.recommendation.text_similarity import MAX_READ_LENGTH, extract_stems

TYPE_LABELS = ("error_type", "failure_type", "fault_type")
"""Labels by which a sender says what kind of fault it is."""
_VAGUE = frozenset(
    extract_stems(
        """
        abnormal alert alarm anomaly bad code critical degraded degradation detected down error errors event
        exception fail failed failing failure fault generic high incident issue low misc new none null other outage
        problem rate service slow spike system threshold type undefined unexpected unknown usage utilization warning
        """
    )
)


@dataclass(frozen=True, slots=True)
class FaultType:
    """A kind of fault: how a situation names it outright, and the words without which a text cannot be about it."""

    name: str
    stated: re.Pattern[str]
    mentioned: re.Pattern[str]


def _fault_type(name: str, stated: str, mentioned: str) -> FaultType:
    return FaultType(name, re.compile(stated, re.IGNORECASE), re.compile(mentioned, re.IGNORECASE))


FAULTS = (
    _fault_type(
        "a memory leak",
        r"memory[ _-]?leak|leak\w*[ _]memory|out[ _-]of[ _-]memory|OOM[ _-]?kill",
        r"memory|heap|oom|\brss\b",
    ),
    _fault_type(
        "an expired certificate",
        r"\b(?:cert\w*|ssl|tls|x509)\b.{0,40}?expir|expir\w*.{0,25}?\b(?:cert\w*|ssl|tls)\b|certificate_expired|CERT_DATE_INVALID",
        r"\bcert|\bssl|\btls|x509|_cert|_ssl|_tls",
    ),
    _fault_type(
        "a full disk",
        r"no[ _]space[ _]left|\bENOSPC\b|disk[ _](?:is[ _])?full|disk[ _]space"
        r"|(?:disk|filesystem|volume|inodes?)\b.{0,25}?(?:full|exhaust|9\d ?%|100 ?%)",
        r"disk|space|inode|filesystem|volume|ENOSPC|\bwal\b|storage",
    ),
    _fault_type(
        "failing name resolution",
        r"\bdns\b|NXDOMAIN|SERVFAIL|name[ _]resolution|resolve host",
        r"\bdns|coredns|NXDOMAIN|SERVFAIL|resolv",
    ),
    _fault_type("a deadlock", r"dead[ _-]?lock", r"lock"),
    _fault_type("consumer lag", r"consumer[ _-]?(?:group[ _-]?)?lag|kafka[ _]lag", r"\blag|kafka|consumer|rebalanc"),
    _fault_type(
        "a rate limit",
        r"rate[ _-]?limit(?:ed|ing|s)?\b|too many requests|\b429\b",
        r"rate[ _-]?limit|quota|throttl|429|too many requests",
    ),
    _fault_type(
        "a saturated CPU",
        r"cpu[ _](?:saturat|starv|exhaust)\w*|high[ _]cpu|cpu[ _]utili[sz]ation",
        r"\bcpu|_cpu|\bload\b",
    ),
)
_DENIED = re.compile(
    r"\b(?:no|not|without|never|isn't|aren't|wasn't|rule[ds] out|perhaps|maybe|possibly)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)


def find_contradiction(situation: Situation, evidence: Evidence) -> str | None:
    """Return why the evidence can't be about this, or None; what either side does not mention contradicts nothing."""
    text = _evidence_text(evidence)
    for label in TYPE_LABELS:
        kind = situation.labels.get(label, "")
        if _is_other_kind(kind, _evidence_labels(evidence).get(label) or text):
            return f"it does not mention {sentence(kind, 80)}"
    reported = (
        f"{situation.text[:MAX_READ_LENGTH]}\n{' '.join(situation.labels.get(label, '') for label in TYPE_LABELS)}"
    )
    stated_faults = _find_stated_faults(reported)
    if stated_faults and not any(fault.mentioned.search(text) for fault in stated_faults):
        return f"it does not mention {' or '.join(fault.name for fault in stated_faults)}"
    return None


def _is_other_kind(kind: str, text: str) -> bool:
    specific = set(extract_stems(kind)) - _VAGUE
    if not specific:
        return False
    evidence_words = set(extract_stems(text)) - _VAGUE
    return bool(evidence_words) and specific.isdisjoint(evidence_words)


@lru_cache(maxsize=256)
def _find_stated_faults(text: str) -> tuple[FaultType, ...]:
    """Return the faults that a situation states outright; cached, since it is asked for each piece of evidence."""
    return tuple(fault for fault in FAULTS if _states_fault(fault, text))


def _states_fault(fault: FaultType, text: str) -> bool:
    """Return whether a text states this fault outright, without denying it or guessing."""
    return any(
        not _DENIED.search(text[max(0, match.start() - 30) : match.start()]) for match in fault.stated.finditer(text)
    )


def _evidence_labels(evidence: Evidence) -> Mapping[str, str]:
    record = evidence.incident or evidence.document
    return record.labels if record else {}


def _evidence_text(evidence: Evidence) -> str:
    """Return the opening text and the root cause of an incident, without what was done; all of a document."""
    labels = " ".join(_evidence_labels(evidence).values())
    if evidence.incident:
        resolution = evidence.resolution
        wrong = f"{resolution.root_cause}\n{resolution.cause or ''}" if resolution else ""
        return f"{evidence.incident.text[:MAX_READ_LENGTH]}\n{labels}\n{wrong[:MAX_READ_LENGTH]}"
    body = evidence.document.text if evidence.document else evidence.excerpt.text if evidence.excerpt else ""
    return f"{evidence.title}\n{labels}\n{body[:MAX_READ_LENGTH]}"
