"""Extract resolution steps in order, with their commands and outcomes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from onrecall.domain.incident import ResolutionStep, StepOutcome
from onrecall.importers.postmortem import code
from onrecall.importers.postmortem.attempt_lists import with_attempts_apart
from onrecall.importers.postmortem.attempts import names_deed, opens_with_attempt, reports_others_deed
from onrecall.importers.postmortem.deed_verbs import note_reports_action
from onrecall.importers.postmortem.deeds import (
    CONSEQUENCE,
    base_verb,
    plans,
    reports_action,
    runs_command,
    split_failed_clause,
    split_sentences,
)
from onrecall.importers.postmortem.kind import OUTAGE
from onrecall.importers.postmortem.marked_steps import STATE_ONLY, build_step, failure_or_worked, is_marked_as_worked
from onrecall.importers.postmortem.outcomes import detect_outcome, is_attempt_in_vain, is_bare_outcome, states_failure
from onrecall.importers.postmortem.prose import ProseStatement, sentence_statements
from onrecall.importers.postmortem.repeated_steps import without_repetitions
from onrecall.importers.postmortem.rows import DocumentRow, plain_text, unescape_markdown
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.step_drafts import CONNECTIVE, StepDraft, step_drafts
from onrecall.importers.postmortem.timeline import ChronologyEntry, holds_chronology

_ARRIVAL = re.compile(
    r"\b(?:paged|joined|came online|acknowledged|responded|(?:began|started) investigating|investigated|alerted"
    r"|engaged)\b",
    re.IGNORECASE,
)
"""What people did on their way to the fix."""
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
_RUN_IN_NOTE = re.compile(
    r"^`|\b(?:\w{3,}ed|set|put|built|rebuilt|written|rewritten|run|rerun|sent|taken|given|made|undone)\b[^`.]{0,40}[:(]\s*`[^`]+`\)?\s*\.?$"
    r"|(?-i:^(?:[A-Z][a-z'’-]+|We|I)) [\w-]{2,}s\b[^`.]{0,60}\(\s*`[^`]+`\s*\)(?:,? (?:works?|ok|fine|done"
    r"|but\b.*))?\s*\.?$",
    re.IGNORECASE,
)
"""A note that begins with a command, or ends with the one by which it was done: `Index created again: …`."""
SHORTEST_UNSPACED = 4
"""Minimum East Asian letters of a phrase."""
LONGEST_PHRASE = 40
"""Maximum words of a value that counts as a step without a known verb."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def extract_steps(
    fixes: Sequence[LabelledSection], failures: Sequence[LabelledSection], chronology: Sequence[ChronologyEntry]
) -> tuple[ResolutionStep, ...]:
    """Return failed and successful steps from their sections, completed from the chronology."""
    failed_steps: list[ResolutionStep] = []
    fix_steps: list[ResolutionStep] = []
    for step in (step for section in failures for step in _steps_of_failures(section)):
        (fix_steps if step.outcome == "worked" and _is_turn(step.text) else failed_steps).append(step)
    fix_steps += [
        step for section in fixes if not holds_chronology(section) for step in _section_steps(section, every_item=True)
    ]
    chronology_steps = _chronology_steps(
        _in_time_order(chronology), begins_before=not any(map(holds_chronology, fixes))
    )
    if not any(step.outcome == "worked" for step in fix_steps):
        fix_steps += [step for step in chronology_steps if step.outcome == "worked"]
    known = {(step.line, step.text) for step in (*failed_steps, *fix_steps)}
    failed_on_the_way = [
        step for step in chronology_steps if step.outcome != "worked" and (step.line, step.text) not in known
    ]
    attempts = without_repetitions([*failed_steps, *failed_on_the_way], known=fix_steps)
    return tuple(_distinct_steps([*attempts, *fix_steps]))


def _steps_of_failures(section: LabelledSection) -> Iterator[ResolutionStep]:
    """Yield what was tried; behind a label in the line, what follows in turn is what helped.

    `Tried first: rollback. No effect. Then restarted the store.`
    """
    marked = {row.number for row in section.rows if is_marked_as_worked(row.text)}
    for place, step in enumerate(_section_steps(with_attempts_apart(section), every_item=True)):
        turned = section.by_label and place > 0 and step.outcome == "worked" and _is_turn(step.text)
        helped = turned or step.line in marked
        yield step if helped else replace(step, outcome=_outcome_or_default(step, "did_not_help"))


def _is_turn(sentence: str) -> bool:
    return _TURN.match(sentence) is not None


_TURN = re.compile(
    r"\W*(?:then|after (?:that|this|which)|afterwards|finally|eventually|in the end|what (?:helped|worked)|dann|danach"
    r"|anschließend|schließlich|ensuite|puis|enfin|finalement|después|luego|entonces|finalmente|por fin|depois"
    r"|em seguida|por fim|poi|dopo|infine|daarna|vervolgens|uiteindelijk)\b|(?:その後|次に|之后|然后|最后|随后)",
    re.IGNORECASE,
)
"""How people go on from what did not help to what did."""


def steps_in_comments(comments: Sequence[ChronologyEntry]) -> tuple[ResolutionStep, ...]:
    """Return the steps in a ticket's comments; unlike in a chronology, the first may already report an action."""
    return tuple(_distinct_steps(_chronology_steps(comments, begins_before=False)))


def steps_in_prose(sections: Sequence[LabelledSection]) -> tuple[ResolutionStep, ...]:
    """Return the actions reported in a summary or a text without headings."""
    steps = [step for section in sections for step in _prose_steps(section.rows)]
    steps = [step for step in steps if step.outcome != "worked" or not _HARM.search(step.text)]
    return tuple(_distinct_steps(steps))


_HARM = re.compile(
    r",\s+so\s+(?:that\s+)?(?:the\s+)?(?:\w+\s+){1,3}(?:\w+ed|could|went|had|were|was|lost)\b"
    r"|\band\s+(?:\w+\s+){1,4}(?:saturated|overloaded|exhausted|broke|crashed|took down"
    r"|filled|locked|starved|overwhelmed)\b"
)
"""What a deed brought about that began an incident."""


def _prose_steps(rows: Sequence[DocumentRow]) -> list[ResolutionStep]:
    """Return the actions that prose reports, each with the code below the sentence that announces it."""
    steps: list[ResolutionStep] = []
    pending: list[DocumentRow] = []
    block: list[DocumentRow] = []
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "code":
            block.append(row)
            continue
        if block:
            if steps and steps[-1].command and _is_connective(pending):
                steps[-1] = replace(steps[-1], command="\n".join((steps[-1].command, *code.block_commands(block))))
            else:
                steps += _announced_steps(pending, block)
            pending, block = [], []
        pending.append(row)
    return steps + _sentence_steps(pending)


def _is_connective(rows: Sequence[DocumentRow]) -> bool:
    """Return whether all that stands between two blocks of code is `then` or the like."""
    words = [row.text for row in rows if row.kind != "blank"]
    return len(words) == 1 and CONNECTIVE.fullmatch(words[0]) is not None


def _announced_steps(rows: Sequence[DocumentRow], block: Sequence[DocumentRow]) -> list[ResolutionStep]:
    """Return the steps of some prose; the block of code below belongs to its last sentence if that is a step."""
    steps = _sentence_steps(rows)
    commands = code.block_commands(block)
    last = next((clause for clause in reversed(_clauses(rows))), "")
    if commands and steps and steps[-1].command is None and last.endswith(steps[-1].text):
        steps[-1] = replace(steps[-1], command="\n".join(commands))
    return steps


def _clauses(rows: Sequence[DocumentRow]) -> list[str]:
    return [clause for statement in sentence_statements(rows) for clause in split_failed_clause(statement.text)]


def _in_time_order(chronology: Sequence[ChronologyEntry]) -> list[ChronologyEntry]:
    """Return the entries by time if all of them have one: a page may tell of the same hours in two sections."""
    entries = list(chronology)
    if all(entry.at is not None for entry in entries):
        entries.sort(key=lambda entry: entry.at.timestamp() if entry.at else 0.0)
    return entries


def _outcome_or_default(step: ResolutionStep, default: StepOutcome) -> StepOutcome:
    return step.outcome if step.outcome != "worked" else detect_outcome(step.text) or default


def _distinct_steps(steps: Sequence[ResolutionStep]) -> Iterator[ResolutionStep]:
    keys: set[tuple[str, str | None, StepOutcome]] = set()
    for step in steps:
        key = (step.text.casefold(), step.command, step.outcome)
        if key not in keys:
            keys.add(key)
            yield step


def _section_steps(section: LabelledSection, *, every_item: bool) -> list[ResolutionStep]:
    """Return list items with their code; without a list, commands and sentences that report an action."""
    drafts = step_drafts(section.rows)
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


def _draft_reports_action(draft: StepDraft) -> bool:
    text = plain_text(" ".join(draft.words))
    return not text.rstrip().endswith(":") and any(reports_action(sentence) for sentence in split_sentences(text))


def _lone_sentence(section: LabelledSection) -> list[ResolutionStep]:
    """Return a short value such as `Failover to the replica`, which is a step without a known verb."""
    statements = list(sentence_statements(section.rows))
    if len(statements) == 1 and _ARRIVAL.search(statements[0].text):
        return []
    if len(statements) != 1 or not _is_phrase(statements[0].text) or STATE_ONLY.fullmatch(statements[0].text):
        return []
    if failure_or_worked(statements[0].text) != "worked" and not is_attempt_in_vain(statements[0].text):
        return []
    step = build_step(statements[0].text, "\n".join(code.command_spans(statements[0].text)) or None, statements[0].line)
    return [step] if step is not None else []


def _is_phrase(text: str) -> bool:
    """Return whether a text is as long as a short sentence; East Asian scripts do not separate words."""
    words = len(text.split()) if len(_UNSPACED.findall(text)) < SHORTEST_UNSPACED else 2
    return 1 < words <= LONGEST_PHRASE


def _draft_steps(draft: StepDraft, *, every_item: bool) -> list[ResolutionStep]:
    text = plain_text(" ".join(draft.words))
    if not draft.listed and not draft.code:
        return _draft_sentence_steps(draft)
    if parts := _parts_with_own_outcomes(draft):
        return parts
    inline = code.command_spans(unescape_markdown(" ".join(draft.words)))
    command = "\n".join(draft.code) or "\n".join(inline) or None
    if not every_item and command is None and not reports_action(text):
        return []
    step = build_step(
        text or (draft.code[0].splitlines()[0] if draft.code else ""), command, draft.line, draft.rollback
    )
    return [step] if step is not None else []


def _parts_with_own_outcomes(draft: StepDraft) -> list[ResolutionStep]:
    """Return a step for each action of an item or paragraph in which one failed and another did not; else nothing.

    The code below belongs to the last action.
    """
    parts: list[str] = []
    sentences = split_sentences(plain_text(" ".join(draft.words)))
    for sentence in (clause for whole in sentences for clause in split_failed_clause(whole)):
        if not parts or reports_action(sentence) or runs_command(sentence):
            parts.append(sentence)
        else:
            parts[-1] += f" {sentence}"
    if len({failure_or_worked(part) for part in parts}) < 2:
        return []
    steps = [
        build_step(
            part,
            "\n".join(draft.code if last and draft.code else code.command_spans(part)) or None,
            draft.line,
            draft.rollback if last else None,
        )
        for part, last in zip(parts, [*[False] * (len(parts) - 1), True], strict=True)
    ]
    return [step for step in steps if step is not None]


def _draft_sentence_steps(draft: StepDraft) -> list[ResolutionStep]:
    return _sentence_steps(draft.rows, about_fix=True)


def _sentence_steps(
    rows: Sequence[DocumentRow], *, notes: bool = False, about_fix: bool = False
) -> list[ResolutionStep]:
    """Return sentences that report an action, with the outcome stated in them or in the next sentence.

    With `about_fix` the rows stand under a heading such as "Resolution", where a command and what was in vain are
    actions, whatever the verb and the language.
    """
    steps: list[ResolutionStep] = []
    follows = False
    statements = [
        ProseStatement(clause, statement.line)
        for statement in sentence_statements(rows)
        for clause in split_failed_clause(statement.text)
    ]
    for place, statement in enumerate(statements):
        inline = code.command_spans(statement.text)
        following = statements[place + 1 : place + 2]
        if steps and CONSEQUENCE.match(statement.text) and steps[-1].outcome == "worked":
            steps[-1] = replace(steps[-1], outcome="did_not_help")
        if _tells_of_step(statement.text, inline, following, notes=notes, about_fix=about_fix):
            commands = _changing(inline) or inline
            step = build_step(CONSEQUENCE.sub("", statement.text), "\n".join(commands) or None, statement.line)
            steps += [step] if step is not None else []
            follows = step is not None
        elif follows and (outcome := _outcome_of_previous(statement.text)) in ("did_not_help", "made_it_worse"):
            steps[-1] = replace(steps[-1], outcome=outcome or "worked")
            follows = False
        else:
            follows = False
    return steps


_OTHER_ATTEMPTS = re.compile(
    r"\W*(?:things|other|what|attempts?|earlier|before that|previously|we had)\b", re.IGNORECASE
)


def _outcome_of_previous(sentence: str) -> StepOutcome | None:
    """Return what a sentence says of the action before it, unless it speaks of others."""
    return None if _OTHER_ATTEMPTS.match(sentence) else detect_outcome(sentence)


def _tells_of_step(
    sentence: str, commands: Sequence[str], following: Sequence[ProseStatement], *, notes: bool, about_fix: bool
) -> bool:
    """Return whether a sentence reports an action by its verb, by its command, or by what the next one says of it."""
    return (
        reports_action(sentence)
        or (notes and note_reports_action(sentence))
        or ((opens_with_attempt(sentence) or (notes and names_deed(sentence))) and _failed_afterwards(following))
        or (about_fix and _is_part_of_fix(sentence, commands, following))
        or (
            bool(commands)
            and notes
            and (_RUN_IN_NOTE.search(sentence) is not None or _gives_command(sentence, commands))
        )
        or (bool(commands) and _reports_command(sentence))
    )


def _gives_command(sentence: str, commands: Sequence[str]) -> bool:
    """Return whether an entry ends with the command that changed something: `création de l'index `CREATE INDEX …``."""
    is_last = sentence.rstrip(" .)").endswith("`")
    return (
        is_last and bool(_changing(commands)) and not plans(sentence) and not OUTAGE.search(sentence.partition("`")[0])
    )


def _changing(commands: Sequence[str]) -> list[str]:
    return [command for command in commands if not _READ_ONLY_COMMAND.match(command)]


def _is_part_of_fix(sentence: str, commands: Sequence[str], following: Sequence[ProseStatement]) -> bool:
    """Return whether a sentence about the fix gives a command, or tells of an attempt that was in vain."""
    if is_bare_outcome(sentence) or plans(sentence):
        return False
    return (
        bool(_changing(commands))
        or is_attempt_in_vain(sentence)
        or note_reports_action(sentence)
        or reports_others_deed(sentence)
        or any(is_bare_outcome(after.text) for after in following)
    )


def _failed_afterwards(following: Sequence[ProseStatement]) -> bool:
    """Return whether the next sentence only states that it did not help."""
    return any(states_failure(statement.text) and not reports_action(statement.text) for statement in following)


def _reports_command(sentence: str) -> bool:
    return _RAN.search(sentence) is not None or runs_command(sentence)


def _chronology_steps(chronology: Sequence[ChronologyEntry], *, begins_before: bool = True) -> list[ResolutionStep]:
    """Return the actions in a chronology; the outcome of one may be stated by the next entry.

    With `begins_before` the first of many entries describes the start, not an action.
    """
    steps: list[ResolutionStep] = []
    for place, entry in enumerate(chronology):
        head = [DocumentRow(entry.line, "text", entry.head)] if entry.head else []
        opening = next(iter(sentence_statements([*head, *entry.rows])), None)
        if steps and opening is not None and not _reports_any_action(opening.text):
            outcome = detect_outcome(opening.text)
            if outcome in ("did_not_help", "made_it_worse") and steps[-1].outcome == "worked":
                steps[-1] = replace(steps[-1], outcome=outcome)
        if place or len(chronology) < 3 or not begins_before or states_failure(entry.text):
            steps += [step for step in _entry_steps(head, entry) if not _is_read_only(step)]
    return steps


def _reports_any_action(sentence: str) -> bool:
    return reports_action(sentence) or note_reports_action(sentence)


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
            found_code = code.block_commands(block)
            own = _sentence_steps(rows, notes=True)
            steps += own or (_announced_action(rows) if found_code else [])
            if found_code and steps and steps[-1].command and _is_connective(rows):
                found_code = [steps[-1].command, *found_code]
                steps[-1] = replace(steps[-1], command=None)
            rows = []
            if found_code and steps and steps[-1].command is None:
                steps[-1] = replace(steps[-1], command="\n".join(found_code))
            block = []
        rows.append(row)
    return steps + _sentence_steps(rows, notes=True)


def _announced_action(rows: Sequence[DocumentRow]) -> list[ResolutionStep]:
    """Return the step that the last line before some commands announces: `Dropped stale slot:`."""
    last = next((statement for statement in reversed([*sentence_statements(rows)])), None)
    if last is None or not last.text.endswith(":") or base_verb(last.text.split(maxsplit=1)[0].casefold()) is None:
        return []
    step = build_step(last.text, None, last.line)
    return [step] if step is not None else []
