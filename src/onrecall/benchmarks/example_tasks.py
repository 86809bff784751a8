"""Retrieval tasks made from the example history."""

import json
from collections.abc import Mapping, Sequence

from onrecall import examples
from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.event_lists import event_list
from onrecall.benchmarks.public_text import (
    MIN_CHARS,
    parse_page,
)
from onrecall.benchmarks.question_forms import terse
from onrecall.benchmarks.task_pairs import PublicTask, rephrase_task, task_from_pairs


def example_tasks() -> tuple[PublicTask, ...]:
    """Tasks from the example history: openings, log lines and terse words ask for incidents and pages."""
    incidents = _example_incidents()
    openings = [(str(incident["id"]), str(incident["title"]), str(incident["description"])) for incident in incidents]
    tasks = [
        (_log_lines(openings), "log lines"),
        (_example_events(openings), "event list"),
        (_same_cause(incidents), "same cause"),
        (rephrase_task(_same_cause(incidents), "examples_terse_to_same_cause", _terse_title), "terse"),
        (_cause_pages(incidents), "incident to page"),
        (_title_to_description(openings), "title to text"),
    ]
    return tuple(PublicTask(task, kind, "examples") for task, kind in tasks)


def _example_incidents() -> list[Mapping[str, object]]:
    paths = sorted(examples.incidents_folder().glob("*.json"))
    return [record for path in paths for record in json.loads(path.read_text(encoding="utf-8"))]


def _terse_title(text: str) -> str:
    return terse(text.partition("\n")[0])


def _title_to_description(openings: Sequence[tuple[str, str, str]]) -> Task:
    entries = [CorpusDocument(name, "", description) for name, _, description in openings]
    return task_from_pairs("examples_title_to_description", entries, [(name, title) for name, title, _ in openings])


def _log_lines(openings: Sequence[tuple[str, str, str]]) -> Task:
    """Log lines ask for the incident that is told without them."""
    entries, questions = [], []
    for name, title, description in openings:
        lines = description.splitlines()
        logs = [line for line in lines if line[:4].isdigit() or " ERROR " in line or " WARN " in line]
        without_logs = "\n".join(line for line in lines if line not in logs)
        entries.append(CorpusDocument(name, title, without_logs, is_incident=True))
        if sum(map(len, logs)) >= MIN_CHARS:
            questions.append((name, "\n".join(logs)))
    return task_from_pairs("examples_logs_to_incident", entries, questions)


def _example_events(openings: Sequence[tuple[str, str, str]]) -> Task:
    """A list of events, with the log lines of an incident among them, asks for the incident told without them."""
    without = _log_lines(openings)
    titles = {name: title for name, title, _ in openings}
    logs = [(query.id, query.text.splitlines()) for query in without.queries]
    questions = [(name, event_list(f"Alerts in {titles[name].split()[0]}", lines)) for name, lines in logs]
    return task_from_pairs("examples_events_to_incident", without.corpus, questions)


def _cause(incident: Mapping[str, object]) -> str | None:
    resolution = incident.get("resolution")
    return resolution.get("cause") if isinstance(resolution, Mapping) else None


def _page_text(incident: Mapping[str, object]) -> str:
    resolution = incident.get("resolution")
    parts = [incident["description"]]
    if isinstance(resolution, Mapping):
        parts += [resolution.get("root_cause"), *(step["text"] for step in resolution.get("steps", ()))]
    return "\n".join(str(part) for part in parts if part)


def _same_cause(incidents: Sequence[Mapping[str, object]]) -> Task:
    entries = tuple(
        CorpusDocument(str(record["id"]), str(record["title"]), _page_text(record), is_incident=True)
        for record in incidents
    )
    right: dict[str, dict[str, float]] = {}
    for incident in incidents:
        matches = {
            str(candidate["id"]): 1.0
            for candidate in incidents
            if candidate is not incident and _cause(candidate) == _cause(incident)
        }
        if matches and _cause(incident):
            right[str(incident["id"])] = matches
    queries = tuple(
        BeirQuery(str(record["id"]), f"{record['title']}\n{record['description']}", frozenset({str(record["id"])}))
        for record in incidents
        if record["id"] in right
    )
    return Task("examples_opening_to_same_cause", entries, queries, right)


def _cause_pages(incidents: Sequence[Mapping[str, object]]) -> Task:
    """Openings ask for the runbooks and postmortems of their cause, which the pages name in their front matter."""
    entries, causes = [], {}
    for path in sorted(examples.documents_folder().glob("*/*.md")):
        text = path.read_text(encoding="utf-8")
        page = parse_page(path.stem, text)
        entries.append(CorpusDocument(page.id, page.title, page.text))
        causes[page.id] = next(
            (line.partition(":")[2].strip() for line in text.splitlines() if line.strip().startswith("cause:")), None
        )
    right = {
        str(incident["id"]): {page: 1.0 for page, cause in causes.items() if cause and cause == _cause(incident)}
        for incident in incidents
    }
    queries = [
        BeirQuery(str(incident["id"]), f"{incident['title']}\n{incident['description']}")
        for incident in incidents
        if right[str(incident["id"])]
    ]
    return Task("examples_opening_to_page", tuple(entries), tuple(queries), {q.id: right[q.id] for q in queries})
