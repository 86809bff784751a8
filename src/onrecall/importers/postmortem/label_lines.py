"""Split lines that hold several labels into a row for each."""

import re
from dataclasses import replace

from onrecall.importers.postmortem.rows import DocumentRow
from onrecall.importers.postmortem.vocabulary import (
    SECTIONS,
    Topic,
    heading_topic,
)

_BOLD_LABEL = re.compile(r"\*\*[^*:]{2,40}(?::\*\*|\*\*\s*:)")
_LABEL_WITHIN = re.compile(
    r"(?P<mark>[.;!?)`,|·•–—])\s+(?P<label>(?P<around>[*_]{0,2})[A-ZÄÖÜ][A-Za-zÀ-ÿ /]{2,30}(?P=around):(?=\s))"
)
LONGEST_LABEL = 40


def split_labels(row: DocumentRow) -> list[DocumentRow]:
    """Split a line with several labels, such as `**Severity:** High · **Duration:** 2 h`, into rows."""
    if (plain := _split_plain_labels(row)) is not None:
        return plain
    starts = [label.start() for label in _BOLD_LABEL.finditer(row.text)] if row.kind == "text" else []
    if len(starts) < 2:
        return [row]
    ends = [*starts[1:], len(row.text)]
    parts = [row.text[: starts[0]], *(row.text[start:end] for start, end in zip(starts, ends, strict=True))]
    return [replace(row, text=part.strip(" \t·|,;/–—-")) for part in parts if part.strip(" \t·|,;/–—-")]


def _split_plain_labels(row: DocumentRow) -> list[DocumentRow] | None:
    """Split `Root cause: … . Resolution: …` or `Severity: 2. Service: till` before each further label."""
    if row.kind not in ("text", "item") or _label_topic(row.text) is None:
        return None
    labels = [label for label in _LABEL_WITHIN.finditer(row.text) if _opens_part(label)]
    if not labels:
        return None
    ends = [*(label.start("label") for label in labels), len(row.text)]
    parts = [row.text[start:end].strip() for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    facts = [_label_topic(part) not in SECTIONS for part in parts]
    return [
        replace(row, kind="text", text=part.rstrip(" .;,|·•–—-" if is_fact else " |·•–—"))
        for part, is_fact in zip(parts, facts, strict=True)
    ]


def _label_topic(text: str) -> Topic | None:
    name, separator, _ = text.strip(" *_").partition(":")
    return heading_topic(name.strip(" *_")) if separator and len(name) <= LONGEST_LABEL else None


def _opens_part(label: re.Match[str]) -> bool:
    """Return whether a label within a line begins a new part; that of a section does so behind a sentence only."""
    topic = heading_topic(label["label"].strip("*_:"))
    return topic is not None and topic != "aside" and (label["mark"] in ".;!?)`" or topic not in SECTIONS)
