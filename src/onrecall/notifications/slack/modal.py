"""The modal to resolve an incident in Slack: its view and its submission."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.recommendation import Recommendation, RecommendationOutcome, Step
from onrecall.notifications import text as words
from onrecall.notifications.slack.block_kit import Block

CALLBACK = "resolve"
MOST_STEPS = 10
LONGEST_INPUT = 3000
LONGEST_LABEL = 120
LONGEST_OPTION = 75
LONGEST_STEP = 500
MOST_OTHER = 20
HELPED, FAILED = "worked", "did_not_help"
SUGGESTED = "suggested"
ERROR_FIELDS = frozenset({"root_cause", "label", HELPED, FAILED, "other"})
"""The fields at which Slack can show an error."""


@dataclass(frozen=True, slots=True)
class SubmittedModal:
    """The submitted values."""

    incident: str
    recommendation: str | None
    root_cause: str
    label: str | None
    worked: frozenset[int]
    failed: frozenset[int]
    other: tuple[str, ...]
    taken_over: bool = False
    """Whether the cause was accepted from the answer rather than typed."""

    def resolution(self, answer: Recommendation | None, at: datetime, by: str) -> Resolution:
        """Return the resolution; steps of the answer in its order, then the others."""
        steps = [_reported_step(step, self.worked) for step in _steps(answer) if step.n in self.worked | self.failed]
        steps += [ResolutionStep(text) for text in self.other]
        if not self.taken_over:
            return Resolution(self.root_cause, at, cause=self.label, steps=tuple(steps), by=by)
        if answer is None or answer.cause is None:
            raise Invalid("the answer no longer names a cause; enter the root cause", "root_cause")
        label = self.label or answer.cause_label
        return Resolution(answer.cause, at, label, tuple(steps), by=by, cause_origin="taken_over")


def view(
    incident: Incident, answer: Recommendation | None, marked: Sequence[RecommendationOutcome]
) -> Mapping[str, Any]:
    """Return the view, with the steps people marked; the cause is empty, so that nobody confirms it unread.

    The answer's cause can be accepted with a checkbox, and is then stored as taken over.
    """
    about = {"i": incident.id, "r": answer.id if answer else None}
    body = [*_cause_blocks(incident.resolution, answer), *_outcome_blocks(_steps(answer), marked)]
    body.append(_input("other", "What else was done? One step on a line", "", LONGEST_INPUT, rows=True, optional=True))
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": json.dumps(about, ensure_ascii=False, separators=(",", ":")),
        "title": _plain_text("Resolve the incident"),
        "submit": _plain_text("Resolve"),
        "close": _plain_text("Cancel"),
        "blocks": body,
    }


def _cause_blocks(resolution: Resolution | None, answer: Recommendation | None) -> list[Block]:
    """Return the fields of the cause and its label, with the answer's cause between them where it may be accepted."""
    cause, label = (resolution.root_cause, resolution.cause or "") if resolution else ("", "")
    suggested = answer.cause if answer and not resolution else None
    cause = words.multi_line(cause, LONGEST_INPUT)
    label = words.single_line(label, LONGEST_LABEL)
    return [
        _input("root_cause", "What was wrong?", cause, LONGEST_INPUT, rows=True, optional=bool(suggested)),
        *([_suggested_cause(suggested)] if suggested else []),
        _input("label", "A short label for the cause", label, LONGEST_LABEL, optional=True),
    ]


def _outcome_blocks(steps: Sequence[Step], marked: Sequence[RecommendationOutcome]) -> list[Block]:
    """Return the checkboxes for steps that helped and that did not; none without steps."""
    if not steps:
        return []
    outcome_by_step = {step.n: step.outcome for reported in marked for step in reported.steps}
    helped = {n for n, outcome in outcome_by_step.items() if outcome == "worked"}
    failed = set(outcome_by_step) - helped
    return [
        _checkboxes(HELPED, "What helped?", steps, helped),
        _checkboxes(FAILED, "What did not help?", steps, failed),
    ]


def parse_submission(view: Mapping[str, Any]) -> SubmittedModal:
    """Parse a submission; raise Invalid with the name of the wrong field."""
    about = json.loads(view.get("private_metadata") or "{}")
    values = {name: field.get("value", {}) for name, field in view["state"]["values"].items()}
    cause = (_text_value(values, "root_cause") or "").strip()
    taken_over = not cause and bool(values.get(SUGGESTED, {}).get("selected_options"))
    if not cause and not taken_over:
        raise Invalid("say what was wrong", "root_cause")
    worked, failed = _checked_numbers(values, HELPED), _checked_numbers(values, FAILED)
    if worked & failed:
        raise Invalid("a step either helped or did not; uncheck it on one side", FAILED)
    other_steps = tuple(row.strip() for row in (_text_value(values, "other") or "").splitlines() if row.strip())
    if len(other_steps) > MOST_OTHER or any(len(row) > LONGEST_STEP for row in other_steps):
        raise Invalid(f"at most {MOST_OTHER} steps of at most {LONGEST_STEP} characters", "other")
    label = (_text_value(values, "label") or "").strip() or None
    return SubmittedModal(about["i"], about.get("r"), cause, label, worked, failed, other_steps, taken_over)


def _steps(answer: Recommendation | None) -> tuple[Step, ...]:
    return answer.steps[:MOST_STEPS] if answer else ()


def _reported_step(step: Step, worked: frozenset[int]) -> ResolutionStep:
    outcome = "worked" if step.n in worked else "did_not_help"
    return ResolutionStep(step.text, step.command, outcome, step.rollback)  # type: ignore[arg-type]


def _text_value(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name, {}).get("value")
    return value if isinstance(value, str) else None


def _checked_numbers(values: Mapping[str, Any], name: str) -> frozenset[int]:
    return frozenset(int(option["value"]) for option in values.get(name, {}).get("selected_options") or ())


def _input(
    name: str, label: str, value: str, limit: int, *, rows: bool = False, optional: bool = False
) -> Mapping[str, Any]:
    element: dict[str, Any] = {"type": "plain_text_input", "action_id": "value", "max_length": limit, "multiline": rows}
    if value:
        element["initial_value"] = value
    return {"type": "input", "block_id": name, "label": _plain_text(label), "element": element, "optional": optional}


def _suggested_cause(cause: str) -> Mapping[str, Any]:
    option = {
        "text": _plain_text("Use suggested cause"),
        "description": _plain_text(words.single_line(cause, LONGEST_OPTION)),
        "value": "1",
    }
    element = {"type": "checkboxes", "action_id": "value", "options": [option]}
    return {"type": "input", "block_id": SUGGESTED, "label": _plain_text("Or"), "element": element, "optional": True}


def _checkboxes(name: str, label: str, steps: Sequence[Step], checked: set[int]) -> Mapping[str, Any]:
    options = {step.n: _option(step) for step in steps}
    element: dict[str, Any] = {"type": "checkboxes", "action_id": "value", "options": list(options.values())}
    if initial := [option for n, option in options.items() if n in checked]:
        element["initial_options"] = initial
    return {"type": "input", "block_id": name, "label": _plain_text(label), "element": element, "optional": True}


def _option(step: Step) -> Block:
    return {"text": _plain_text(words.single_line(f"{step.n}. {step.text}", LONGEST_OPTION)), "value": str(step.n)}


def _plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
