"""What the three dialects share: an answer in their words, and records brought in from them.

Each speaks its own paths and fields and knows nothing that the line does not. What was not measured is null, what was
never seen is said to be, and text from memory stays the string that it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from onrecall import importers as history
from onrecall.cli.console import inert, trust
from onrecall.domain.errors import NotFound, Rejected
from onrecall.domain.incident import Evidence, Incident, Recommendation, Step
from onrecall.importers import Item
from onrecall.pipeline import Memory
from onrecall.pipeline.import_history import Brought

RISK_WORDS = {
    "read_only": "read-only",
    "reversible": "reversible",
    "disruptive": "disruptive",
    "destructive": "DESTRUCTIVE",
}


class Told(BaseModel):
    """What a client of a dialect sends; what it says beside that is let be, as it was there."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


def prose(answer: Recommendation) -> str:
    """The answer as a paragraph: what was seen, the cause, how far to trust it, what did not help before."""
    told = [f"{_sentence(answer.verdict_reason)}"]
    if answer.cause:
        where = f" ({answer.cause_citation.id}, line {answer.cause_citation.line})" if answer.cause_citation else ""
        told.append(f"Likely cause: {_sentence(answer.cause)}{where}")
    told.append(f"Confidence: {_sentence(trust(answer.confidence, answer.confidence_reason))}")
    if answer.steps:
        told.append("What worked before, in that order:\n" + "\n".join(numbered(answer)))
    if answer.tried_before:
        told.append("Tried before, did not help: " + "; ".join(inert(one.text) for one in answer.tried_before))
    if answer.tell_apart:
        told.append("To find out more: " + "; ".join(inert(one) for one in answer.tell_apart))
    return "\n\n".join(told)


def numbered(answer: Recommendation) -> list[str]:
    """The steps as numbered lines, each with its risk and where it is written."""
    return [f"{step.n}. {_step(step)}" for step in answer.steps]


def _step(step: Step) -> str:
    said = " ".join(inert(step.text).split())
    if step.command and step.command not in step.text:
        said += f": `{' '.join(inert(step.command).split())}`"
    said += f" [risk: {RISK_WORDS[step.risk]}; from {step.citation.id}, line {step.citation.line}]"
    if step.old_values:
        said += f" (‹…› were values of that incident: {', '.join(inert(one) for one in step.old_values)})"
    return f"{said} (may be stale: {inert(step.stale)})" if step.stale else said


def _sentence(text: str) -> str:
    said = inert(text).strip()
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "!", "?")) else ".")


def matched(answer: Recommendation) -> str | None:
    """The earlier incident that the answer rests on; None where nothing like it was seen, or only a document."""
    if answer.verdict == "never_seen":
        return None
    earlier = [one.id for one in answer.evidence if one.incident is not None]
    cited = [answer.cause_citation.id] if answer.cause_citation else []
    cited += [step.citation.id for step in answer.steps]
    return next((name for name in cited if name in earlier), earlier[0] if earlier and not cited else None)


def confidence(answer: Recommendation) -> float | None:
    """The measured confidence; None where none is measured."""
    return answer.confidence.probability if answer.confidence else None


def incidents_in(evidence: Sequence[Evidence]) -> Iterator[tuple[Evidence, Incident]]:
    """The earlier incidents among what was seen before."""
    return ((one, one.incident) for one in evidence if one.incident is not None)


def fix(incident: Incident) -> str | None:
    """What was done about an incident, as it was told."""
    said = incident.resolution
    if said is None:
        return None
    return said.summary or "\n".join(f"{n}. {step.text}" for n, step in enumerate(said.steps, 1)) or None


def bring(memory: Memory, form: str, records: Sequence[Mapping[str, Any]]) -> Brought:
    """Import what a dialect calls its incidents; the same again changes nothing."""
    return memory.bring(_read(memory, form, records))


def _read(memory: Memory, form: str, records: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    for number, record in enumerate(records, start=1):
        yield read(memory, form, record, f"record {number}")


def read(memory: Memory, form: str, record: Mapping[str, Any], where: str) -> Item:
    """One record; one that says no time ended when it came here first, and keeps that time from then on."""
    known = _known(memory, record)
    now = memory.now()
    one = _parse(form, record, where, known.started_at if known else now)
    if known is None and isinstance(one, Incident) and one.started_at == now and (lasted := _after(one, now)):
        return _parse(form, record, where, now - lasted)
    return one


def _after(incident: Incident, now: datetime) -> Any:
    return incident.resolution.at - now if incident.resolution and incident.resolution.at > now else None


def _known(memory: Memory, record: Mapping[str, Any]) -> Incident | None:
    name = record.get("id") or record.get("incident_id")
    return found_or_none(memory.store.incident, name) if isinstance(name, str) else None


def found_or_none(look: Callable[[str], Incident], name: str) -> Incident | None:
    """The incident of this id, or None."""
    try:
        return look(name)
    except NotFound:
        return None


def _parse(form: str, record: Mapping[str, Any], where: str, undated: datetime) -> Item:
    data = json.dumps([record]).encode()
    found = list(history.read_bytes("body.json", data, "application/json", format=form, undated=undated))
    for one in found:
        if isinstance(one, Rejected):
            name = record.get("id") or record.get("incident_id")
            return Rejected(str(name) if name else where, one.field, one.message)
    return next(one for one in found if isinstance(one, Incident))
