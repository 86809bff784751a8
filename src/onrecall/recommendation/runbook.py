"""What a runbook says to do: its lists and commands under headings such as Diagnosis, Mitigation or Rollback."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from onrecall.domain.command_shapes import is_command
from onrecall.domain.commands import read_commands, without_prompt
from onrecall.domain.document import Document
from onrecall.domain.markdown import (
    Block,
    CodeBlock,
    ItemList,
    ListItem,
    MarkdownSection,
    MarkdownTable,
    Paragraph,
    Quote,
    code_spans,
    parse,
    plain_text,
    sections,
)
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.situation import Situation
from onrecall.recommendation.command_tables import read_command_table
from onrecall.recommendation.instruction_wording import announces_reasons, is_instruction, section_kind
from onrecall.recommendation.text_similarity import extract_stems, jaccard_similarity, normalize_label

MAX_RUNBOOK_LENGTH = 200_000
"""Characters of a runbook that are read for instructions."""
MAX_LEAD_LENGTH = 300
"""Characters of a paragraph that may introduce a command; of a longer one its last sentence does."""
UNDO_SIMILARITY = 0.5
"""The share of words from which on a line of the rollback section undoes a command."""

Topic = Literal["act", "rollback", "other"]

_INLINE_ROLLBACK = re.compile(r"(?:to\s+)?(?:roll\s?back|undo|revert)\s*:\s*(?P<text>\S.*)", re.IGNORECASE)
_POINTER = re.compile(
    r"(?:see|refer to|read)\b.{0,60}(?:\]\(|\{\{|https?://|\.md\b)|see also\b"
    r"|\[[^\]]*\]\([^)]*\)\.?$|todo\b|tbd\b|n/?a$",
    re.IGNORECASE,
)
_CHECKBOX = re.compile(r"\[[ xX]\]\s+")
_ALERT_LABELS = ("alertname", "alert_name", "alert", "monitor", "rule")
_NAME = re.compile(r"\b(?:[A-Z]+[a-z0-9]+|[A-Z]{2,}(?=[A-Z][a-z])){3,}[A-Z]*\b")
"""An alert's name in running text: at least three humps, since `PostgreSQL` and `GitHub` name no alert."""
_HEADLINE_NAME = re.compile(rf"[\W_]*(?:\[[^\]\n]*\][\W_]*)?(?P<name>{_NAME.pattern})")
"""An alert's name that a text begins with, maybe behind a state in brackets."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing a runbook says to do, and the line on which it says so."""

    text: str
    command: str | None
    line: int
    """Counted as the document's page counts."""
    rollback: str | None = None
    case: str | None = None
    """The symptom for which a table says so."""


@dataclass(slots=True)
class _InstructionDraft:
    """An instruction that is being read: its text so far and the code that stands with it."""

    line: int
    topic: Topic | None
    ordered: bool
    reason: bool = False
    """Whether its list gives reasons, or cases that the alert may mean."""
    text: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    rollback: str | None = None
    case: str | None = None

    @property
    def command(self) -> str | None:
        if self.code:
            return "\n".join(self.code)
        spans = (without_prompt(span) for line in self.text for span in code_spans(line))
        return next((span for span in spans if is_command(span)), None)

    @property
    def is_step(self) -> bool:
        """Whether it says to do something: not an empty item, a pointer elsewhere, a reason or a description."""
        if self.code:
            return True
        text = collapse_whitespace(" ".join(self.text))
        if len(text.split()) < 2 or _POINTER.match(text):
            return False
        if self.command:
            return True
        return not self.reason and (self.ordered or is_instruction(plain_text(text)))


def names_alert(document: Document, situation: Situation) -> bool:
    """Whether the runbook is the one for the very alert that fired, by its name."""
    names = {normalize_label(name) for name in _alert_names(document)} - {""}
    alerts = [situation.labels[label] for label in _ALERT_LABELS if situation.labels.get(label)]
    alerts = alerts or _NAME.findall(situation.text[:MAX_RUNBOOK_LENGTH])
    return any(normalize_label(alert) in names for alert in alerts)


def is_for_alert(document: Document, situation: Situation) -> bool:
    """Whether the runbook is the one for the alert that is asked about.

    A label names it, or the text begins with it; a name further on in prose is often that of another alert.
    """
    labels = {label: situation.labels[label] for label in _ALERT_LABELS if situation.labels.get(label)}
    headline = _HEADLINE_NAME.match(situation.text[:MAX_RUNBOOK_LENGTH])
    return names_alert(document, Situation(headline["name"] if headline else "", labels=labels))


def _alert_names(document: Document) -> Iterator[str]:
    yield document.title
    yield document.id.rpartition("/")[2].removesuffix(".md")
    yield from (document.labels[label] for label in _ALERT_LABELS if label in document.labels)
    heading = next((line for line in document.text[:MAX_RUNBOOK_LENGTH].splitlines() if line.startswith("# ")), "")
    yield heading.removeprefix("# ")


@lru_cache(maxsize=256)
def extract_instructions(text: str) -> tuple[Instruction, ...]:
    """Return what a runbook says to do, in its order; lines are counted as its page counts them."""
    reader = _RunbookReader()
    for section in sections(parse(text[:MAX_RUNBOOK_LENGTH])):
        reader.read_section(section)
    steps = [draft for draft in reader.drafts if draft.is_step]
    acting = [draft for draft in steps if draft.topic == "act"]
    if not reader.sectioned and not reader.tabulated:
        acting = [draft for draft in steps if draft.ordered]
    undo = [line for draft in steps if draft.topic == "rollback" for line in draft.code or draft.text]
    return tuple(_to_instruction(draft, undo) for draft in acting)


class _RunbookReader:
    """Collects drafts of instructions section by section."""

    def __init__(self) -> None:
        self.drafts: list[_InstructionDraft] = []
        self.sectioned = False
        self.tabulated = False
        self._topic: Topic | None = None

    def read_section(self, section: MarkdownSection) -> None:
        """Take the blocks between two headings; the nearest heading that says what it is about decides.

        A title says so only for what stands right under it.
        """
        kinds = [(heading.level, section_kind(heading.text)) for heading in section.path]
        below_title = [kind for level, kind in kinds if level > 1 or len(kinds) == 1]
        own = kinds[-1][1] if kinds else None
        self.sectioned = self.sectioned or own not in (None, "reasons")
        self._topic = next((kind for kind in reversed(below_title) if kind and kind != "reasons"), None)
        self._read(section.blocks, reasons=own == "reasons")

    def _read(self, blocks: tuple[Block, ...], *, reasons: bool = False) -> None:
        lead = ""
        for block in blocks:
            match block:
                case Paragraph():
                    lead = block.text
                case ItemList():
                    self._read_list(block, reasons=reasons or announces_reasons(plain_text(collapse_whitespace(lead))))
                    lead = ""
                case CodeBlock():
                    lead = "" if self._read_code(block, lead) else lead
                case MarkdownTable():
                    self._read_table(block)
                case Quote():
                    self._read(block.blocks, reasons=reasons)
                case _:
                    pass

    def _read_list(self, items: ItemList, *, reasons: bool, parent: _InstructionDraft | None = None) -> None:
        for item in items.items:
            draft = _InstructionDraft(item.line, self._topic, items.ordered, reasons)
            self.drafts.append(draft)
            self._read_item(draft, item)
            if parent is not None and draft.command is None and parent.is_step:
                parent.text += draft.text
                draft.text = []

    def _read_item(self, draft: _InstructionDraft, item: ListItem) -> None:
        for block in item.blocks:
            match block:
                case Paragraph():
                    _add_text(draft, block.text)
                case CodeBlock():
                    draft.code += [command.text for command in read_commands(block.text, block.language, block.line)]
                case ItemList():
                    reasons = announces_reasons(plain_text(collapse_whitespace(" ".join(draft.text))))
                    self._read_list(block, reasons=reasons, parent=draft)
                case Quote():
                    self._read(block.blocks)
                case _:
                    pass

    def _read_table(self, table: MarkdownTable) -> None:
        """Take the rows of a table that has a column for commands or for what to do."""
        topic = self._topic if self._topic == "rollback" else "act"
        for row in read_command_table(table):
            self.tabulated = True
            self.drafts.append(
                _InstructionDraft(
                    row.line,
                    topic,
                    ordered=True,
                    text=[row.text],
                    code=[*row.commands],
                    rollback=row.rollback,
                    case=row.case,
                )
            )

    def _read_code(self, block: CodeBlock, lead: str) -> bool:
        commands = read_commands(block.text, block.language, block.line)
        if not commands:
            return False
        text = [_introduction(lead)] if _introduction(lead) else []
        draft = _InstructionDraft(
            commands[0].line, self._topic, ordered=True, text=text, code=[command.text for command in commands]
        )
        self.drafts.append(draft)
        return True


def _add_text(draft: _InstructionDraft, text: str) -> None:
    for line in text.splitlines():
        if undo := _INLINE_ROLLBACK.match(line.strip()):
            draft.rollback = collapse_whitespace(plain_text(undo["text"]))
        else:
            draft.text.append(_CHECKBOX.sub("", line.strip(), count=1) if not draft.text else line.strip())


def _introduction(lead: str) -> str:
    """The words that introduce a block of code: they end in a colon, or say to do something."""
    text = collapse_whitespace(lead)
    if len(text) > MAX_LEAD_LENGTH:
        text = re.split(r"(?<=[.!?])\s", text)[-1]
    return text if len(text) <= MAX_LEAD_LENGTH and (text.endswith(":") or is_instruction(plain_text(text))) else ""


def _to_instruction(draft: _InstructionDraft, undo: list[str]) -> Instruction:
    command = draft.command
    text = collapse_whitespace(plain_text(" ".join(draft.text))) or collapse_whitespace(draft.code[0])
    return Instruction(text, command, draft.line, draft.rollback or _find_undo(command, undo), draft.case)


def _find_undo(command: str | None, undo: list[str]) -> str | None:
    """The line of the rollback section that is about the same thing as the command, if one clearly is."""
    command_words = frozenset(extract_stems(command or ""))
    best = max(undo, key=lambda line: jaccard_similarity(command_words, frozenset(extract_stems(line))), default="")
    return (
        best
        if command_words and jaccard_similarity(command_words, frozenset(extract_stems(best))) >= UNDO_SIMILARITY
        else None
    )
