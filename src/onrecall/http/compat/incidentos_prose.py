"""What IncidentOS AI's pages print of an answer: one percentage, ours, and short actions that the page numbers.

The page takes the first number with a percent sign for the confidence, so no other may stand in the prose: those of
titles and evidence are spelled out, and a command that holds one is not quoted, for a spelled-out one would not run.
"""

import re

from onrecall.domain.count_noun import count_noun
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation, Step
from onrecall.http.compat import answers
from onrecall.notifications.text import RISK_LABELS, VERDICT_SENTENCES, format_citation, single_line
from onrecall.recommendation.short_actions import ShortAction, short_actions

_PERCENT = re.compile(r"(?<=\d)\s*[%\u066a\ufe6a\uff05]")


def analysis(incident: Incident, answer: Recommendation) -> str:
    """Return the answer as prose with exactly one percentage, its confidence; none where nothing was seen."""
    paragraphs = [f"{VERDICT_SENTENCES[answer.verdict]}. {answers.sentence(answer.verdict_reason)}"]
    if incident.resolution is not None:
        paragraphs.insert(0, f"Resolved. What was wrong: {answers.sentence(incident.resolution.root_cause)}")
    if answer.cause:
        paragraphs.append(answers.cause_sentence(answer))
    if answer.steps:
        paragraphs.append("What worked before:\n" + "\n".join(_step(step) for step in answer.steps))
    paragraphs += answers.warnings(answer)
    prose = spell_out("\n\n".join(paragraphs))
    confidence = _confidence(answer)
    return f"{prose}\n\n{confidence}" if confidence else prose


def actions(answer: Recommendation) -> list[str]:
    """Return at most four actions, each a line with its risk and where it is written, and without a number."""
    return [_action(action) for action in short_actions(answer)]


def spell_out(text: str) -> str:
    """Return the text with the percent sign after each number written as a word."""
    return _PERCENT.sub(" percent", text)


def _confidence(answer: Recommendation) -> str | None:
    """Return how far to trust it: the one percentage, then what it is counted on in words."""
    if answer.verdict == "never_seen" or answer.confidence is None:
        return None
    confidence = answer.confidence
    where = {"public": "on public data", "backtest": "in a replay of your history", "outcomes": "on your incidents"}
    counted = f"right {confidence.right} of {count_noun(confidence.of, 'time')} at this level {where[confidence.basis]}"
    reason = (
        f"; {spell_out(single_line(answer.confidence_reason, answers.LONGEST))}" if answer.confidence_reason else ""
    )
    return f"Confidence: {round(confidence.probability * 100)}% ({counted}{reason})."


def _step(step: Step) -> str:
    line = answers.step_line(step)
    if step.command and _PERCENT.search(step.command):
        text = single_line(step.text.replace(step.command, "…"), answers.LONGEST)
        line = f"{text} [risk: {RISK_LABELS[step.risk]}; the command is in {format_citation(step.citation)}]"
    return f"{step.n}. {line}"


def _action(action: ShortAction) -> str:
    return (
        f"{single_line(action.text, answers.LONGEST)} [{RISK_LABELS[action.risk]}; {format_citation(action.citation)}]"
    )
