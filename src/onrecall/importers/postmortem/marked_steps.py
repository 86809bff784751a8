"""Build a resolution step from a sentence: its words, its command, and the outcome that marks and words state."""

import re

from onrecall.domain.commands import bare_command
from onrecall.domain.incident import ResolutionStep, StepOutcome
from onrecall.importers.postmortem.outcomes import detect_outcome
from onrecall.importers.postmortem.prose import is_placeholder

_TAG = re.compile(
    r"\s*[-–—:,;]?\s*[(\[]?\*{0,2}(?P<said>did not help|didn['’]t help|no effect|made it worse|worked|helped"
    r"|did not work|didn['’]t work|failed|no change|success|it helped|no improvement|made things worse|fixed it"
    r"|resolved it)\*{0,2}[)\]]?[.!]?\s*$",
    re.IGNORECASE,
)
MARKS: dict[str, StepOutcome] = {
    "❌": "did_not_help",
    "✗": "did_not_help",
    "✘": "did_not_help",
    "👎": "did_not_help",
    "✅": "worked",
    "✔": "worked",
    "✓": "worked",
    "👍": "worked",
}
_COUNTER = re.compile(r"^\s*(?:step\s*)?\d{1,2}\s*[.):]\s+", re.IGNORECASE)
_LITERAL_MARK = re.compile(r"\s*::$")
"""What reStructuredText writes before a block of code."""
STATE_ONLY = re.compile(
    r"(?:(?:this|the|all)\s+(?:incident|issue|problem|outage|alert|systems?|services?)s?\s+(?:is|was|are"
    r"|has been|have been|were)\s+(?:now\s+)?(?:fully\s+)?(?:resolved|closed|fixed|mitigated|over|operational"
    r"|back|restored)\b.{0,30}"
    r"|(?:all|the)\s+[\w-]+\s+(?:was|were|is|are)\s+(?:fine|ok|okay|healthy|normal)(?:\s+again)?\b.{0,30}"
    r"|resolved|fixed|closed|done|mitigated|(?:everything|all|service|services|traffic|latency|errors?) (?:is"
    r"|was|are|were|went|returned|came)? ?(?:now )?(?:back )?(?:to )?(?:normal|ok|fine|up|green|restored"
    r"|operational)\b.{0,30})[.!]?",
    re.IGNORECASE,
)


_STATE_AT_END = re.compile(
    r"\band\s+(?:the\s+)?(?:customer\s+)?(?:impact|incident|issue)\s+(?:was|were|had been|is)"
    r"\s+(?:fully\s+)?(?:mitigated|resolved|over)\W*$",
    re.IGNORECASE,
)
"""The end of a sentence that only says that all was well again."""


def build_step(sentence: str, command: str | None, line: int, rollback: str | None = None) -> ResolutionStep | None:
    marked = next((outcome for mark, outcome in MARKS.items() if mark in sentence), None)
    text = sentence
    for mark in MARKS:
        text = text.replace(mark, "")
    tag = _TAG.search(text)
    apart = tag is not None and tag[0].strip()[:1] in "([-–—:*"
    step_outcome: StepOutcome = (
        marked
        or (_tag_outcome(tag) if apart or failure_or_worked(sentence) == "worked" else None)
        or failure_or_worked(sentence)
    )
    if tag is not None and apart and text[: tag.start()].strip():
        text = text[: tag.start()]
    text = _COUNTER.sub("", text.replace("\ufe0f", "").strip()).strip(" -–—")
    text = _LITERAL_MARK.sub(":", text)
    command = command or bare_command(text)
    if not text or is_placeholder(text) or (command is None and _is_state(text)):
        return None
    return ResolutionStep(" ".join(text.split()), command, step_outcome, rollback, line)


def _is_state(text: str) -> bool:
    """Return whether a text only says how things stood."""
    return STATE_ONLY.fullmatch(text) is not None or _STATE_AT_END.search(text) is not None


def is_marked_as_worked(line: str) -> bool:
    """Return whether a mark or the last word of a line says that a step worked: `✅ removed the lock`, `…: helped`."""
    tag = _TAG.search(line)
    tagged = tag is not None and tag[0].strip()[:1] in "([-–—:*" and _tag_outcome(tag) == "worked"
    return tagged or any(outcome == "worked" and mark in line for mark, outcome in MARKS.items())


def _tag_outcome(tag: re.Match[str] | None) -> StepOutcome | None:
    if tag is None:
        return None
    tag_text = tag["said"].casefold()
    if "worse" in tag_text:
        return "made_it_worse"
    if tag_text in ("worked", "helped", "success", "it helped", "fixed it", "resolved it"):
        return "worked"
    return "did_not_help"


def failure_or_worked(text: str) -> StepOutcome:
    outcome = detect_outcome(text)
    return outcome if outcome in ("did_not_help", "made_it_worse") else "worked"
