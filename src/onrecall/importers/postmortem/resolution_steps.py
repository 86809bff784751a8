"""What was done, in its order, with its commands and what came of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from onrecall.domain.incident import ResolutionStep, StepOutcome
from onrecall.importers.postmortem import code
from onrecall.importers.postmortem.deeds import (
    CONSEQUENCE,
    names_attempt,
    outcome_of,
    runs_command,
    sentences,
    tells_briefly,
    tells_deed,
)
from onrecall.importers.postmortem.prose import ProseStatement, is_placeholder, spoken
from onrecall.importers.postmortem.rows import DocumentRow, plain, unescaped
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
_LOOKING = re.compile(
    r"(?:sudo\s+)?(?:kubectl\s+(?:-\S+\s+\S+\s+|--\S+\s+)*(?:get|describe|logs?|top|explain)\b(?!.*\|\s*(?:xargs"
    r"|kubectl (?:replace|apply|delete)))|df|du|top|htop|free|ps|lsof|ss|netstat|journalctl|dmesg|grep|tail|head"
    r"|cat|less|ls|dig|nslookup|ping|traceroute|"
    r"curl\s+(?:-[sIvkL]+\s+)*['\"]?https?://\S+$|SHOW\b|EXPLAIN\b|git (?:log|diff|show|status)|systemctl status"
    r"|docker (?:ps|logs|stats|inspect)|helm (?:list|history|status)|redis-cli (?:info|ping|monitor)"
    r"|openssl (?:s_client|x509))\b",
    re.IGNORECASE,
)
"""Commands that only look: in a chronology they are no fix."""


SHORTEST_UNSPACED = 4
"""East Asian letters of the shortest phrase."""
LONGEST_PHRASE = 40
"""Words of the longest value that is what was done without a verb that is known."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(slots=True)
class _StepDraft:
    """A step on its way: its words, the code that stands with it, the line it begins on."""

    line: int
    words: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    indent: int = 0
    rollback: str | None = None
    listed: bool = False
    lead: bool = False
    """Whether it is a paragraph and no item."""


def steps_told(
    fixes: Sequence[LabelledSection], failures: Sequence[LabelledSection], chronology: Sequence[ChronologyEntry]
) -> tuple[ResolutionStep, ...]:
    """What was tried in vain and what worked: of their sections, and of the chronology what the sections leave out."""
    tried = [
        replace(step, outcome=_outcome(step, "did_not_help"))
        for section in failures
        for step in _of_section(section, every_item=True)
    ]
    done = [
        step for section in fixes if not holds_chronology(section) for step in _of_section(section, every_item=True)
    ]
    told = _of_chronology(chronology)
    if not any(step.outcome == "worked" for step in done):
        done += [step for step in told if step.outcome == "worked"]
    known = {step.line for step in (*tried, *done)}
    failed_on_the_way = [step for step in told if step.outcome != "worked" and step.line not in known]
    return tuple(_distinct([*tried, *failed_on_the_way, *done]))


def steps_in_comments(comments: Sequence[ChronologyEntry]) -> tuple[ResolutionStep, ...]:
    """What the comments of a ticket tell, in their order; unlike a chronology, the first may tell a deed already."""
    return tuple(_distinct(_of_chronology(comments, begins_before=False)))


def steps_in_prose(sections: Sequence[LabelledSection]) -> tuple[ResolutionStep, ...]:
    """Deeds that a summary or a text without headings tells, where nothing else does."""
    found = [step for section in sections for step in _of_sentences(section.rows)]
    return tuple(_distinct(found))


def _outcome(step: ResolutionStep, otherwise: StepOutcome) -> StepOutcome:
    said = outcome_of(step.text)
    return said if said in ("made_it_worse", "did_not_help") else otherwise if said is None else "worked"


def _distinct(found: Sequence[ResolutionStep]) -> Iterator[ResolutionStep]:
    seen: set[tuple[str, str | None, StepOutcome]] = set()
    for step in found:
        key = (step.text.casefold(), step.command, step.outcome)
        if key not in seen:
            seen.add(key)
            yield step


def _of_section(section: LabelledSection, *, every_item: bool) -> list[ResolutionStep]:
    """Its list items with their code; without a list, its commands and the sentences that tell a deed."""
    drafts = _drafts(section.rows)
    listed = [draft for draft in drafts if draft.listed or draft.code]
    found: list[ResolutionStep] = []
    if any(draft.listed for draft in drafts):
        for draft in drafts:
            if draft.listed or draft.code or (draft.lead and _tells(draft)):
                found += _steps_of(draft, every_item=every_item)
        return found
    if listed:
        for draft in drafts:
            found += _steps_of(draft, every_item=every_item) if draft.code else _of_words(draft)
        return found
    return [step for draft in drafts for step in _of_words(draft)] or _lone_sentence(section)


def _tells(draft: _StepDraft) -> bool:
    said = plain(" ".join(draft.words))
    return not said.rstrip().endswith(":") and any(tells_deed(sentence) for sentence in sentences(said))


def _lone_sentence(section: LabelledSection) -> list[ResolutionStep]:
    """A short value such as `Failover to the replica`: what was done without a verb that is known."""
    said = list(spoken(section.rows))
    if len(said) != 1 or not _is_phrase(said[0].text) or _STATE_ONLY.fullmatch(said[0].text):
        return []
    step = _step(said[0].text, "\n".join(code.command_spans(said[0].text)) or None, said[0].line)
    return [step] if step is not None else []


def _is_phrase(said: str) -> bool:
    """Whether it has as many words as a short sentence; those of East Asian scripts have no blanks between them."""
    words = len(said.split()) if len(_UNSPACED.findall(said)) < SHORTEST_UNSPACED else 2
    return 1 < words <= LONGEST_PHRASE


def _drafts(rows: Sequence[DocumentRow]) -> list[_StepDraft]:
    """Items and paragraphs with the blocks of code that belong to them."""
    drafts: list[_StepDraft] = []
    block: list[DocumentRow] = []
    blank = True
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "code":
            block.append(row)
            continue
        if block:
            _take_block(block, drafts)
            block = []
        if row.kind == "item":
            _take_item(row, drafts)
        elif row.kind == "cells" and row.cells:
            drafts.append(_StepDraft(row.number, [" ".join(cell for cell in row.cells if cell)], listed=True))
        elif row.kind == "text":
            _take_text(row, drafts, blank=blank)
        elif row.kind == "heading" and row.number:
            drafts.append(_StepDraft(row.number, [], lead=True))
        blank = row.kind == "blank"
    return [draft for draft in drafts if draft.words or draft.code]


def _take_block(block: Sequence[DocumentRow], drafts: list[_StepDraft]) -> None:
    found = code.block_commands(block)
    if not found:
        return
    if not drafts or (
        drafts[-1].lead
        and not plain(" ".join(drafts[-1].words)).rstrip().endswith((":", "\uff1a"))
        and drafts[-1].words
        and len(drafts[-1].words) > 3
    ):
        drafts.append(_StepDraft(block[0].number, lead=True))
    drafts[-1].code += found


def _take_item(row: DocumentRow, drafts: list[_StepDraft]) -> None:
    if (rollback := _ROLLBACK.fullmatch(row.text)) and drafts:
        drafts[-1].rollback = _command_or_words(rollback["text"])
        return
    above = next((draft for draft in reversed(drafts) if draft.listed), None)
    if above is not None and row.level > above.indent + 1 and not _stands_alone(row):
        above.words.append(row.text)
        return
    drafts.append(_StepDraft(row.number, [row.text], indent=row.level, listed=True))


def _stands_alone(row: DocumentRow) -> bool:
    """Whether a nested item tells a deed of its own."""
    return bool(code.command_spans(row.text)) or tells_deed(plain(row.text))


def _take_text(row: DocumentRow, drafts: list[_StepDraft], *, blank: bool) -> None:
    if drafts and (rollback := _ROLLBACK.fullmatch(row.text)):
        drafts[-1].rollback = _command_or_words(rollback["text"])
    elif (drafts and drafts[-1].listed and (not blank or row.nested)) or (
        drafts and drafts[-1].lead and not blank and not drafts[-1].code
    ):
        drafts[-1].words.append(row.text.strip())
    else:
        drafts.append(_StepDraft(row.number, [row.text.strip()], lead=True))


def _command_or_words(said: str) -> str:
    found = code.command_spans(said)
    return found[0] if found else plain(unescaped(said))


def _steps_of(draft: _StepDraft, *, every_item: bool) -> list[ResolutionStep]:
    said = plain(" ".join(draft.words))
    if not draft.listed and not draft.code:
        return _of_words(draft)
    inline = code.command_spans(unescaped(" ".join(draft.words)))
    command = "\n".join(draft.code) or "\n".join(inline) or None
    if not every_item and command is None and not tells_deed(said):
        return []
    step = _step(said or (draft.code[0].splitlines()[0] if draft.code else ""), command, draft.line, draft.rollback)
    return [step] if step is not None else []


def _of_words(draft: _StepDraft) -> list[ResolutionStep]:
    rows = [DocumentRow(draft.line, "text", " ".join(draft.words))]
    return _of_sentences(rows)


def _of_sentences(rows: Sequence[DocumentRow], *, notes: bool = False) -> list[ResolutionStep]:
    """The sentences that tell a deed, each with its outcome by its own words or by the sentence that follows it."""
    found: list[ResolutionStep] = []
    follows = False
    statements = [*spoken(rows)]
    for place, statement in enumerate(statements):
        inline = code.command_spans(statement.text)
        if found and CONSEQUENCE.match(statement.text) and found[-1].outcome == "worked":
            found[-1] = replace(found[-1], outcome="did_not_help")
        told = tells_deed(statement.text) or (notes and tells_briefly(statement.text))
        told = told or (names_attempt(statement.text) and _came_to_nothing(statements[place + 1 : place + 2]))
        if told or (inline and _tells_run(statement.text)):
            inline = [one for one in inline if not _LOOKING.match(one)] or inline
            step = _step(CONSEQUENCE.sub("", statement.text), "\n".join(inline) or None, statement.line)
            found += [step] if step is not None else []
            follows = step is not None
        elif follows and (came := outcome_of(statement.text)) in ("did_not_help", "made_it_worse"):
            found[-1] = replace(found[-1], outcome=came or "worked")
            follows = False
        else:
            follows = False
    return found


def _came_to_nothing(following: Sequence[ProseStatement]) -> bool:
    """Whether the sentence behind says only that it did not help."""
    return any(
        outcome_of(said.text) in ("did_not_help", "made_it_worse") and not tells_deed(said.text) for said in following
    )


def _tells_run(said: str) -> bool:
    return _RAN.search(said) is not None or runs_command(said)


def _step(said: str, command: str | None, line: int, rollback: str | None = None) -> ResolutionStep | None:
    marked = next((outcome for mark, outcome in _MARKS.items() if mark in said), None)
    text = said
    for mark in _MARKS:
        text = text.replace(mark, "")
    tag = _TAG.search(text)
    apart = tag is not None and tag[0].strip()[:1] in "([-–—:*"
    came: StepOutcome = marked or (_tagged(tag) if apart or _failure(said) == "worked" else None) or _failure(said)
    if tag is not None and apart and text[: tag.start()].strip():
        text = text[: tag.start()]
    text = _COUNTER.sub("", text.replace("\ufe0f", "").strip()).strip(" -–—")
    if not text or is_placeholder(text) or (command is None and _STATE_ONLY.fullmatch(text)):
        return None
    return ResolutionStep(" ".join(text.split()), command, came, rollback, line)


def _tagged(tag: re.Match[str] | None) -> StepOutcome | None:
    if tag is None:
        return None
    said = tag["said"].casefold()
    if "worse" in said:
        return "made_it_worse"
    if said in ("worked", "helped", "success", "it helped", "fixed it", "resolved it"):
        return "worked"
    return "did_not_help"


def _failure(said: str) -> StepOutcome:
    came = outcome_of(said)
    return came if came in ("did_not_help", "made_it_worse") else "worked"


def _of_chronology(chronology: Sequence[ChronologyEntry], *, begins_before: bool = True) -> list[ResolutionStep]:
    """The deeds in it; what an entry says of the deed before, or the next one begins with, is its outcome.

    With `begins_before` the first of many entries tells what began it.
    """
    found: list[ResolutionStep] = []
    for place, entry in enumerate(chronology):
        head = [DocumentRow(entry.line, "text", entry.head)] if entry.head else []
        opening = next(iter(spoken([*head, *entry.rows])), None)
        if found and opening is not None and not tells_deed(opening.text):
            came = outcome_of(opening.text)
            if came in ("did_not_help", "made_it_worse") and found[-1].outcome == "worked":
                found[-1] = replace(found[-1], outcome=came)
        if place or len(chronology) < 3 or not begins_before:
            found += [step for step in _of_entry(head, entry) if not _only_looks(step)]
    return found


def _only_looks(step: ResolutionStep) -> bool:
    return step.command is not None and all(_LOOKING.match(line) for line in step.command.splitlines())


def _of_entry(head: Sequence[DocumentRow], entry: ChronologyEntry) -> list[ResolutionStep]:
    """An entry's deeds with the blocks of commands below them."""
    found: list[ResolutionStep] = []
    rows: list[DocumentRow] = list(head)
    block: list[DocumentRow] = []
    for row in [*entry.rows, DocumentRow(0, "blank", "")]:
        if row.kind == "code":
            block.append(row)
            continue
        if block:
            found += _of_sentences(rows, notes=True)
            rows = []
            found_code = code.block_commands(block)
            if found_code and found and found[-1].command is None:
                found[-1] = replace(found[-1], command="\n".join(found_code))
            block = []
        rows.append(row)
    return found + _of_sentences(rows, notes=True)
