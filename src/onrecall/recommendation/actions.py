"""Deeds: what was done, or is told to be done, at one line of one piece of evidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from onrecall.domain import markdown_page as page
from onrecall.domain.incident import Citation, Evidence, Incident, StepOutcome
from onrecall.recommendation.causes import cited_in_report, speaks
from onrecall.recommendation.runbook import Instruction, instructions
from onrecall.recommendation.sanitize import clean, quote, sentence
from onrecall.recommendation.step_keys import step_key

LONGEST = 8_000
"""Characters of a command; a longer one can neither be read nor cut, so its deed is left out."""
MOST = 200
"""Deeds of one piece of evidence."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action with its receipt; a runbook's has no outcome."""

    key: str
    text: str
    citation: Citation
    source: Evidence
    command: str | None = None
    outcome: StepOutcome | None = None
    rollback: str | None = None
    at: datetime | None = None


def deeds(evidence: Evidence) -> tuple[Deed, ...]:
    """What the evidence tells of deeds, in its order; what can't be cited or was written by a model is left out."""
    if evidence.incident is not None and speaks(evidence):
        return tuple(islice(_done(evidence, evidence.incident), MOST))
    if evidence.document is not None and evidence.document.kind == "runbook":
        return tuple(islice(_told(evidence, instructions(evidence.document.text)), MOST))
    return ()


def _done(evidence: Evidence, incident: Incident) -> Iterator[Deed]:
    resolution = incident.resolution
    for line in page.lines(incident):
        if resolution is None or line.step is None:
            continue
        step = resolution.steps[line.step]
        if max(len(step.command or ""), len(step.rollback or "")) > LONGEST:
            continue
        command = clean(step.command).strip() if step.command else None
        text = sentence(step.text) or sentence(command or "")
        receipt = quote(line.text)
        if text and receipt:
            yield Deed(
                key=step_key(step.text, step.command),
                text=text,
                citation=cited_in_report(evidence, step.line, f"{step.text}\n{step.command or ''}")
                or Citation(evidence.id, receipt, line.number),
                source=evidence,
                command=command or None,
                outcome=step.outcome,
                rollback=clean(step.rollback).strip() or None if step.rollback else None,
                at=resolution.at,
            )


def _told(evidence: Evidence, told: tuple[Instruction, ...]) -> Iterator[Deed]:
    document = evidence.document
    lines = page.lines(document) if document else ()
    for instruction in told:
        if len(instruction.command or "") > LONGEST:
            continue
        receipt = quote(lines[instruction.line - 1].text)
        text = sentence(instruction.text)
        command = clean(instruction.command).strip() if instruction.command else None
        if text and receipt:
            yield Deed(
                key=step_key(text, command),
                text=text,
                citation=Citation(evidence.id, receipt, instruction.line),
                source=evidence,
                command=command or None,
                rollback=instruction.rollback,
                at=document.dated if document else None,
            )
