"""Retrieval tasks made from public text and from the example history: the text judges itself, nobody labels."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onrecall import examples
from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.event_lists import event_list
from onrecall.benchmarks.public_text import (
    MIN_CHARS,
    HistoryReport,
    PublicPage,
    PublicText,
    parse_page,
    read_public_text,
)
from onrecall.benchmarks.question_forms import bare_name, misspelt, terse

MAX_QUESTIONS = 150
"""Questions of a task at most, drawn by the hash of their ids."""
MIN_QUESTIONS = 10
"""A task with fewer questions says too little to be kept."""
SMALL_QUESTIONS, SMALL_SIZE, SMALL_DISTRACTORS = 24, 4, 3
"""Questions of a task that are asked of small memories too, how many of one, and documents in it that answer none."""
TELLING_LINES = 4
"""Lines of a long event list that say what is wrong; the rest is what every cluster writes."""
COPIED_SHARE = 0.5
"""Share of the lines of two pages' diagnoses, taken together, from which on one is a copy of the other."""
CASE_WORDS = 30
"""Words of a section that a fault case begins with."""
SMALL_SUFFIX = "_small"
MIN_WORDS = 3
"""Words that a title needs to be asked with."""


@dataclass(frozen=True, slots=True)
class PublicTask:
    """A task with its kind of question and the source of its text; tasks of one source share documents."""

    task: Task
    kind: str
    source: str

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name


GIVEN_KINDS: Mapping[str, str] = {
    "nameonly": "bare name",
    "sections": "section to section",
    "dup": "duplicate report",
}
"""Kinds of tasks that are read as they are, by what their folder's name contains; others ask with alert text."""


def read_tasks(folder: Path) -> tuple[PublicTask, ...]:
    """All tasks that the text in a folder and the example history give, by name."""
    text = read_public_text(folder)
    from_text = [
        *_tasks_as_given(text),
        *_from_runbooks(text),
        *_from_reports(text),
        *_from_postmortems(text),
        *_from_alerts(text),
    ]
    tasks = [*from_text, *example_tasks()]
    return tuple(
        sorted(
            (task for task in tasks if len(task.task.queries) >= MIN_QUESTIONS),
            key=lambda public_task: public_task.name,
        )
    )


def small_memories(public: PublicTask) -> Iterator[PublicTask]:
    """Parts of a task as a young memory would hold it: few questions, their right documents, and little else."""
    drawn = sorted(public.task.queries, key=lambda query: _hash(query.id))[:SMALL_QUESTIONS]
    for start in range(0, len(drawn), SMALL_SIZE):
        queries = drawn[start : start + SMALL_SIZE]
        right = {document for query in queries for document in public.task.right.get(query.id, ())}
        wrong_documents = sorted(
            (entry for entry in public.task.corpus if entry.id not in right), key=lambda entry: _hash(entry.id)
        )
        kept_ids = right | {entry.id for entry in wrong_documents[start : start + SMALL_DISTRACTORS]}
        corpus = tuple(entry for entry in public.task.corpus if entry.id in kept_ids)
        task = Task(public.name + SMALL_SUFFIX, corpus, tuple(queries), public.task.right)
        yield replace(public, task=task)


def write_task(task: Task, folder: Path) -> None:
    """Write a task in BEIR form into a folder of its name."""
    place = folder / task.name
    place.mkdir(parents=True, exist_ok=True)
    queries = [
        {"_id": query.id, "text": query.text, "metadata": {"exclude": sorted(query.exclude)} if query.exclude else {}}
        for query in task.queries
    ]
    judged = [
        {"query-id": query, "corpus-id": document, "score": score}
        for query, documents in task.right.items()
        for document, score in documents.items()
    ]
    _write_lines(
        place / "corpus.jsonl", [{"_id": entry.id, "title": entry.title, "text": entry.text} for entry in task.corpus]
    )
    _write_lines(place / "queries.jsonl", queries)
    _write_lines(place / "qrels.jsonl", judged)


def _write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _tasks_as_given(text: PublicText) -> Iterator[PublicTask]:
    for task in text.tasks:
        kind = next((kind for part, kind in GIVEN_KINDS.items() if part in task.name), "alert text")
        yield PublicTask(task, kind, "reports" if kind == "duplicate report" else "runbooks")
        if "noname" in task.name:
            yield PublicTask(_rephrase_task(task, f"{task.name}_misspelt", misspelt), "misspelt", "runbooks")
            yield PublicTask(_rephrase_task(task, f"{task.name}_terse", _terse_title), "terse", "runbooks")
        if kind == "duplicate report":
            yield PublicTask(_rephrase_task(task, f"{task.name}_terse", _terse_title), "terse", "reports")


def _from_runbooks(text: PublicText) -> Iterator[PublicTask]:
    pages = text.runbooks
    for question_section, answer_section in (
        ("impact", "mitigation"),
        ("mitigation", "meaning"),
        ("diagnosis", "meaning"),
    ):
        yield PublicTask(
            _between_sections(
                pages, f"runbooks_{question_section}_to_{answer_section}", question_section, answer_section
            ),
            "section to section",
            "runbooks",
        )
    yield PublicTask(_event_lists(pages), "event list", "runbooks")
    yield PublicTask(_fault_cases(pages), "event list", "runbooks")
    entries = [CorpusDocument(page.id, "", page.without_code()) for page in pages]
    blocks = [(page.id, block) for page in pages for block in page.code_blocks[:1] if len(block) >= MIN_CHARS]
    yield PublicTask(_task_from_pairs("runbooks_output_to_page", entries, blocks), "log lines", "runbooks")


def _event_lists(pages: Sequence[PublicPage]) -> Task:
    """A long list of events, in which some lines of the diagnosis stand, asks for what means and mitigates them."""
    entries, questions = [], []
    for page in pages:
        telling = _diagnosis_lines(page)
        if telling and {"meaning", "mitigation"} <= page.sections.keys():
            entries.append(CorpusDocument(page.id, "", f"{page.sections['meaning']}\n\n{page.sections['mitigation']}"))
            headline = page.sections.get("impact", telling[0]).split("\n\n")[0]
            questions.append((page.id, event_list(" ".join(headline.split()), telling[:TELLING_LINES])))
    return _task_from_pairs("runbooks_events_to_page", entries, questions)


def _fault_cases(pages: Sequence[PublicPage]) -> Task:
    """Cases with a question, and a list of events with half of the diagnosis, ask for other cases of the same fault.

    Of pages that copy their diagnosis from each other only the first gives cases: nothing tells their faults apart.
    """
    entries, queries, right = [], [], {}
    for page in _without_copies(pages):
        telling = _diagnosis_lines(page)
        texts = [text for name, text in page.sections.items() if name in ("meaning", "impact", "mitigation")]
        if len(telling) < 2 or not texts:
            continue
        cases = {
            f"{page.id}-{n}": event_list(f"Case {n}: {' '.join(text.split()[:CASE_WORDS])}", telling[n % 2 :: 2])
            for n, text in enumerate(texts)
        }
        entries += [CorpusDocument(name, "", text) for name, text in cases.items()]
        for name, text in cases.items():
            same_fault = {case: 1.0 for case in cases if case != name}
            if same_fault:
                queries.append(BeirQuery(name, text, frozenset({name})))
                right[name] = same_fault
    drawn = {name for name, _ in _sample_questions([(query.id, "") for query in queries])}
    selected = tuple(query for query in queries if query.id in drawn)
    return Task("runbooks_fault_cases", tuple(entries), selected, {query.id: right[query.id] for query in selected})


def _without_copies(pages: Sequence[PublicPage]) -> list[PublicPage]:
    """The pages whose diagnosis is not mostly that of a page before them."""
    originals: list[tuple[PublicPage, set[str]]] = []
    for page in pages:
        lines = set(_diagnosis_lines(page))
        if not any(len(lines & other) >= COPIED_SHARE * max(len(lines | other), 1) for _, other in originals):
            originals.append((page, lines))
    return [page for page, _ in originals]


def _diagnosis_lines(page: PublicPage) -> list[str]:
    lines = [line.strip("-* ") for line in page.sections.get("diagnosis", "").splitlines()]
    return [line for line in lines if len(line) >= MIN_CHARS and not line.startswith(("#", "`"))]


def _between_sections(pages: Sequence[PublicPage], name: str, question_section: str, answer_section: str) -> Task:
    entries = [
        CorpusDocument(page.id, "", page.sections[answer_section]) for page in pages if answer_section in page.sections
    ]
    questions = [
        (page.id, page.sections[question_section])
        for page in pages
        if question_section in page.sections and answer_section in page.sections
    ]
    return _task_from_pairs(name, entries, questions)


def _from_reports(text: PublicText) -> Iterator[PublicTask]:
    reports = [report for report in text.reports if len(report.text) >= MIN_CHARS]
    bodies = [CorpusDocument(report.id, "", report.text) for report in reports]
    titles = [(report.id, report.title) for report in reports if len(report.title.split()) >= MIN_WORDS]
    yield PublicTask(_task_from_pairs("reports_title_to_text", bodies, titles), "title to text", "reports")
    halves = [(report, *_halves(report.text)) for report in reports if len(report.text.split()) >= 4 * MIN_WORDS]
    remainders = [CorpusDocument(report.id, "", second) for report, _, second in halves]
    opening = [(report.id, f"{report.title}\n{first}") for report, first, _ in halves]
    yield PublicTask(
        _task_from_pairs("reports_first_lines_to_rest", remainders, opening), "first lines to rest", "reports"
    )
    yield PublicTask(_duplicates_task(text.reports), "duplicate report", "reports")


def _halves(text: str) -> tuple[str, str]:
    """The first third of the words, and the rest, cut where a line ends if one does there."""
    words = text.split()
    first = max(MIN_WORDS, len(words) // 3)
    return " ".join(words[:first]), " ".join(words[first:])


def _duplicates_task(reports: Sequence[HistoryReport]) -> Task:
    """The first report of a defect asks for its later duplicates: the other way round than they came."""
    later: dict[str, dict[str, float]] = {}
    for report in reports:
        if report.duplicate_of:
            later.setdefault(report.duplicate_of, {})[report.id] = 1.0
    entries = [CorpusDocument(report.id, report.title, report.text) for report in reports]
    originals = [report for report in reports if report.id in later]
    queries = [BeirQuery(report.id, f"{report.title}\n{report.text}", frozenset({report.id})) for report in originals]
    return Task(
        "reports_first_to_later", tuple(entries), tuple(queries), {report.id: later[report.id] for report in originals}
    )


def _from_postmortems(text: PublicText) -> Iterator[PublicTask]:
    pages = [page for page in text.postmortems if "summary" in page.sections]
    remainders = [
        CorpusDocument(page.id, "", page.text.replace(page.sections["summary"], "").replace(page.title, ""))
        for page in pages
    ]
    titles = [(page.id, page.title) for page in pages]
    summaries = [(page.id, page.sections["summary"]) for page in pages]
    yield PublicTask(_task_from_pairs("postmortems_title_to_text", remainders, titles), "title to text", "postmortems")
    yield PublicTask(
        _task_from_pairs("postmortems_summary_to_rest", remainders, summaries), "first lines to rest", "postmortems"
    )


def _from_alerts(text: PublicText) -> Iterator[PublicTask]:
    for task in text.foreign:
        split = [(query.id, *query.text.partition("\n")[::2]) for query in task.queries]
        described = [(name, title, body) for name, title, body in split if len(body) >= MIN_CHARS]
        entries = [CorpusDocument(name, "", body) for name, _, body in described]
        names = [(name, bare_name(title)) for name, title, _ in described]
        yield PublicTask(_task_from_pairs(f"{task.name}_name_to_description", entries, names), "bare name", "alerts")
        entries = [CorpusDocument(name, "", title) for name, title, _ in described]
        bodies = [(name, body) for name, _, body in described]
        yield PublicTask(_task_from_pairs(f"{task.name}_description_to_name", entries, bodies), "alert text", "alerts")


def example_tasks() -> tuple[PublicTask, ...]:
    """Tasks from the example history: openings, log lines and terse words ask for incidents and pages."""
    incidents = _example_incidents()
    openings = [(str(incident["id"]), str(incident["title"]), str(incident["description"])) for incident in incidents]
    tasks = [
        (_log_lines(openings), "log lines"),
        (_example_events(openings), "event list"),
        (_same_cause(incidents), "same cause"),
        (_rephrase_task(_same_cause(incidents), "examples_terse_to_same_cause", _terse_title), "terse"),
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
    return _task_from_pairs("examples_title_to_description", entries, [(name, title) for name, title, _ in openings])


def _log_lines(openings: Sequence[tuple[str, str, str]]) -> Task:
    """Log lines ask for the incident that is told without them."""
    entries, questions = [], []
    for name, title, description in openings:
        lines = description.splitlines()
        logs = [line for line in lines if line[:4].isdigit() or " ERROR " in line or " WARN " in line]
        entries.append(CorpusDocument(name, title, "\n".join(line for line in lines if line not in logs)))
        if sum(map(len, logs)) >= MIN_CHARS:
            questions.append((name, "\n".join(logs)))
    return _task_from_pairs("examples_logs_to_incident", entries, questions)


def _example_events(openings: Sequence[tuple[str, str, str]]) -> Task:
    """A list of events, with the log lines of an incident among them, asks for the incident told without them."""
    without = _log_lines(openings)
    titles = {name: title for name, title, _ in openings}
    logs = [(query.id, query.text.splitlines()) for query in without.queries]
    questions = [(name, event_list(f"Alerts in {titles[name].split()[0]}", lines)) for name, lines in logs]
    return _task_from_pairs("examples_events_to_incident", without.corpus, questions)


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
    entries = tuple(CorpusDocument(str(record["id"]), str(record["title"]), _page_text(record)) for record in incidents)
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


def _task_from_pairs(name: str, entries: Sequence[CorpusDocument], questions: Sequence[tuple[str, str]]) -> Task:
    """A task where the right document of each question is the one that its text was taken from."""
    corpus_ids = {entry.id for entry in entries if entry.text.strip()}
    queries = [
        BeirQuery(document, text)
        for document, text in _sample_questions(questions)
        if document in corpus_ids and text.strip()
    ]
    corpus = tuple(entry for entry in entries if entry.id in corpus_ids)
    return Task(name, corpus, tuple(queries), {question.id: {question.id: 1.0} for question in queries})


def _sample_questions(questions: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """At most so many questions, the same every time, whatever the order of files."""
    by_hash = sorted(questions, key=lambda question: _hash(question[0]))
    return sorted(by_hash[:MAX_QUESTIONS])


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def _rephrase_task(task: Task, name: str, rephrase: Callable[[str], str]) -> Task:
    rephrased = [replace(query, text=rephrase(query.text)) for query in task.queries]
    return replace(task, name=name, queries=tuple(query for query in rephrased if query.text.strip()))
