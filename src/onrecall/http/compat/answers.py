"""An answer in the words that clients of other systems read: prose, one confidence, receipts, earlier incidents.

Confidence is always a counted frequency: that of the answer or, where nothing was seen before, that of the nearest
record in questions about systems on record. Where there is no evidence at all nothing can be right: it is 0 then.
"""

from collections.abc import Iterator, Sequence
from math import ceil

from onrecall.domain.errors import NotFound
from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Recommendation, Step
from onrecall.notifications.text import RISK_LABELS, VERDICT_SENTENCES, format_citation, single_line, trust_sentence
from onrecall.pipeline import IncidentService
from onrecall.recommendation.short_actions import find_decisive_step, main_action

LONGEST = 2000
"""Characters of one quoted text."""
NO_EVIDENCE = "no evidence"


def probability(answer: Recommendation) -> float:
    """Return the answer's confidence, 0..1; with `never_seen` how often the nearest of the own records is right."""
    if answer.confidence is None and answer.nearest_rates is not None:
        nearest = answer.nearest_rates.on_record
        return round(nearest.right / nearest.of, 4)
    return round(answer.probability, 4)


def basis(answer: Recommendation) -> str:
    """Return what the confidence is counted on: own outcomes, a backtest, public data, or that there is no evidence."""
    if answer.confidence is None and answer.nearest_rates is not None:
        return "public"
    return answer.confidence.basis if answer.confidence else NO_EVIDENCE


def milliseconds(answer: Recommendation) -> int:
    """Return how long the answer took, in whole milliseconds, rounded up."""
    return ceil(answer.latency_ms.total)


def prose(answer: Recommendation) -> str:
    """Return the answer as paragraphs: what was seen, the cause, how far to trust it, what was done, what failed."""
    paragraphs = [f"{VERDICT_SENTENCES[answer.verdict]}. {sentence(answer.verdict_reason)}"]
    if answer.cause:
        paragraphs.append(cause_sentence(answer))
    paragraphs.append(sentence(trust_sentence(answer)))
    if answer.steps:
        paragraphs.append("What worked before:\n" + "\n".join(numbered_steps(answer.steps)))
    paragraphs += warnings(answer)
    return "\n\n".join(paragraphs)


def cause_sentence(answer: Recommendation) -> str:
    """Return the likely cause with where it is written."""
    where = f" ({format_citation(answer.cause_citation)})" if answer.cause_citation else ""
    return f"Likely cause: {sentence(answer.cause or 'unknown')}{where}"


def warnings(answer: Recommendation) -> list[str]:
    """Return what did not help before, and how to distinguish the nearest misses, a paragraph each."""
    paragraphs = []
    if answer.tried_before:
        failed = "; ".join(single_line(tried.text, LONGEST) for tried in answer.tried_before)
        paragraphs.append(f"Tried before, did not help: {failed}")
    if answer.tell_apart:
        paragraphs.append("To find out more: " + "; ".join(single_line(hint, LONGEST) for hint in answer.tell_apart))
    return paragraphs


def numbered_steps(steps: Sequence[Step]) -> list[str]:
    """Return the steps as numbered lines, each with its risk and where it is written."""
    return [f"{step.n}. {step_line(step)}" for step in steps]


def step_line(step: Step) -> str:
    """Return one step in a line: what to do, its command, its risk, its source, and what may be stale about it."""
    text = single_line(step.text, LONGEST)
    if step.command and step.command not in step.text:
        text += f": `{single_line(step.command, LONGEST)}`"
    text += f" [risk: {RISK_LABELS[step.risk]}; from {format_citation(step.citation)}]"
    if step.old_values:
        text += (
            f" (‹…› were values of that incident: {', '.join(single_line(value, 200) for value in step.old_values)})"
        )
    return f"{text} (may be stale: {single_line(step.stale, LONGEST)})" if step.stale else text


def sentence(text: str) -> str:
    """Return the text on one line, with a capital first letter and a full stop."""
    line = single_line(text, LONGEST)
    return line[:1].upper() + line[1:] + ("" if line.endswith((".", "!", "?", "…")) else ".")


def receipts(answer: Recommendation) -> list[Citation]:
    """Return where the answer is written, each place once: the main action first, then the cause, then every step."""
    main = main_action(answer)
    places = [main.citation] if main else []
    places += [answer.cause_citation] if answer.cause_citation else []
    places += [step.citation for step in answer.steps]
    return list({(place.id, place.line): place for place in places}.values())


def receipt_line(citation: Citation) -> str:
    """Return a receipt as text: the id, the line, and the words that stand there."""
    return f"{format_citation(citation)}: “{single_line(citation.quote, LONGEST)}”"


def earlier_incidents(evidence: Sequence[Evidence], floor: float = 0.0) -> Iterator[tuple[Evidence, Incident]]:
    """Yield the earlier incidents among the evidence that match at least this well, in its order."""
    return ((item, item.incident) for item in evidence if item.incident is not None and round(item.score, 2) >= floor)


def fix_text(incident: Incident) -> str | None:
    """Return what was done about an incident: in its source's own words, else its steps as numbered lines."""
    resolution = incident.resolution
    if resolution is None:
        return None
    steps = "\n".join(f"{number}. {step.text}" for number, step in enumerate(resolution.steps, 1))
    return resolution.summary or steps or None


def measure(resolution: Resolution | None) -> str:
    """Return the step that ended the incident, in its source's words; empty where no step is known to have worked."""
    step = find_decisive_step(resolution)
    return step.text if step else ""


def find_incident(memory: IncidentService, incident_id: str) -> Incident | None:
    """Return the incident with this exact id, or None."""
    try:
        return memory.store.incidents.get(incident_id)
    except NotFound:
        return None
