"""What a ticket tells in its description, its fields and its comments: cause, what was tried, what fixed it, and when.

A field or a section that is headed so goes before what comments say; of several comments the last one counts. Comments
are read as the entries of a chronology: deeds, their commands, and what did not help.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.incident import ResolutionStep, TimelineEntry
from onrecall.importers.markup.jira_wiki import to_markdown
from onrecall.importers.postmortem.causes import root_cause as cause_in
from onrecall.importers.postmortem.deeds import runs_command, sentences, tells_deed
from onrecall.importers.postmortem.prose import is_placeholder, whole
from onrecall.importers.postmortem.resolution_steps import steps_in_comments, steps_told
from onrecall.importers.postmortem.rows import DocumentRow, plain, rows
from onrecall.importers.postmortem.sections import LabelledSection, sections
from onrecall.importers.postmortem.timeline import ChronologyEntry
from onrecall.importers.postmortem.vocabulary import Topic
from onrecall.importers.resolution import closes
from onrecall.importers.states import closed_without_fix, is_state
from onrecall.importers.steps import LONGEST, fix_section, steps, without_lines

MOST_COMMENTS = 500
"""Comments of one ticket that are kept, the first and the last of them."""
LONGEST_COMMENT = 2_000
"""Characters of a comment in the timeline."""

_TICKET_WORK = re.compile(
    r"\b(?:attach(?:ed|ing)?|upload(?:ed|ing)?|assign(?:ed|ing)?|reassign(?:ed|ing)?|cc(?:'d|ed)?)\b"
    r"|\b(?:the|this|a|new|latest|updated|my|your)\s+(?:\w+\s+)?(?:patch(?:es)?|ticket|issue|jira|label|labels|priority|summary"
    r"|description|title|assignee|watchers?|attachment|screenshot|comment"
    r"|sprint|component|milestone|reporter|test cases?"
    r"|fix version|target version|review|pr|pull request|commit message|branch)\b"
    r"|\b(?:this|it)\s+(?:from|to|out of|into)\s+(?:the\s+)?(?:backlog|board|queue|project|sprint|jira)\b",
    re.IGNORECASE,
)
"""Deeds that were done to the ticket, not to what is broken."""
_CAUSE_LABEL = re.compile(r"^\W*(?:the\s+)?(?:root\s+)?cause\W*:\s*", re.IGNORECASE)
_NO_CAUSE = re.compile(
    r"\b(?:inactivity|no (?:response|reply|answer|feedback|activity)|lack of|duplicate|stale|holiday|out of office)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote about a ticket while it was open, in Markdown or Jira's markup."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Narrative:
    """What a ticket tells; what it does not tell is None or empty."""

    root_cause: str | None = None
    steps: tuple[ResolutionStep, ...] = ()
    summary: str | None = None
    """What was done, in the writer's words."""
    told_at: datetime | None = None
    """When the comment was written that tells the cause or the fix; None: a field tells it, or no time is known."""
    impact: str | None = None
    detection: str | None = None
    trigger: str | None = None
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def resolves(self) -> bool:
        """Whether it tells a cause or anything that was done."""
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
    """Return what a ticket tells.

    Args:
        description: Its description, in which sections such as "Root cause" may stand.
        comments: In any order; those without a time stay where they stand.
        root_cause: A field of its own for the cause.
        fix: A field of its own for what was done; a mere state such as `Fixed` is none.
        prose: Whether each sentence of `fix` is a step.
        fixed: Whether it was closed as fixed: a duplicate has no fix that comments could tell.
    """
    return _TicketParts(description, _in_order(comments), root_cause, None if is_state(fix) else fix, fixed).narrative(
        prose=prose
    )


class _TicketParts:
    """The parts of one ticket, divided."""

    def __init__(
        self,
        description: str | None,
        comments: Sequence[Comment],
        root_cause: str | None,
        fix: str | None,
        fixed: bool,
    ) -> None:
        self._comments = comments
        self._rows = [_rows(comment.text) for comment in comments]
        self._cause_field = root_cause if root_cause and not is_placeholder(root_cause) else None
        self._fix = fix
        self._fixed = fixed and not (comments and closed_without_fix(comments[-1].text))
        self._described = _divided(description)
        self._said = [list(sections(found)) for found in self._rows]
        self._fix_parts = _divided(_with_fix_label(fix)) if fix else []
        self._told_at: list[datetime] = []

    def narrative(self, *, prose: bool) -> Narrative:
        """Put it together."""
        cause = self._cause()
        steps, summary = self._what_was_done(prose=prose)
        statements = {name: self._statement(name) for name in ("impact", "detection", "trigger")}
        return Narrative(
            root_cause=cause,
            steps=steps,
            summary=summary,
            told_at=max(self._told_at, default=None),
            timeline=tuple(map(_timeline_entry, self._comments, self._rows)),
            **statements,
        )

    def _cause(self) -> str | None:
        """The field, the last section of that name, or the sentence of a comment that tells it plainly."""
        if self._cause_field:
            return self._cause_field
        for at, divided in self._newest_first():
            if said := cause_in([section for section in divided if section.topic == "cause"]):
                self._note(at)
                return said.text
        return self._cause_in_comments()

    def _cause_in_comments(self) -> str | None:
        last = len(self._comments) - 1
        for place in range(last, -1, -1):
            text = self._comments[place].text
            closing = place == last and self._fixed and closes(text) and not _NO_CAUSE.search(text)
            topic: Topic = "summary" if closing else "timeline"
            found = cause_in([LabelledSection(topic, "", 0, 1, list(self._rows[place]))])
            if found is not None:
                self._note(self._comments[place].at)
                return _CAUSE_LABEL.sub("", found.text)
        return None

    def _what_was_done(self, *, prose: bool) -> tuple[tuple[ResolutionStep, ...], str | None]:
        """The steps, and what was done in words."""
        failures = [
            section for _, divided in self._newest_first() for section in divided if section.topic == "failed_fix"
        ]
        fixes, said = self._fixes()
        if prose and self._fix and not _of(self._fix_parts, "fix"):
            return steps(self._fix, prose=True), self._fix
        entries = self._entries()
        told = steps_told(fixes, failures, [])
        in_comments = tuple(step for step in steps_in_comments(entries) if not _TICKET_WORK.search(step.text))
        if not any(step.outcome == "worked" for step in told):
            taken = [step for step in in_comments if self._fixed or step.outcome != "worked"]
        else:
            taken = [step for step in in_comments if step.outcome != "worked"]
        if any(step.outcome == "worked" for step in taken):
            self._note(max((comment.at for comment in self._comments if comment.at), default=None))
        return without_lines(_distinct([*taken, *told])), said or self._closing()

    def _fixes(self) -> tuple[list[LabelledSection], str | None]:
        """The sections that tell what was done, and what they say, of a field, a section or a closing list."""
        if self._fix:
            named = _of(self._fix_parts, "fix")
            if named or _of(self._fix_parts, "cause"):
                return named, _words(named)
            return [fix_section(self._fix)], self._fix
        for at, divided in self._newest_first():
            if named := _of(divided, "fix"):
                self._note(at)
                return named, _words(named)
        closing = self._closing()
        if closing and any(row.kind in ("item", "code") for row in self._rows[-1]):
            return [fix_section(closing)], closing
        return [], None

    def _closing(self) -> str | None:
        """The last comment, where it tells what ended it."""
        last = self._comments[-1] if self._comments and self._fixed else None
        if last is None or not closes(last.text) or is_state(last.text):
            return None
        self._note(last.at)
        return last.text.strip()

    def _statement(self, topic: Topic) -> str | None:
        said = whole(_of(self._described, topic))
        return said.text if said else None

    def _newest_first(self) -> Iterator[tuple[datetime | None, list[LabelledSection]]]:
        """A field for the fix, then the comments, the last one first, then the description."""
        yield None, self._fix_parts
        for comment, divided in zip(reversed(self._comments), reversed(self._said), strict=True):
            yield comment.at, divided
        yield None, self._described

    def _entries(self) -> list[ChronologyEntry]:
        return [
            ChronologyEntry(0, one.at, "", _prose(found)) for one, found in zip(self._comments, self._rows, strict=True)
        ]

    def _note(self, at: datetime | None) -> None:
        if at is not None:
            self._told_at.append(at)


def _with_fix_label(fix: str) -> str:
    """A field's `Root cause: … . Rebuilt the index …` with what was done under a label of its own."""
    lines = fix.splitlines()
    if any(section.topic == "fix" for section in _divided(fix)):
        return fix
    for place, line in enumerate(lines):
        cause = _CAUSE_LABEL.match(line)
        said = sentences(line) if cause else []
        done = next((n for n, sentence in enumerate(said) if n and _tells_what_was_done(sentence)), None)
        if done is not None:
            lines[place] = f"{' '.join(said[:done])}\n\n**Resolution:** {' '.join(said[done:])}"
            break
    return "\n".join(lines)


def _tells_what_was_done(sentence: str) -> bool:
    return tells_deed(sentence) or runs_command(sentence)


def _in_order(comments: Sequence[Comment]) -> list[Comment]:
    """The comments that say something, by their times where all have one; of very many the first and the last."""
    said = [comment for comment in comments if comment.text.strip()]
    if all(comment.at for comment in said):
        said.sort(key=lambda comment: comment.at.timestamp() if comment.at else 0.0)
    half = MOST_COMMENTS // 2
    return said if len(said) <= MOST_COMMENTS else [*said[:half], *said[-half:]]


def _rows(text: str | None) -> tuple[DocumentRow, ...]:
    return rows(to_markdown(text[:LONGEST])) if text else ()


def _divided(text: str | None) -> list[LabelledSection]:
    return list(sections(_rows(text)))


def _of(divided: Sequence[LabelledSection], topic: Topic) -> list[LabelledSection]:
    return [section for section in divided if section.topic == topic and section.rows]


def _words(named: Sequence[LabelledSection]) -> str | None:
    said = whole(named)
    return said.text if said else None


def _prose(found: Sequence[DocumentRow]) -> list[DocumentRow]:
    """The rows of a comment, whose headings are prose as well."""
    return [replace(row, kind="text") if row.kind == "heading" else row for row in found]


def _timeline_entry(comment: Comment, found: Sequence[DocumentRow]) -> TimelineEntry:
    said = " ".join(_shown(row) for row in found if row.kind != "blank")
    return TimelineEntry(" ".join(said.split())[:LONGEST_COMMENT], comment.at)


def _shown(row: DocumentRow) -> str:
    return f"`{row.text.strip()}`" if row.kind == "code" and row.text.strip() else plain(row.text)


def _distinct(found: Sequence[ResolutionStep]) -> tuple[ResolutionStep, ...]:
    """Each step once, whichever part of the ticket tells it."""
    first: dict[tuple[str, str | None, str], ResolutionStep] = {}
    for step in found:
        first.setdefault((step.text.casefold(), step.command, step.outcome), step)
    return tuple(first.values())
