"""What a runbook tells to do: its lists and commands under headings such as Diagnosis, Mitigation or Rollback."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from onrecall.domain.incident import Document, Situation
from onrecall.domain.markdown_page import one_line
from onrecall.recommendation.risk.classify import classify
from onrecall.recommendation.text_similarity import alike, squash, words

LONGEST = 200_000
"""Characters of a runbook that are read for instructions."""

SAME_THING = 0.5
"""The share of words from which on a line of the rollback section undoes a command."""

Section = Literal["act", "rollback", "other"]

_OTHER = re.compile(
    r"\b(?:action items|meaning|impact|symptoms?|background|overview|references?|related|see also|escalat\w+|contacts?"
    r"|lessons|timeline|summary|description|prevent\w*|examples?|appendix|scope|severity|alerts?"
    r"|follow[- ]?ups?|notes?|links|queries)\b",
    re.IGNORECASE,
)
_ROLLBACK = re.compile(r"\b(?:roll(?:ing)?[ -]?back|revert\w*|undo\w*|back[ -]?out)\b", re.IGNORECASE)
_ACT = re.compile(
    r"\b(?:diagnos\w+|mitigat\w+|resol\w+|remed\w+|fix\w*|steps?|procedures?|investigat\w+|triage|troubleshoot\w*"
    r"|debug\w*|checks?|checking|verif\w+|recover\w*|actions?|what to do|how to|workarounds?|repair\w*"
    r"|restor\w+|runbook|playbook)\b",
    re.IGNORECASE,
)
_SHELLS = frozenset(
    ("bash", "console", "cypher", "ksh", "mysql", "plpgsql", "powershell", "psql", "redis", "sh", "shell", "sql", "zsh")
)
_PROMPT = re.compile(r"\s*\$\s+(?P<command>\S.*)")
_SPAN = re.compile(r"`([^`\n]+)`")
_INLINE_ROLLBACK = re.compile(r"(?:to\s+)?(?:roll\s?back|undo|revert)\s*:\s*(?P<text>\S.*)", re.IGNORECASE)
_POINTER = re.compile(
    r"(?:see|refer to|read)\b.{0,60}(?:\]\(|\{\{|https?://|\.md\b)|see also\b"
    r"|\[[^\]]*\]\([^)]*\)\.?$|todo\b|tbd\b|n/?a$",
    re.IGNORECASE,
)
_ALERT_LABELS = ("alertname", "alert_name", "alert", "monitor", "rule")
_NAME = re.compile(r"\b(?:[A-Z]+[a-z0-9]+|[A-Z]{2,}(?=[A-Z][a-z])){3,}[A-Z]*\b")
"""An alert's name in running text: at least three humps, since `PostgreSQL` and `GitHub` name no alert."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing a runbook says to do, and the line on which it says so."""

    text: str
    command: str | None
    line: int
    """Counted as the document's page counts."""
    rollback: str | None = None


@dataclass(slots=True)
class _Draft:
    """An instruction on its way: its words so far and the code that stands with it."""

    line: int
    section: Section | None
    ordered: bool
    words: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    rollback: str | None = None

    @property
    def command(self) -> str | None:
        if self.code:
            return "\n".join(self.code)
        spans = [one.removeprefix("$ ").strip() for said in self.words for one in _SPAN.findall(said)]
        return next((one for one in spans if " " in one and classify(one).recognised), None)


def names_alert(document: Document, situation: Situation) -> bool:
    """Whether the runbook is the one for the very alert that fired, by its name."""
    names = {squash(name) for name in _names(document)} - {""}
    alerts = [situation.labels[label] for label in _ALERT_LABELS if situation.labels.get(label)]
    alerts = alerts or _NAME.findall(situation.text[:LONGEST])
    return any(squash(alert) in names for alert in alerts)


def _names(document: Document) -> Iterator[str]:
    yield document.title
    yield document.id.rpartition("/")[2].removesuffix(".md")
    yield from (document.labels[label] for label in _ALERT_LABELS if label in document.labels)
    heading = next((line for line in document.text[:LONGEST].splitlines() if line.startswith("# ")), "")
    yield heading.removeprefix("# ")


@lru_cache(maxsize=256)
def instructions(text: str) -> tuple[Instruction, ...]:
    """What a runbook tells to do, in its order; lines are counted as its page counts them."""
    reader = _Reader()
    for token in _parser().parse("\n".join(_without_front_matter(text[:LONGEST].splitlines()))):
        reader.read(token)
    useful = [draft for draft in reader.drafts if _useful(draft)]
    acting = [draft for draft in useful if draft.section == "act"]
    if not reader.sectioned:
        acting = [draft for draft in useful if draft.ordered]
    undo = [line for draft in useful if draft.section == "rollback" for line in draft.code or draft.words]
    return tuple(_instruction(draft, undo) for draft in acting)


def _parser() -> MarkdownIt:
    """Blocks only: spans are looked for where they matter."""
    parser = MarkdownIt("commonmark")
    parser.core.ruler.disable(["inline"])
    return parser


def _without_front_matter(lines: list[str]) -> list[str]:
    """The same lines with the front matter blank, so that their numbers stay."""
    if lines and lines[0].rstrip() == "---":
        end = next((n for n, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), 0)
        return [""] * (end + 1) + lines[end + 1 :] if end else lines
    return lines


class _Reader:
    """Goes through a runbook's tokens and knows under which headings, in which items, after which paragraph it is."""

    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self.sectioned = False
        self._headings: list[tuple[int, Section | None]] = []
        self._in_heading = False
        self._lists: list[bool] = []
        self._items: list[_Draft] = []
        self._lead = ""

    def read(self, token: Token) -> None:
        """Take in the next token."""
        line = token.map[0] + 1 if token.map else 0
        match token.type:
            case "heading_open":
                self._headings = [held for held in self._headings if held[0] < int(token.tag[1])]
                self._headings.append((int(token.tag[1]), None))
                self._in_heading = True
            case "ordered_list_open" | "bullet_list_open":
                self._lists.append(token.type == "ordered_list_open")
            case "ordered_list_close" | "bullet_list_close":
                self._lists.pop()
                self._lead = ""
            case "list_item_open":
                self._items.append(_Draft(line, self._section, ordered=self._lists[-1]))
                self.drafts.append(self._items[-1])
            case "list_item_close":
                self._close()
            case "inline":
                self._say(token.content)
            case "fence":
                self._code(token, line + 1)
            case "code_block":
                self._code(token, line)
            case _:
                pass

    @property
    def _section(self) -> Section | None:
        """What the nearest heading that says something says; a title speaks only for what stands right under it."""
        for level, section in reversed(self._headings):
            if section and (level > 1 or len(self._headings) == 1):
                return section
        return None

    def _say(self, said: str) -> None:
        if self._in_heading:
            section = _section(said)
            self.sectioned = self.sectioned or section is not None
            self._headings[-1] = (self._headings[-1][0], section)
            self._in_heading, self._lead = False, ""
        elif not self._items:
            self._lead = one_line(said)
        else:
            for line in said.splitlines():
                if undo := _INLINE_ROLLBACK.match(line.strip()):
                    self._items[-1].rollback = one_line(undo["text"])
                else:
                    self._items[-1].words.append(line.strip())

    def _close(self) -> None:
        """An item without a command of its own belongs to the item it stands in."""
        item = self._items.pop()
        if self._items and item.command is None:
            self._items[-1].words += item.words
            item.words = []

    def _code(self, token: Token, line: int) -> None:
        first, commands = _commands(token)
        if not commands:
            return
        if self._items:
            self._items[-1].code += commands
        else:
            lead = self._lead if self._lead.endswith(":") else ""
            self.drafts.append(
                _Draft(line + first, self._section, ordered=True, words=[lead] * bool(lead), code=commands)
            )
            self._lead = ""


def _section(heading: str) -> Section | None:
    if _OTHER.search(heading):
        return "other"
    if _ROLLBACK.search(heading):
        return "rollback"
    return "act" if _ACT.search(heading) else None


def _commands(token: Token) -> tuple[int, list[str]]:
    """The commands in a block of code and where the first stands; none in a log, a query or a configuration."""
    rows = list(enumerate(token.content.splitlines()))
    prompted = [(n, found["command"]) for n, row in rows if (found := _PROMPT.fullmatch(row))]
    language = token.info.split(maxsplit=1)[0].strip("{}.").lower() if token.info.strip() else ""
    code = prompted or [(n, row.strip()) for n, row in rows if row.strip() and not row.lstrip().startswith(("#", "--"))]
    if not code:
        return 0, []
    commands = [row for _, row in code]
    if prompted or language in _SHELLS or (not language and classify("\n".join(commands)).recognised):
        return code[0][0], commands
    return 0, []


def _useful(draft: _Draft) -> bool:
    """Not an empty item, nor one that only points elsewhere."""
    said = " ".join(draft.words).strip()
    return bool(draft.code) or (len(said.split()) >= 2 and not _POINTER.match(said))


def _instruction(draft: _Draft, undo: list[str]) -> Instruction:
    command = draft.command
    text = one_line(" ".join(draft.words)) or draft.code[0]
    return Instruction(text, command, draft.line, draft.rollback or _undo_of(command, undo))


def _undo_of(command: str | None, undo: list[str]) -> str | None:
    """The line of the rollback section that is about the same thing as the command, if one clearly is."""
    done = frozenset(words(command or ""))
    best = max(undo, key=lambda line: alike(done, frozenset(words(line))), default="")
    return best if done and alike(done, frozenset(words(best))) >= SAME_THING else None
