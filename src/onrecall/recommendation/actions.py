"""Actions: what was done, or what a runbook says to do, at one line of one piece of evidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from onrecall.domain import markdown_page as page
from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.incident import Incident, StepOutcome
from onrecall.domain.situation import Situation
from onrecall.recommendation.causes import cite_report, has_usable_resolution
from onrecall.recommendation.runbook import Instruction, extract_instructions
from onrecall.recommendation.sanitize import clean, quote, sentence
from onrecall.recommendation.step_keys import step_key
from onrecall.recommendation.text_similarity import extract_stems

MAX_COMMAND_LENGTH = 8_000
"""Characters of a command; a longer one can neither be read nor cut, so its action is left out."""
MAX_ACTIONS = 200
"""Actions of one piece of evidence."""


@dataclass(frozen=True, slots=True)
class EvidenceAction:
    """One action with its citation; a runbook's has no outcome."""

    key: str
    """The same for all wordings of the same action."""
    text: str
    citation: Citation
    source: Evidence
    command: str | None = None
    outcome: StepOutcome | None = None
    rollback: str | None = None
    at: datetime | None = None
    """When it was done, or when the runbook was written."""
    case: str | None = None
    """The symptom for which a runbook's table lists it."""

    @property
    def failed(self) -> bool:
        """Whether its source says that it did not help or made it worse."""
        return self.outcome in ("did_not_help", "made_it_worse")


def extract_actions(evidence: Evidence) -> tuple[EvidenceAction, ...]:
    """Return the actions in the evidence, in its order; what can't be cited or counts for nothing is left out."""
    if evidence.incident is not None and has_usable_resolution(evidence):
        return tuple(islice(_resolution_actions(evidence, evidence.incident), MAX_ACTIONS))
    if evidence.document is not None and evidence.document.kind == "runbook":
        return tuple(islice(_runbook_actions(evidence, extract_instructions(evidence.document.text)), MAX_ACTIONS))
    return ()


def select_fitting_cases(actions: tuple[EvidenceAction, ...], situation: Situation) -> tuple[EvidenceAction, ...]:
    """Return the actions without those that a runbook's table lists for other symptoms than the situation's.

    All of them where the situation names none of the symptoms by a word that tells it from the others.
    """
    words_by_case = {action.case: frozenset(extract_stems(action.case)) for action in actions if action.case}
    common = frozenset.intersection(*words_by_case.values()) if words_by_case else frozenset[str]()
    situation_words = frozenset(extract_stems(situation.text))
    fitting = {case for case, words in words_by_case.items() if (words - common) & situation_words}
    return tuple(action for action in actions if not fitting or action.case is None or action.case in fitting)


def _resolution_actions(evidence: Evidence, incident: Incident) -> Iterator[EvidenceAction]:
    resolution = incident.resolution
    for line in page.numbered_lines(incident):
        if resolution is None or line.step is None:
            continue
        step = resolution.steps[line.step]
        if max(len(step.command or ""), len(step.rollback or "")) > MAX_COMMAND_LENGTH:
            continue
        command = clean(step.command).strip() if step.command else None
        text = sentence(step.text) or sentence(command or "")
        quoted = quote(line.text)
        if text and quoted:
            yield EvidenceAction(
                key=step_key(step.text, step.command),
                text=text,
                citation=cite_report(evidence, step.line, f"{step.text}\n{step.command or ''}")
                or Citation(evidence.id, quoted, line.number),
                source=evidence,
                command=command or None,
                outcome=step.outcome,
                rollback=clean(step.rollback).strip() or None if step.rollback else None,
                at=resolution.at,
            )


def _runbook_actions(evidence: Evidence, from_runbook: tuple[Instruction, ...]) -> Iterator[EvidenceAction]:
    document = evidence.document
    lines = page.numbered_lines(document) if document else ()
    for instruction in from_runbook:
        if len(instruction.command or "") > MAX_COMMAND_LENGTH:
            continue
        quoted = quote(lines[instruction.line - 1].text)
        text = sentence(instruction.text)
        command = clean(instruction.command).strip() if instruction.command else None
        if text and quoted:
            yield EvidenceAction(
                key=step_key(text, command),
                text=text,
                citation=Citation(evidence.id, quoted, instruction.line),
                source=evidence,
                command=command or None,
                rollback=instruction.rollback,
                at=document.dated if document else None,
                case=instruction.case,
            )
