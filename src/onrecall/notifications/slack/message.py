"""What is told of an incident in Slack: one root message for its state, and a thread for all else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onrecall.domain.incident import Evidence, Incident, Recommendation, Step
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice
from onrecall.notifications.slack import blocks
from onrecall.notifications.slack.blocks import Block

LONGEST_TITLE = 300
LONGEST = 500
LONGEST_COMMAND = 1200
MOST_CHANGES = 5
MOST_LINKS = 4
MOST_EVIDENCE = 5
MOST_TRIED = 5
MOST_PAGES = 4
Said = Mapping[str, Any]
"""Blocks, and the text that stands for them in notifications."""


def root(
    incident: Incident, answer: Recommendation | None, event: IncidentUpdate, links: Links, *, quiet: bool = False
) -> Said:
    """How an incident stands; `quiet`: without buttons, where nobody hears them."""
    body = [
        blocks.header(_state(incident, answer, event)),
        blocks.prose(("bold", _short(f"{incident.id}  {incident.title}", LONGEST_TITLE))),
        blocks.prose(("", _short(words.facts(incident)))),
    ]
    if event.into:
        body.append(blocks.prose(("", _short(f"It is part of {event.into} now."))))
    elif incident.status == "resolved":
        body.append(blocks.prose(("", _short(words.ending(incident.resolution, event.suggestions)))))
    if answer:
        body += _answer(answer)
    row = [*([] if quiet else _buttons(incident, answer, event)), *_link(incident.id, links), *_alert_links(event)]
    if row:
        body.append(blocks.buttons(*row))
    return _message(words.headline(incident, event), body)


def reply(incident: Incident, event: IncidentUpdate) -> Said:
    """The news itself, for those who follow the thread."""
    body = [blocks.prose(("bold", words.HEADLINE[event.kind]), ("", _by(event)))]
    if event.into:
        body.append(blocks.prose(("", _short(f"It is part of {event.into} now."))))
    elif incident.status == "resolved":
        body.append(blocks.prose(("", _short(words.ending(incident.resolution, event.suggestions)))))
    body += [blocks.prose(("", _short(change))) for change in event.changes[:MOST_CHANGES]]
    return _message(words.headline(incident, event), body)


def details(answer: Recommendation, incident_id: str, *, quiet: bool = False) -> list[Said]:
    """All steps with their buttons, what did not help, other causes, the evidence; in as many messages as it takes."""
    parts = [_step(step, answer, quiet=quiet) for step in answer.steps]
    parts += [[one] for one in _rest(answer)]
    return [_message(f"Details to {incident_id}", page) for page in _pages(parts)]


def spoken(answer: Recommendation, links: Links) -> Said:
    """The answer to a question, in one message."""
    body = [*_answer(answer)]
    for step in answer.steps:
        part = _step(step, answer, quiet=True)
        if len(body) + len(part) > blocks.MOST_BLOCKS - 2 or blocks.size([*body, *part]) > blocks.BUDGET - 1000:
            body.append(blocks.note("There are more steps: ask in OnRecall itself."))
            break
        body += part
    for one in _rest(answer):
        if len(body) < blocks.MOST_BLOCKS - 1 and blocks.size([*body, one]) < blocks.BUDGET - 500:
            body.append(one)
    if links.public_url:
        body.append(blocks.buttons(blocks.link("Open OnRecall", links.public_url)))
    return _message(words.VERDICT[answer.verdict], body)


def notice(told: Notice) -> Said:
    """A notice in one message."""
    body = [
        blocks.prose(("bold", f"{_short(label, 100)}: " if label else ""), ("", _short(value)))
        for label, value in told.facts
    ]
    head = blocks.header(_short(told.title, blocks.LONGEST_HEADER))
    shown = [head, *body, blocks.note(_short(told.footnote))]
    return {"text": blocks.fallback(told.title).strip() or "A notice", "blocks": blocks.fitted(shown)}


def _state(incident: Incident, answer: Recommendation | None, event: IncidentUpdate) -> str:
    if event.into:
        return "Merged"
    if incident.status == "resolved":
        return "Resolved"
    again = "Reopened" if event.kind == "reopened" else incident.status.capitalize()
    verdict = words.VERDICT[answer.verdict].partition(":")[0] if answer else "No answer yet"
    return f"{again} · severity {incident.severity} · {verdict}"


def _answer(answer: Recommendation) -> Iterator[Block]:
    yield blocks.prose(("bold", words.VERDICT[answer.verdict]))
    if answer.cause:
        where = f" ({words.cited(answer.cause_citation)})" if answer.cause_citation else ""
        yield blocks.prose(("bold", "Cause: "), ("", _short(answer.cause)), ("italic", _short(where) if where else ""))
    yield blocks.prose(("", _short(words.confidence(answer.confidence, answer.confidence_reason))))
    step = words.first_safe(answer)
    if step is None:
        yield blocks.note(words.NO_SAFE_STEP)
        return
    yield blocks.prose(("bold", "First safe step: "), ("", _short(step.text)))
    if step.command:
        yield blocks.command(step.command, LONGEST_COMMAND)
    yield blocks.prose(("italic", _short(words.step_note(step))))


def _buttons(incident: Incident, answer: Recommendation | None, event: IncidentUpdate) -> list[Block]:
    row = []
    if incident.status == "resolved" and event.suggestions and not event.into:
        about = {"s": event.suggestions[0].id}
        row.append(blocks.button("Confirm suggestion", "confirm_suggestion", about, "primary"))
        row.append(blocks.button("Dismiss suggestion", "dismiss_suggestion", about))
    if answer:
        about = {"r": answer.id}
        row.append(blocks.button("It helped", "helped", about, "primary"))
        row.append(blocks.button("It did not help", "did_not_help", about))
    if incident.status != "resolved" and not event.into:
        row.append(blocks.button("Resolve…", "resolve", {"i": incident.id}))
    return row


def _link(incident_id: str, links: Links) -> list[Block]:
    url = links.incident(incident_id)
    return [blocks.link("Open in OnRecall", url)] if url and len(url) <= blocks.LONGEST_URL else []


def _alert_links(event: IncidentUpdate) -> list[Block]:
    """Where the alerts' senders say that people can look; each with the name of the host that it leads to."""
    offered = [link for link in event.alert_links if len(link.url) <= blocks.LONGEST_URL][:MOST_LINKS]
    return [
        blocks.link(f"{words.LINK[link.kind]}: {words.host_of(link.url)}", link.url, f"open_{number}")
        for number, link in enumerate(offered)
    ]


def _step(step: Step, answer: Recommendation, *, quiet: bool) -> list[Block]:
    part = [blocks.prose(("bold", f"{step.n}. "), ("", _short(step.text)))]
    if step.command:
        part.append(blocks.command(step.command, LONGEST_COMMAND))
    more = {"Only if": step.precondition, "Take it back": step.rollback, "Careful": step.stale}
    runs = [("", f"{name}: {_short(said)}\n") for name, said in more.items() if said]
    part.append(blocks.prose(*runs, ("italic", _short(words.step_note(step)))))
    if not quiet:
        about = {"r": answer.id, "n": step.n}
        fixed = blocks.button("This fixed it", "step_worked", about)
        part.append(blocks.buttons(fixed, blocks.button("Did not help", "step_did_not_help", about)))
    return part


def _rest(answer: Recommendation) -> Iterator[Block]:
    for tried in answer.tried_before[:MOST_TRIED]:
        what = "Made it worse" if tried.outcome == "made_it_worse" else "Did not help before"
        where = f" ({words.cited(tried.citation)})"
        yield blocks.prose(("bold", f"{what}: "), ("", _short(tried.text)), ("italic", _short(where)))
    for other in answer.alternatives[:MOST_TRIED]:
        apart = f" Look for: {'; '.join(other.tell_apart)}" if other.tell_apart else ""
        yield blocks.prose(("bold", "Or else: "), ("", _short(f"{other.cause} ({', '.join(other.evidence)}).{apart}")))
    for look in answer.tell_apart[:MOST_TRIED]:
        yield blocks.prose(("bold", "Look at: "), ("", _short(look)))
    for ongoing in answer.ongoing[:MOST_EVIDENCE]:
        yield blocks.prose(("bold", "Going on now: "), ("", _short(words.going_on(ongoing))))
    for one in answer.suggestions[:MOST_EVIDENCE]:
        text = one.excerpt.text if one.excerpt else one.title
        yield blocks.prose(("bold", "Suggested, not confirmed: "), ("", _short(f"{text} ({one.suggested_by})")))
    for one in answer.evidence[:MOST_EVIDENCE]:
        yield blocks.prose(("bold", "Evidence: "), ("", _short(_evidence(one))))


def _evidence(one: Evidence) -> str:
    why = f" – {'; '.join(one.why)}" if one.why else ""
    return f"{one.id} {one.title} (match {one.score:.2f}){why}"


def _pages(parts: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Parts are not torn; what is too much even for several messages is to be read elsewhere."""
    pages: list[list[Block]] = []
    for part in parts:
        room = pages and len(pages[-1]) + len(part) < blocks.MOST_BLOCKS
        if room and blocks.size([*pages[-1], *part]) < blocks.BUDGET - 500:
            pages[-1].extend(part)
        elif len(pages) == MOST_PAGES:
            pages[-1].append(blocks.note("There is more: open the incident in OnRecall."))
            break
        else:
            pages.append(list(part))
    return pages


def _by(event: IncidentUpdate) -> str:
    return f" by {_short(event.by, 200)}" if event.by else ""


def _short(value: str, limit: int = LONGEST) -> str:
    return blocks.said(value, limit)


def _message(text: str, body: Sequence[Block]) -> Said:
    return {"text": blocks.fallback(text), "blocks": blocks.fitted(body)}
