"""What to do, where a client has room for one line: the measure that fixed the matched incident, and a few more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from onrecall.domain import markdown_page as page
from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.recommendation import Recommendation, Risk, Step
from onrecall.recommendation.imperative import to_imperative
from onrecall.recommendation.risk.classify import classify, classify_text
from onrecall.recommendation.text_similarity import extract_stems

MAX_SHORT_ACTIONS = 4
"""Lines for a client that shows a few."""
MIN_MENTIONED_WORDS = 2
"""Words of a step that the summary must hold before it counts as speaking of that step."""


@dataclass(frozen=True, slots=True)
class ShortAction:
    """One step of an answer in one line, with its risk and where it is written."""

    number: int
    """The step's number in the answer."""
    text: str
    risk: Risk
    citation: Citation


def matched_evidence(answer: Recommendation) -> Evidence | None:
    """Return the earlier incident that the answer rests on; None where it rests on a document, or on nothing.

    That is the incident whose cause is cited, else the one that the first step comes from, else the nearest.
    """
    if answer.verdict == "never_seen":
        return None
    earlier = {evidence.id: evidence for evidence in answer.evidence if evidence.incident is not None}
    cited = [answer.cause_citation.evidence_id] if answer.cause_citation else []
    cited += [step.citation.evidence_id for step in answer.steps]
    if not cited:
        return next(iter(earlier.values()), None)
    return next((earlier[name] for name in cited if name in earlier), None)


def main_action(answer: Recommendation) -> ShortAction | None:
    """Return the one measure that fixed the matched incident; None where the answer has no step.

    The measure that its source names comes first, then the one that the resolution's summary speaks of most, then what
    was changed first. Undoing a failed step fixed nothing; what only looked is named where nothing was changed.
    """
    if not answer.steps:
        return None
    matched = matched_evidence(answer)
    if matched is None or matched.incident is None or matched.resolution is None:
        return _to_short_action(_first_change(answer.steps))
    executions = _executed_steps(answer.steps, matched.incident)
    own = sorted((step for step in answer.steps if step.n in executions), key=lambda step: step.citation.line)
    reported = next((step for step in own if executions[step.n].effect is not None), None)
    changes = [step for step in own if step.risk != "read_only" and not _undoes(executions[step.n], matched.resolution)]
    if reported is not None or not changes:
        return _to_short_action(reported or _first_change(own or answer.steps))
    summary = frozenset(extract_stems(matched.resolution.summary or ""))
    return _to_short_action(max(changes, key=lambda step: _summary_share(step.text, summary)))


def action_line(answer: Recommendation) -> str:
    """Return what to do in one line; where nothing is known to do, that sentence, and never a precaution."""
    main = main_action(answer)
    if main is not None:
        warning = f" ({main.risk})" if main.risk in ("disruptive", "destructive") else ""
        return f"{main.text}{warning}"
    if answer.verdict == "never_seen":
        return "No action is recommended: nothing like this was seen before"
    matched = matched_evidence(answer)
    return f"No action is on record; see {matched.id}" if matched else "No action is on record"


def short_actions(answer: Recommendation, most: int = MAX_SHORT_ACTIONS) -> tuple[ShortAction, ...]:
    """Return at most so many steps in one line each, in the answer's order.

    The main action is among them, before it the first check, after it what follows it; then whatever there is.
    """
    main = main_action(answer)
    if main is None:
        return ()
    checks = [step.n for step in answer.steps[:1] if step.risk == "read_only"]
    following = [step.n for step in answer.steps if step.n > main.number]
    by_priority = dict.fromkeys([main.number, *checks, *following, *(step.n for step in answer.steps)])
    chosen = set(islice(by_priority, most))
    return tuple(_to_short_action(step) for step in answer.steps if step.n in chosen)


def find_decisive_step(resolution: Resolution | None) -> ResolutionStep | None:
    """Return the step that ended the incident, by the same rules; None where no step worked."""
    worked = [step for step in resolution.steps if step.outcome == "worked"] if resolution else []
    if resolution is None or not worked:
        return None
    reported = next((step for step in worked if step.effect is not None), None)
    changes = [step for step in worked if _risk(step) != "read_only" and not _undoes(step, resolution)]
    summary = frozenset(extract_stems(resolution.summary or ""))
    return reported or max(changes or worked[:1], key=lambda step: _summary_share(step.text, summary))


def _executed_steps(steps: Sequence[Step], incident: Incident) -> Mapping[int, ResolutionStep]:
    """What was done then, by the number of the step that cites it, on the incident's page or in its document."""
    executed = incident.resolution.steps if incident.resolution else ()
    by_line = {
        (incident.id, line.number): executed[line.step]
        for line in page.numbered_lines(incident)
        if line.step is not None
    }
    by_line |= {(incident.document, step.line): step for step in executed if incident.document and step.line}
    locations = ((step.n, (step.citation.id, step.citation.line)) for step in steps)
    return {number: by_line[location] for number, location in locations if location in by_line}


def _risk(step: ResolutionStep) -> Risk:
    return (classify(step.command) if step.command else classify_text(step.text)).risk


def _undoes(candidate: ResolutionStep, resolution: Resolution) -> bool:
    """Whether it only took back what had failed before it."""
    failed = (step for step in resolution.steps if step.outcome != "worked" and step.rollback)
    return any(candidate.command == step.rollback for step in failed)


def _summary_share(text: str, summary: frozenset[str]) -> float:
    """The share of the words of the deed itself that the summary holds; 0 where it may hold them by chance."""
    action_words = frozenset(extract_stems(to_imperative(text)))
    common = action_words & summary
    return len(common) / len(action_words) if len(common) >= MIN_MENTIONED_WORDS else 0.0


def _first_change(steps: Sequence[Step]) -> Step:
    return next((step for step in steps if step.risk != "read_only"), steps[0])


def _to_short_action(step: Step) -> ShortAction:
    return ShortAction(step.n, to_imperative(step.text), step.risk, step.citation)
