"""The window in which an incident is resolved in Slack: what it shows, and what comes back of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Recommendation, RecommendationOutcome, Resolution, ResolutionStep, Step
from onrecall.notifications import text as words
from onrecall.notifications.slack.blocks import Block

CALLBACK = "resolve"
MOST_STEPS = 10
LONGEST_INPUT = 3000
LONGEST_LABEL = 120
LONGEST_OPTION = 75
LONGEST_STEP = 500
MOST_OTHER = 20
HELPED, FAILED = "worked", "did_not_help"
SUGGESTED = "suggested"
PLACES = frozenset({"root_cause", "label", HELPED, FAILED, "other"})
"""The fields beside which Slack can show what is wrong."""


@dataclass(frozen=True, slots=True)
class SubmittedModal:
    """What somebody filled in."""

    incident: str
    recommendation: str | None
    root_cause: str
    label: str | None
    worked: frozenset[int]
    failed: frozenset[int]
    other: tuple[str, ...]
    taken_over: bool = False
    """Whether the cause was not typed but taken over from the answer."""

    def resolution(self, answer: Recommendation | None, at: datetime, by: str) -> Resolution:
        """As the incident's resolution; steps are those of the answer, in its order, and then the others."""
        steps = [_done(one, self.worked) for one in _steps(answer) if one.n in self.worked | self.failed]
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
    """The window, with the steps that people marked; the cause is empty, so that nobody confirms it unread.

    The answer's cause can be taken over with a tick, and is then kept as taken over.
    """
    about = {"i": incident.id, "r": answer.id if answer else None}
    known = incident.resolution
    cause, label = (known.root_cause, known.cause or "") if known else ("", "")
    said = {step.n: step.outcome for one in marked for step in one.steps}
    shown = _steps(answer)
    offered = bool(answer and answer.cause) and not known
    body = [
        _input(
            "root_cause",
            "What was wrong?",
            words.block(cause, LONGEST_INPUT),
            LONGEST_INPUT,
            rows=True,
            optional=offered,
        )
    ]
    if answer and answer.cause and offered:
        body.append(_suggested_cause(answer.cause))
    body.append(
        _input("label", "A short label for the cause", words.flat(label, LONGEST_LABEL), LONGEST_LABEL, optional=True)
    )
    if shown:
        body.append(_boxes(HELPED, "What helped?", shown, {n for n, one in said.items() if one == "worked"}))
        body.append(_boxes(FAILED, "What did not help?", shown, {n for n, one in said.items() if one != "worked"}))
    body.append(_input("other", "What else was done? One step on a line", "", LONGEST_INPUT, rows=True, optional=True))
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": json.dumps(about, ensure_ascii=False, separators=(",", ":")),
        "title": _plain("Resolve the incident"),
        "submit": _plain("Resolve"),
        "close": _plain("Cancel"),
        "blocks": body,
    }


def read(view: Mapping[str, Any]) -> SubmittedModal:
    """What came back; Invalid names the field that is wrong."""
    about = json.loads(view.get("private_metadata") or "{}")
    values = {name: field.get("value", {}) for name, field in view["state"]["values"].items()}
    cause = (_typed(values, "root_cause") or "").strip()
    taken_over = not cause and bool(values.get(SUGGESTED, {}).get("selected_options"))
    if not cause and not taken_over:
        raise Invalid("say what was wrong", "root_cause")
    worked, failed = _checked(values, HELPED), _checked(values, FAILED)
    if worked & failed:
        raise Invalid("a step either helped or did not; uncheck it on one side", FAILED)
    other = tuple(row.strip() for row in (_typed(values, "other") or "").splitlines() if row.strip())
    if len(other) > MOST_OTHER or any(len(row) > LONGEST_STEP for row in other):
        raise Invalid(f"at most {MOST_OTHER} steps of at most {LONGEST_STEP} characters", "other")
    label = (_typed(values, "label") or "").strip() or None
    return SubmittedModal(about["i"], about.get("r"), cause, label, worked, failed, other, taken_over)


def _steps(answer: Recommendation | None) -> tuple[Step, ...]:
    return answer.steps[:MOST_STEPS] if answer else ()


def _done(step: Step, worked: frozenset[int]) -> ResolutionStep:
    outcome = "worked" if step.n in worked else "did_not_help"
    return ResolutionStep(step.text, step.command, outcome, step.rollback)  # type: ignore[arg-type]


def _typed(values: Mapping[str, Any], name: str) -> str | None:
    said = values.get(name, {}).get("value")
    return said if isinstance(said, str) else None


def _checked(values: Mapping[str, Any], name: str) -> frozenset[int]:
    return frozenset(int(one["value"]) for one in values.get(name, {}).get("selected_options") or ())


def _input(
    name: str, label: str, value: str, limit: int, *, rows: bool = False, optional: bool = False
) -> Mapping[str, Any]:
    element: dict[str, Any] = {"type": "plain_text_input", "action_id": "value", "max_length": limit, "multiline": rows}
    if value:
        element["initial_value"] = value
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional}


def _suggested_cause(cause: str) -> Mapping[str, Any]:
    option = {
        "text": _plain("Use suggested cause"),
        "description": _plain(words.flat(cause, LONGEST_OPTION)),
        "value": "1",
    }
    element = {"type": "checkboxes", "action_id": "value", "options": [option]}
    return {"type": "input", "block_id": SUGGESTED, "label": _plain("Or"), "element": element, "optional": True}


def _boxes(name: str, label: str, steps: Sequence[Step], checked: set[int]) -> Mapping[str, Any]:
    options = {step.n: _option(step) for step in steps}
    element: dict[str, Any] = {"type": "checkboxes", "action_id": "value", "options": list(options.values())}
    if initial := [option for n, option in options.items() if n in checked]:
        element["initial_options"] = initial
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": True}


def _option(step: Step) -> Block:
    return {"text": _plain(words.flat(f"{step.n}. {step.text}", LONGEST_OPTION)), "value": str(step.n)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
