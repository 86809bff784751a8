"""Signatures: what names a fault exactly, an error code, an exception, or the template of a log line."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import TypeVar

from onrecall.retrieval import log_templates, tokenizer

Name = TypeVar("Name")

MIN_TEMPLATE_TERMS = 3
"""Terms that a line's template has at least; a shorter one says too little to tell faults apart."""

_CODE = re.compile(
    r"""\b[A-Z]{2,10}-\d{3,6}\b                                   # ORA-00600, DNS-4012
    |\bE[A-Z]{4,}\b(?<!ERROR)(?<!ERRORS)(?<!EVENT)(?<!EXIST)       # ECONNREFUSED, ENOSPC
    |\bSIG(?:KILL|TERM|SEGV|ABRT|BUS|FPE|ILL|PIPE)\b
    |\bSQLSTATE[\s\[:=(]{0,3}[0-9A-Z]{5}\b|\b[0-9]{2}P[0-9]{2}\b|\bE\d{4,5}\b
    |\b0x[8Cc][0-9A-Fa-f]{7}\b
    |\b(?i:HTTP(?:/\d(?:\.\d)?)?|status(?:\scode)?|code)[\s:=]{1,2}[45]\d\d\b
    |\b(?i:exit(?:ed)?(?:\ with)?[ _-](?:code|status))[\s:=]{1,2}\d{1,3}\b
    |\b(?i:errno|error)[\s:=]{1,2}\d{2,6}\b
    |\b[A-Z][A-Za-z0-9]*[a-z0-9](?:Exception|Error|Failure|Fault)\b
    |\b(?:CrashLoopBackOff|OOMKilled|ImagePullBackOff|ErrImagePull|Evicted|NodeNotReady|FailedMount|FailedScheduling)\b
    """,
    re.VERBOSE,
)


def find_codes(text: str) -> dict[str, str]:
    """The codes and exceptions that a text names: the rarest term of each, and how it is written."""
    codes_by_term: dict[str, str] = {}
    for match in _CODE.finditer(text):
        written = " ".join(match[0].split())
        written_terms = tokenizer.tokenize(written)
        if written_terms:
            codes_by_term.setdefault(max(written_terms, key=len), written)
    return codes_by_term


def extract_templates(lines: Iterable[str]) -> frozenset[str]:
    """Return the templates of log and error lines: their terms without variable parts."""
    masked = (" ".join(tokenizer.tokenize(log_templates.mask_line(line, " "))) for line in lines)
    return frozenset(template for template in masked if template.count(" ") >= MIN_TEMPLATE_TERMS - 1)


def weighted_share(weights: Mapping[Name, float], present: Container[Name]) -> float:
    """Return the weighted share (0..1) of names that are present; rarer names weigh more."""
    total = sum(weights.values())
    return sum(weight * weight for name, weight in weights.items() if name in present) / total if total else 0.0
