"""Extract cause, attempted and successful steps, and their times from a ticket's description, fields and comments.

A field or a section that is headed so goes before what comments say; of several comments the last one counts. Comments
are read as the entries of a chronology: deeds, their commands, and what did not help.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.incident import ActionItem, ResolutionStep, TimelineEntry
from onrecall.importers.markup.jira_wiki import to_markdown
from onrecall.importers.postmortem.action_items import action_items
from onrecall.importers.postmortem.causes import find_root_cause
from onrecall.importers.postmortem.deeds import reports_action, runs_command, split_sentences
from onrecall.importers.postmortem.prose import is_placeholder, joined_statement
from onrecall.importers.postmortem.resolution_steps import extract_steps, steps_in_comments
from onrecall.importers.postmortem.rows import DocumentRow, parse_rows, plain_text
from onrecall.importers.postmortem.sections import LabelledSection, split_sections
from onrecall.importers.postmortem.timeline import ChronologyEntry
from onrecall.importers.postmortem.vocabulary import Topic
from onrecall.importers.resolution import reports_closing
from onrecall.importers.states import closed_without_fix, is_state
from onrecall.importers.steps import LONGEST, fix_section, parse_steps, without_lines

MOST_COMMENTS = 500
"""Maximum comments of a ticket that are kept; the first and last halves of more."""
LONGEST_COMMENT = 2_000
"""Maximum characters of a comment in the timeline."""

_TICKET_WORK = re.compile(
    r"\b(?:attach(?:ed|ing)?|upload(?:ed|ing)?|assign(?:ed|ing)?|reassign(?:ed|ing)?|cc(?:'d|ed)?)\b"
    r"|\b(?:the|this|a|new|latest|updated|my|your)\s+(?:\w+\s+)?(?:patch(?:es)?|ticket|issue|jira|label|labels|priority|summary"
    r"|description|title|assignee|watchers?|attachment|screenshot|comment"
    r"|sprint|component|milestone|reporter|test cases?"
    r"|fix version|target version|review|pr|pull request|commit message|branch)\b"
    r"|\b(?:this|it)\s+(?:from|to|out of|into)\s+(?:the\s+)?(?:backlog|board|queue|project|sprint|jira)\b",
    re.IGNORECASE,
)
"""Actions on the ticket rather than on the broken system."""
_CAUSE_LABEL = re.compile(r"^\W*(?:the\s+)?(?:(?:root\s+)?cause\W*:|root\s+cause\s+(?:is|was)\b:?)\s*", re.IGNORECASE)
_NO_CAUSE = re.compile(
    r"\b(?:inactivity|no (?:response|reply|answer|feedback|activity)|lack of|duplicate|stale|holiday|out of office)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a ticket, in Markdown or Jira's markup."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Narrative:
    """What was extracted from a ticket; missing parts are None or empty."""

    root_cause: str | None = None
    steps: tuple[ResolutionStep, ...] = ()
    summary: str | None = None
    """The fix in the writer's words."""
    told_at: datetime | None = None
    """When the comment that states cause or fix was written; None if a field states it or no time is known."""
    impact: str | None = None
    detection: str | None = None
    trigger: str | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    action_items: tuple[ActionItem, ...] = ()

    @property
    def resolves(self) -> bool:
        """Return whether there is a cause or any action."""
        return bool(self.root_cause or self.steps or self.summary)


def narrate(
    description: str | None,
    comments: Sequence[Comment] = (),
    *,
    root_cause: str | None = None,
    fix: str | None = None,
    prose: bool = False,
    fixed: bool = True,
) -> Narrative:
    """Extract the narrative of a ticket.

    Args:
        description: Its description, in which sections such as "Root cause" may stand.
        comments: In any order; those without a time stay where they stand.
        root_cause: A field of its own for the cause.
        fix: A field of its own for what was done; a mere state such as `Fixed` is none.
        prose: Whether each sentence of `fix` is a step.
        fixed: Whether it was closed as fixed: a duplicate has no fix that comments could tell.
    """
    return _TicketParts(
        description, _in_time_order(comments), root_cause, None if is_state(fix) else fix, fixed
    ).narrative(prose=prose)


class _TicketParts:
    """The parts of one ticket, divided into sections."""

    def __init__(
        self,
        description: str | None,
        comments: Sequence[Comment],
        root_cause: str | None,
        fix: str | None,
        fixed: bool,
    ) -> None:
        self._comments = comments
        self._rows = [_markdown_rows(_label_fix(comment.text)) for comment in comments]
        self._cause_field = root_cause if root_cause and not is_placeholder(root_cause) else None
        self._fix = fix
        self._fixed = fixed and not (comments and closed_without_fix(comments[-1].text))
        self._description_sections = _text_sections(description)
        self._comment_sections = [list(split_sections(rows)) for rows in self._rows]
        self._fix_parts = _text_sections(_label_fix(fix)) if fix else []
        self._statement_times: list[datetime] = []

    def narrative(self, *, prose: bool) -> Narrative:
        """Assemble the narrative."""
        cause = self._cause()
        steps, summary = self._steps_and_summary(prose=prose)
        statements = {name: self._statement(name) for name in ("impact", "detection", "trigger")}
        return Narrative(
            root_cause=cause,
            steps=steps,
            summary=summary,
            told_at=max(self._statement_times, default=None),
            timeline=tuple(map(_timeline_entry, self._comments, self._rows)),
            action_items=self._action_items(),
            **statements,
        )

    def _cause(self) -> str | None:
        """Return the cause from its field, the newest section of that name, or a comment's sentence that states it."""
        if self._cause_field:
            return self._cause_field
        for at, divided in self._newest_first():
            if statement := find_root_cause([section for section in divided if section.topic == "cause"]):
                self._note_time(at)
                return statement.text
        return self._cause_in_comments()

    def _cause_in_comments(self) -> str | None:
        last = len(self._comments) - 1
        for place in range(last, -1, -1):
            text = self._comments[place].text
            closing = place == last and self._fixed and reports_closing(text) and not _NO_CAUSE.search(text)
            topic: Topic = "summary" if closing else "timeline"
            statement = find_root_cause([LabelledSection(topic, "", 0, 1, list(self._rows[place]))])
            if statement is not None:
                self._note_time(self._comments[place].at)
                return _CAUSE_LABEL.sub("", statement.text)
        return None

    def _steps_and_summary(self, *, prose: bool) -> tuple[tuple[ResolutionStep, ...], str | None]:
        """Return the steps, and the fix as text."""
        failures = [
            section for _, divided in self._newest_first() for section in divided if section.topic == "failed_fix"
        ]
        fixes, summary = self._fixes()
        if prose and self._fix and not _with_topic(self._fix_parts, "fix"):
            return parse_steps(self._fix, prose=True), self._fix
        entries = self._entries()
        section_steps = extract_steps(fixes, failures, [])
        comment_steps = tuple(step for step in steps_in_comments(entries) if not _TICKET_WORK.search(step.text))
        if not any(step.outcome == "worked" for step in section_steps):
            used_comment_steps = [step for step in comment_steps if self._fixed or step.outcome != "worked"]
        else:
            used_comment_steps = [step for step in comment_steps if step.outcome != "worked"]
        if any(step.outcome == "worked" for step in used_comment_steps):
            self._note_time(max((comment.at for comment in self._comments if comment.at), default=None))
        return without_lines(_distinct_steps([*used_comment_steps, *section_steps])), summary or self._closing_comment()

    def _fixes(self) -> tuple[list[LabelledSection], str | None]:
        """Return the sections about the fix and their text, from a field, a section or a closing list."""
        if self._fix:
            fix_sections = _with_topic(self._fix_parts, "fix")
            if fix_sections or _with_topic(self._fix_parts, "cause"):
                return fix_sections, _sections_text(fix_sections)
            return [fix_section(self._fix)], self._fix
        for at, divided in self._newest_first():
            if fix_sections := _with_topic(divided, "fix"):
                self._note_time(at)
                return fix_sections, _sections_text(fix_sections)
        closing = self._closing_comment()
        if closing and any(row.kind in ("item", "code") for row in self._rows[-1]):
            return [fix_section(closing)], closing
        return [], None

    def _closing_comment(self) -> str | None:
        """Return the last comment if it reports what ended the incident."""
        last = self._comments[-1] if self._comments and self._fixed else None
        if last is None or not reports_closing(last.text) or is_state(last.text):
            return None
        self._note_time(last.at)
        return last.text.strip()

    def _action_items(self) -> tuple[ActionItem, ...]:
        """Return those under headings of the description or a comment; no document has their lines."""
        divided = [self._description_sections, *self._comment_sections]
        items = (replace(item, line=None) for sections in divided for item in action_items(sections))
        return tuple({item.text.casefold(): item for item in items}.values())

    def _statement(self, topic: Topic) -> str | None:
        statement = joined_statement(_with_topic(self._description_sections, topic))
        return statement.text if statement else None

    def _newest_first(self) -> Iterator[tuple[datetime | None, list[LabelledSection]]]:
        """Yield the sections of the fix field, of the comments, newest first, and of the description."""
        yield None, self._fix_parts
        for comment, divided in zip(reversed(self._comments), reversed(self._comment_sections), strict=True):
            yield comment.at, divided
        yield None, self._description_sections

    def _entries(self) -> list[ChronologyEntry]:
        return [
            ChronologyEntry(0, comment.at, "", _headings_as_text(rows))
            for comment, rows in zip(self._comments, self._rows, strict=True)
        ]

    def _note_time(self, at: datetime | None) -> None:
        if at is not None:
            self._statement_times.append(at)


def _label_fix(fix: str) -> str:
    """Put the fix in a field such as `Root cause: … . Rebuilt the index …` under a label of its own."""
    lines = fix.splitlines()
    if any(section.topic == "fix" for section in _text_sections(fix)):
        return fix
    for place, line in enumerate(lines):
        cause = _CAUSE_LABEL.match(line)
        line_sentences = split_sentences(line) if cause else []
        fix_index = next((n for n, sentence in enumerate(line_sentences) if n and _reports_action(sentence)), None)
        if fix_index is not None:
            lines[place] = (
                f"{' '.join(line_sentences[:fix_index])}\n\n**Resolution:** {' '.join(line_sentences[fix_index:])}"
            )
            break
    return "\n".join(lines)


def _reports_action(sentence: str) -> bool:
    return reports_action(sentence) or runs_command(sentence)


def _in_time_order(comments: Sequence[Comment]) -> list[Comment]:
    """Return the non-empty comments, sorted if all have a time; of too many, the first and last halves."""
    non_empty = [comment for comment in comments if comment.text.strip()]
    if all(comment.at for comment in non_empty):
        non_empty.sort(key=lambda comment: comment.at.timestamp() if comment.at else 0.0)
    half = MOST_COMMENTS // 2
    return non_empty if len(non_empty) <= MOST_COMMENTS else [*non_empty[:half], *non_empty[-half:]]


def _markdown_rows(text: str | None) -> tuple[DocumentRow, ...]:
    return parse_rows(to_markdown(text[:LONGEST])) if text else ()


def _text_sections(text: str | None) -> list[LabelledSection]:
    return list(split_sections(_markdown_rows(text)))


def _with_topic(divided: Sequence[LabelledSection], topic: Topic) -> list[LabelledSection]:
    return [section for section in divided if section.topic == topic and section.rows]


def _sections_text(sections: Sequence[LabelledSection]) -> str | None:
    statement = joined_statement(sections)
    return statement.text if statement else None


def _headings_as_text(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """Return the rows of a comment with headings turned into text."""
    return [replace(row, kind="text") if row.kind == "heading" else row for row in rows]


def _timeline_entry(comment: Comment, rows: Sequence[DocumentRow]) -> TimelineEntry:
    text = " ".join(_row_text(row) for row in rows if row.kind != "blank")
    return TimelineEntry(" ".join(text.split())[:LONGEST_COMMENT], comment.at)


def _row_text(row: DocumentRow) -> str:
    return f"`{row.text.strip()}`" if row.kind == "code" and row.text.strip() else plain_text(row.text)


def _distinct_steps(steps: Sequence[ResolutionStep]) -> tuple[ResolutionStep, ...]:
    """Return the steps without duplicates, whichever part of the ticket they come from."""
    first_by_key: dict[tuple[str, str | None, str], ResolutionStep] = {}
    for step in steps:
        first_by_key.setdefault((step.text.casefold(), step.command, step.outcome), step)
    return tuple(first_by_key.values())
