"""Render incidents for Slack: one root message for the state, and thread replies for the rest."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation, Step
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice
from onrecall.notifications.slack import block_kit
from onrecall.notifications.slack.block_kit import Block
from onrecall.notifications.slack.buttons import button_row

LONGEST_TITLE = 300
LONGEST = 500
LONGEST_COMMAND = 1200
MOST_CHANGES = 5
MOST_EVIDENCE = 5
MOST_TRIED = 5
MOST_PAGES = 4
MessageContent = Mapping[str, Any]
"""Blocks, and their fallback text for notifications."""


def root_message(
    incident: Incident, answer: Recommendation | None, event: IncidentUpdate, links: Links, *, quiet: bool = False
) -> MessageContent:
    """Render an incident's state; `quiet` omits buttons where clicks are not received."""
    body = [
        block_kit.header(_state_line(incident, answer, event)),
        block_kit.prose(("bold", _safe_line(f"{incident.id}  {incident.title}", LONGEST_TITLE))),
        block_kit.prose(("", _safe_line(words.facts_line(incident)))),
    ]
    if event.into:
        body.append(block_kit.prose(("", _safe_line(f"It is now part of {event.into}."))))
    elif incident.status == "resolved":
        body.append(
            block_kit.prose(("", _safe_line(words.resolution_sentence(incident.resolution, event.suggestions))))
        )
    if answer:
        body += _answer_blocks(answer)
    if row := button_row(incident, answer, event, links, quiet=quiet):
        body.append(block_kit.buttons(*row))
    return _message(words.headline(incident, event), body)


def reply_message(incident: Incident, event: IncidentUpdate) -> MessageContent:
    """Render the update for the thread."""
    body = [block_kit.prose(("bold", words.HEADLINES[event.kind]), ("", _author(event)))]
    if event.into:
        body.append(block_kit.prose(("", _safe_line(f"It is now part of {event.into}."))))
    elif incident.status == "resolved":
        body.append(
            block_kit.prose(("", _safe_line(words.resolution_sentence(incident.resolution, event.suggestions))))
        )
    body += [block_kit.prose(("", _safe_line(change))) for change in event.changes[:MOST_CHANGES]]
    return _message(words.headline(incident, event), body)


def detail_messages(answer: Recommendation, incident_id: str, *, quiet: bool = False) -> list[MessageContent]:
    """Render all steps with buttons, failed attempts, other causes and evidence, split into several messages."""
    parts = [_step_blocks(step, answer, quiet=quiet) for step in answer.steps]
    parts += [[block] for block in _remaining_blocks(answer)]
    return [_message(f"Details to {incident_id}", page) for page in _split_pages(parts)]


def answer_message(answer: Recommendation, links: Links) -> MessageContent:
    """Render the answer to a question in one message."""
    body = [*_answer_blocks(answer)]
    for step in answer.steps:
        part = _step_blocks(step, answer, quiet=True)
        if (
            len(body) + len(part) > block_kit.MOST_BLOCKS - 2
            or block_kit.json_size([*body, *part]) > block_kit.BUDGET - 1000
        ):
            body.append(block_kit.note("There are more steps: open OnRecall to see them."))
            break
        body += part
    for block in _remaining_blocks(answer):
        if len(body) < block_kit.MOST_BLOCKS - 1 and block_kit.json_size([*body, block]) < block_kit.BUDGET - 500:
            body.append(block)
    if links.public_url:
        body.append(block_kit.buttons(block_kit.link("Open OnRecall", links.public_url)))
    return _message(words.VERDICT_SENTENCES[answer.verdict], body)


def notice_message(notice: Notice) -> MessageContent:
    """Render a notice in one message."""
    body = [
        block_kit.prose(("bold", f"{_safe_line(label, 100)}: " if label else ""), ("", _safe_line(value)))
        for label, value in notice.facts
    ]
    head = block_kit.header(_safe_line(notice.title, block_kit.LONGEST_HEADER))
    content = [head, *body, block_kit.note(_safe_line(notice.footnote))]
    return {"text": block_kit.fallback(notice.title).strip() or "A notice", "blocks": block_kit.fit_to_limits(content)}


def _state_line(incident: Incident, answer: Recommendation | None, event: IncidentUpdate) -> str:
    if event.into:
        return "Merged"
    if incident.status == "resolved":
        return "Resolved"
    again = "Reopened" if event.kind == "reopened" else incident.status.capitalize()
    verdict = words.VERDICT_SENTENCES[answer.verdict].partition(":")[0] if answer else "No answer yet"
    return f"{again} · severity {incident.severity} · {verdict}"


def _answer_blocks(answer: Recommendation) -> Iterator[Block]:
    yield block_kit.prose(("bold", words.VERDICT_SENTENCES[answer.verdict]))
    if answer.cause:
        where = f" ({words.format_citation(answer.cause_citation)})" if answer.cause_citation else ""
        yield block_kit.prose(
            ("bold", "Cause: "), ("", _safe_line(answer.cause)), ("italic", _safe_line(where) if where else "")
        )
    yield block_kit.prose(("", _safe_line(words.trust_sentence(answer))))
    step = words.first_safe(answer)
    if step is None:
        yield block_kit.note(words.NO_SAFE_STEP)
        return
    yield block_kit.prose(("bold", "First safe step: "), ("", _safe_line(step.text)))
    if step.command:
        yield block_kit.command(step.command, LONGEST_COMMAND)
    yield block_kit.prose(("italic", _safe_line(words.step_note(step))))


def _step_blocks(step: Step, answer: Recommendation, *, quiet: bool) -> list[Block]:
    part = [block_kit.prose(("bold", f"{step.n}. "), ("", _safe_line(step.text)))]
    if step.command:
        part.append(block_kit.command(step.command, LONGEST_COMMAND))
    more = {"Only if": step.precondition, "Undo": step.rollback, "Careful": step.stale}
    runs = [("", f"{name}: {_safe_line(value)}\n") for name, value in more.items() if value]
    part.append(block_kit.prose(*runs, ("italic", _safe_line(words.step_note(step)))))
    if not quiet:
        about = {"r": answer.id, "n": step.n}
        fixed = block_kit.button("This fixed it", "step_worked", about)
        part.append(block_kit.buttons(fixed, block_kit.button("Did not help", "step_did_not_help", about)))
    return part


def _remaining_blocks(answer: Recommendation) -> Iterator[Block]:
    for tried in answer.tried_before[:MOST_TRIED]:
        outcome = "Made it worse" if tried.outcome == "made_it_worse" else "Did not help before"
        where = f" ({words.format_citation(tried.citation)})"
        yield block_kit.prose(("bold", f"{outcome}: "), ("", _safe_line(tried.text)), ("italic", _safe_line(where)))
    for alternative in answer.alternatives[:MOST_TRIED]:
        apart = f" Look for: {'; '.join(alternative.tell_apart)}" if alternative.tell_apart else ""
        yield _labelled("Or else", f"{alternative.cause} ({', '.join(alternative.evidence)}).{apart}")
    for look in answer.tell_apart[:MOST_TRIED]:
        yield _labelled("Look at", look)
    for ongoing in answer.ongoing[:MOST_EVIDENCE]:
        yield _labelled("Going on now", words.ongoing_line(ongoing))
    for suggestion in answer.suggestions[:MOST_EVIDENCE]:
        text = suggestion.excerpt.text if suggestion.excerpt else suggestion.title
        yield _labelled("Suggested, not confirmed", f"{text} ({suggestion.suggested_by})")
    for evidence in answer.evidence[:MOST_EVIDENCE]:
        yield _labelled("Evidence", _evidence_line(evidence))


def _labelled(label: str, text: str) -> Block:
    return block_kit.prose(("bold", f"{label}: "), ("", _safe_line(text)))


def _evidence_line(evidence: Evidence) -> str:
    reasons = f" – {'; '.join(evidence.why)}" if evidence.why else ""
    return f"{evidence.id} {evidence.title} (match {evidence.score:.2f}){reasons}"


def _split_pages(parts: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Split parts into messages without breaking a part; the rest beyond `MOST_PAGES` is omitted with a note."""
    pages: list[list[Block]] = []
    for part in parts:
        room = pages and len(pages[-1]) + len(part) < block_kit.MOST_BLOCKS
        if room and block_kit.json_size([*pages[-1], *part]) < block_kit.BUDGET - 500:
            pages[-1].extend(part)
        elif len(pages) == MOST_PAGES:
            pages[-1].append(block_kit.note("There is more: open the incident in OnRecall."))
            break
        else:
            pages.append(list(part))
    return pages


def _author(event: IncidentUpdate) -> str:
    return f" by {_safe_line(event.by, 200)}" if event.by else ""


def _safe_line(value: str, limit: int = LONGEST) -> str:
    return block_kit.safe_line(value, limit)


def _message(text: str, body: Sequence[Block]) -> MessageContent:
    return {"text": block_kit.fallback(text), "blocks": block_kit.fit_to_limits(body)}
