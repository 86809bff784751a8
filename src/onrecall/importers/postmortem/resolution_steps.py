"""Extract resolution steps in order, with their commands and outcomes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from onrecall.domain.incident import ResolutionStep, StepOutcome
from onrecall.importers.postmortem import code
from onrecall.importers.postmortem.deeds import (
    CONSEQUENCE,
    detect_outcome,
    note_reports_action,
    opens_with_attempt,
    reports_action,
    runs_command,
    split_sentences,
)
from onrecall.importers.postmortem.prose import ProseStatement, is_placeholder, sentence_statements
from onrecall.importers.postmortem.rows import DocumentRow, plain_text, unescape_markdown
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.timeline import ChronologyEntry, holds_chronology

_ROLLBACK = re.compile(
    r"\s*\**(?:to\s+)?(?:roll\s?back|undo|revert|rückgängig)\**\s*[:\uff1a]\**\s*(?P<text>\S.*)", re.IGNORECASE
)
_TAG = re.compile(
    r"\s*[-–—:,;]?\s*[(\[]?\*{0,2}(?P<said>did not help|didn['’]t help|no effect|made it worse|worked|helped"
    r"|did not work|didn['’]t work|failed|no change|success|it helped|no improvement|made things worse|fixed it"
    r"|resolved it)\*{0,2}[)\]]?[.!]?\s*$",
    re.IGNORECASE,
)
_MARKS: dict[str, StepOutcome] = {
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
_STATE_ONLY = re.compile(
    r"(?:(?:this|the|all)\s+(?:incident|issue|problem|outage|alert|systems?|services?)s?\s+(?:is|was|are"
    r"|has been|have been|were)\s+(?:now\s+)?(?:fully\s+)?(?:resolved|closed|fixed|mitigated|over|operational"
    r"|back|restored)\b.{0,30}"
    r"|resolved|fixed|closed|done|mitigated|(?:everything|all|service|services|traffic|latency|errors?) (?:is"
    r"|was|are|were|went|returned|came)? ?(?:now )?(?:back )?(?:to )?(?:normal|ok|fine|up|green|restored"
    r"|operational)\b.{0,30})[.!]?",
    re.IGNORECASE,
)


_RAN = re.compile(
    r"\b(?:ran|run|runs|executed|issued|by running|by executing)\s+(?:the\s+)?(?:command\s+)?`|^`[^`]+`[.\s]*$",
    re.IGNORECASE,
)
_READ_ONLY_COMMAND = re.compile(
    r"(?:sudo\s+)?(?:kubectl\s+(?:-\S+\s+\S+\s+|--\S+\s+)*(?:get|describe|logs?|top|explain)\b(?!.*\|\s*(?:xargs"
    r"|kubectl (?:replace|apply|delete)))|df|du|top|htop|free|ps|lsof|ss|netstat|journalctl|dmesg|grep|tail|head"
    r"|cat|less|ls|dig|nslookup|ping|traceroute|"
    r"curl\s+(?:-[sIvkL]+\s+)*['\"]?https?://\S+$|SHOW\b|EXPLAIN\b|git (?:log|diff|show|status)|systemctl status"
    r"|docker (?:ps|logs|stats|inspect)|helm (?:list|history|status)|redis-cli (?:info|ping|monitor)"
    r"|openssl (?:s_client|x509))\b",
    re.IGNORECASE,
)
"""Read-only commands; in a chronology they are not a fix."""


SHORTEST_UNSPACED = 4
"""Minimum East Asian letters of a phrase."""
LONGEST_PHRASE = 40
"""Maximum words of a value that counts as a step without a known verb."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(slots=True)
class _StepDraft:
    """A step being assembled: its words, its code, and the line it begins on."""

    line: int
    words: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    indent: int = 0
    rollback: str | None = None
    listed: bool = False
    lead: bool = False
    """Whether it is a paragraph rather than an item."""


def extract_steps(
    fixes: Sequence[LabelledSection], failures: Sequence[LabelledSection], chronology: Sequence[ChronologyEntry]
) -> tuple[ResolutionStep, ...]:
    """Return failed and successful steps from their sections, completed from the chronology."""
    failed_steps = [
        replace(step, outcome=_outcome_or_default(step, "did_not_help"))
        for section in failures
        for step in _section_steps(section, every_item=True)
    ]
    fix_steps = [
        step for section in fixes if not holds_chronology(section) for step in _section_steps(section, every_item=True)
    ]
    chronology_steps = _chronology_steps(chronology)
    if not any(step.outcome == "worked" for step in fix_steps):
        fix_steps += [step for step in chronology_steps if step.outcome == "worked"]
    known_lines = {step.line for step in (*failed_steps, *fix_steps)}
    failed_on_the_way = [step for step in chronology_steps if step.outcome != "worked" and step.line not in known_lines]
    return tuple(_distinct_steps([*failed_steps, *failed_on_the_way, *fix_steps]))


def steps_in_comments(comments: Sequence[ChronologyEntry]) -> tuple[ResolutionStep, ...]:
    """Return the steps in a ticket's comments; unlike in a chronology, the first may already report an action."""
    return tuple(_distinct_steps(_chronology_steps(comments, begins_before=False)))


def steps_in_prose(sections: Sequence[LabelledSection]) -> tuple[ResolutionStep, ...]:
    """Return the actions reported in a summary or a text without headings."""
    steps = [step for section in sections for step in _sentence_steps(section.rows)]
    return tuple(_distinct_steps(steps))


def _outcome_or_default(step: ResolutionStep, default: StepOutcome) -> StepOutcome:
    stated = detect_outcome(step.text)
    return stated if stated in ("made_it_worse", "did_not_help") else default if stated is None else "worked"


def _distinct_steps(steps: Sequence[ResolutionStep]) -> Iterator[ResolutionStep]:
    keys: set[tuple[str, str | None, StepOutcome]] = set()
    for step in steps:
        key = (step.text.casefold(), step.command, step.outcome)
        if key not in keys:
            keys.add(key)
            yield step


def _section_steps(section: LabelledSection, *, every_item: bool) -> list[ResolutionStep]:
    """Return list items with their code; without a list, commands and sentences that report an action."""
    drafts = _drafts(section.rows)
    listed = [draft for draft in drafts if draft.listed or draft.code]
    steps: list[ResolutionStep] = []
    if any(draft.listed for draft in drafts):
        for draft in drafts:
            if draft.listed or draft.code or (draft.lead and _draft_reports_action(draft)):
                steps += _draft_steps(draft, every_item=every_item)
        return steps
    if listed:
        for draft in drafts:
            steps += _draft_steps(draft, every_item=every_item) if draft.code else _draft_sentence_steps(draft)
        return steps
    return [step for draft in drafts for step in _draft_sentence_steps(draft)] or _lone_sentence(section)


def _draft_reports_action(draft: _StepDraft) -> bool:
    text = plain_text(" ".join(draft.words))
    return not text.rstrip().endswith(":") and any(reports_action(sentence) for sentence in split_sentences(text))


def _lone_sentence(section: LabelledSection) -> list[ResolutionStep]:
    """Return a short value such as `Failover to the replica`, which is a step without a known verb."""
    statements = list(sentence_statements(section.rows))
    if len(statements) != 1 or not _is_phrase(statements[0].text) or _STATE_ONLY.fullmatch(statements[0].text):
        return []
    step = _build_step(
        statements[0].text, "\n".join(code.command_spans(statements[0].text)) or None, statements[0].line
    )
    return [step] if step is not None else []


def _is_phrase(text: str) -> bool:
    """Return whether a text is as long as a short sentence; East Asian scripts do not separate words."""
    words = len(text.split()) if len(_UNSPACED.findall(text)) < SHORTEST_UNSPACED else 2
    return 1 < words <= LONGEST_PHRASE


def _drafts(rows: Sequence[DocumentRow]) -> list[_StepDraft]:
    """Return items and paragraphs with their code blocks."""
    drafts: list[_StepDraft] = []
    block: list[DocumentRow] = []
    blank = True
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "code":
            block.append(row)
            continue
        if block:
            _add_block(block, drafts)
            block = []
        if row.kind == "item":
            _add_item(row, drafts)
        elif row.kind == "cells" and row.cells:
            drafts.append(_StepDraft(row.number, [" ".join(cell for cell in row.cells if cell)], listed=True))
        elif row.kind == "text":
            _add_text(row, drafts, blank=blank)
        elif row.kind == "heading" and row.number:
            drafts.append(_StepDraft(row.number, [], lead=True))
        blank = row.kind == "blank"
    return [draft for draft in drafts if draft.words or draft.code]


def _add_block(block: Sequence[DocumentRow], drafts: list[_StepDraft]) -> None:
    commands = code.block_commands(block)
    if not commands:
        return
    if not drafts or (
        drafts[-1].lead
        and not plain_text(" ".join(drafts[-1].words)).rstrip().endswith((":", "\uff1a"))
        and drafts[-1].words
        and len(drafts[-1].words) > 3
    ):
        drafts.append(_StepDraft(block[0].number, lead=True))
    drafts[-1].code += commands


def _add_item(row: DocumentRow, drafts: list[_StepDraft]) -> None:
    if (rollback := _ROLLBACK.fullmatch(row.text)) and drafts:
        drafts[-1].rollback = _command_or_words(rollback["text"])
        return
    above = next((draft for draft in reversed(drafts) if draft.listed), None)
    if above is not None and row.level > above.indent + 1 and not _stands_alone(row):
        above.words.append(row.text)
        return
    drafts.append(_StepDraft(row.number, [row.text], indent=row.level, listed=True))


def _stands_alone(row: DocumentRow) -> bool:
    """Return whether a nested item reports an action of its own."""
    return bool(code.command_spans(row.text)) or reports_action(plain_text(row.text))


def _add_text(row: DocumentRow, drafts: list[_StepDraft], *, blank: bool) -> None:
    if drafts and (rollback := _ROLLBACK.fullmatch(row.text)):
        drafts[-1].rollback = _command_or_words(rollback["text"])
    elif (drafts and drafts[-1].listed and (not blank or row.nested)) or (
        drafts and drafts[-1].lead and not blank and not drafts[-1].code
    ):
        drafts[-1].words.append(row.text.strip())
    else:
        drafts.append(_StepDraft(row.number, [row.text.strip()], lead=True))


def _command_or_words(text: str) -> str:
    commands = code.command_spans(text)
    return commands[0] if commands else plain_text(unescape_markdown(text))


def _draft_steps(draft: _StepDraft, *, every_item: bool) -> list[ResolutionStep]:
    text = plain_text(" ".join(draft.words))
    if not draft.listed and not draft.code:
        return _draft_sentence_steps(draft)
    inline = code.command_spans(unescape_markdown(" ".join(draft.words)))
    command = "\n".join(draft.code) or "\n".join(inline) or None
    if not every_item and command is None and not reports_action(text):
        return []
    step = _build_step(
        text or (draft.code[0].splitlines()[0] if draft.code else ""), command, draft.line, draft.rollback
    )
    return [step] if step is not None else []


def _draft_sentence_steps(draft: _StepDraft) -> list[ResolutionStep]:
    rows = [DocumentRow(draft.line, "text", " ".join(draft.words))]
    return _sentence_steps(rows)


def _sentence_steps(rows: Sequence[DocumentRow], *, notes: bool = False) -> list[ResolutionStep]:
    """Return sentences that report an action, with the outcome stated in them or in the next sentence."""
    steps: list[ResolutionStep] = []
    follows = False
    statements = [*sentence_statements(rows)]
    for place, statement in enumerate(statements):
        inline = code.command_spans(statement.text)
        if steps and CONSEQUENCE.match(statement.text) and steps[-1].outcome == "worked":
            steps[-1] = replace(steps[-1], outcome="did_not_help")
        is_action = reports_action(statement.text) or (notes and note_reports_action(statement.text))
        is_action = is_action or (
            opens_with_attempt(statement.text) and _failed_afterwards(statements[place + 1 : place + 2])
        )
        if is_action or (inline and _reports_command(statement.text)):
            inline = [command for command in inline if not _READ_ONLY_COMMAND.match(command)] or inline
            step = _build_step(CONSEQUENCE.sub("", statement.text), "\n".join(inline) or None, statement.line)
            steps += [step] if step is not None else []
            follows = step is not None
        elif follows and (outcome := detect_outcome(statement.text)) in ("did_not_help", "made_it_worse"):
            steps[-1] = replace(steps[-1], outcome=outcome or "worked")
            follows = False
        else:
            follows = False
    return steps


def _failed_afterwards(following: Sequence[ProseStatement]) -> bool:
    """Return whether the next sentence only states that it did not help."""
    return any(
        detect_outcome(statement.text) in ("did_not_help", "made_it_worse") and not reports_action(statement.text)
        for statement in following
    )


def _reports_command(sentence: str) -> bool:
    return _RAN.search(sentence) is not None or runs_command(sentence)


def _build_step(sentence: str, command: str | None, line: int, rollback: str | None = None) -> ResolutionStep | None:
    marked = next((outcome for mark, outcome in _MARKS.items() if mark in sentence), None)
    text = sentence
    for mark in _MARKS:
        text = text.replace(mark, "")
    tag = _TAG.search(text)
    apart = tag is not None and tag[0].strip()[:1] in "([-–—:*"
    step_outcome: StepOutcome = (
        marked
        or (_tag_outcome(tag) if apart or _failure_or_worked(sentence) == "worked" else None)
        or _failure_or_worked(sentence)
    )
    if tag is not None and apart and text[: tag.start()].strip():
        text = text[: tag.start()]
    text = _COUNTER.sub("", text.replace("\ufe0f", "").strip()).strip(" -–—")
    if not text or is_placeholder(text) or (command is None and _STATE_ONLY.fullmatch(text)):
        return None
    return ResolutionStep(" ".join(text.split()), command, step_outcome, rollback, line)


def _tag_outcome(tag: re.Match[str] | None) -> StepOutcome | None:
    if tag is None:
        return None
    tag_text = tag["said"].casefold()
    if "worse" in tag_text:
        return "made_it_worse"
    if tag_text in ("worked", "helped", "success", "it helped", "fixed it", "resolved it"):
        return "worked"
    return "did_not_help"


def _failure_or_worked(text: str) -> StepOutcome:
    outcome = detect_outcome(text)
    return outcome if outcome in ("did_not_help", "made_it_worse") else "worked"


def _chronology_steps(chronology: Sequence[ChronologyEntry], *, begins_before: bool = True) -> list[ResolutionStep]:
    """Return the actions in a chronology; the outcome of one may be stated by the next entry.

    With `begins_before` the first of many entries describes the start, not an action.
    """
    steps: list[ResolutionStep] = []
    for place, entry in enumerate(chronology):
        head = [DocumentRow(entry.line, "text", entry.head)] if entry.head else []
        opening = next(iter(sentence_statements([*head, *entry.rows])), None)
        if steps and opening is not None and not reports_action(opening.text):
            outcome = detect_outcome(opening.text)
            if outcome in ("did_not_help", "made_it_worse") and steps[-1].outcome == "worked":
                steps[-1] = replace(steps[-1], outcome=outcome)
        if place or len(chronology) < 3 or not begins_before:
            steps += [step for step in _entry_steps(head, entry) if not _is_read_only(step)]
    return steps


def _is_read_only(step: ResolutionStep) -> bool:
    return step.command is not None and all(_READ_ONLY_COMMAND.match(line) for line in step.command.splitlines())


def _entry_steps(head: Sequence[DocumentRow], entry: ChronologyEntry) -> list[ResolutionStep]:
    """Return an entry's actions with the command blocks below them."""
    steps: list[ResolutionStep] = []
    rows: list[DocumentRow] = list(head)
    block: list[DocumentRow] = []
    for row in [*entry.rows, DocumentRow(0, "blank", "")]:
        if row.kind == "code":
            block.append(row)
            continue
        if block:
            steps += _sentence_steps(rows, notes=True)
            rows = []
            found_code = code.block_commands(block)
            if found_code and steps and steps[-1].command is None:
                steps[-1] = replace(steps[-1], command="\n".join(found_code))
            block = []
        rows.append(row)
    return steps + _sentence_steps(rows, notes=True)
