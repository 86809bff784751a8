"""Retrieval tasks made from public text and from the example history: the text judges itself, nobody labels."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.event_lists import event_list
from onrecall.benchmarks.example_tasks import _terse_title, example_tasks
from onrecall.benchmarks.public_text import (
    MIN_CHARS,
    HistoryReport,
    PublicPage,
    PublicText,
    read_public_text,
)
from onrecall.benchmarks.question_forms import bare_name, misspelt
from onrecall.benchmarks.task_pairs import PublicTask, hash_id, rephrase_task, sample_questions, task_from_pairs

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
    drawn = sorted(public.task.queries, key=lambda query: hash_id(query.id))[:SMALL_QUESTIONS]
    for start in range(0, len(drawn), SMALL_SIZE):
        queries = drawn[start : start + SMALL_SIZE]
        right = {document for query in queries for document in public.task.right.get(query.id, ())}
        wrong_documents = sorted(
            (entry for entry in public.task.corpus if entry.id not in right), key=lambda entry: hash_id(entry.id)
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
    corpus = [
        {"_id": entry.id, "title": entry.title, "text": entry.text}
        | ({"metadata": {"kind": "incident"}} if entry.is_incident else {})
        for entry in task.corpus
    ]
    _write_lines(place / "corpus.jsonl", corpus)
    _write_lines(place / "queries.jsonl", queries)
    _write_lines(place / "qrels.jsonl", judged)


def _write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _tasks_as_given(text: PublicText) -> Iterator[PublicTask]:
    for task in text.tasks:
        kind = next((kind for part, kind in GIVEN_KINDS.items() if part in task.name), "alert text")
        if kind == "duplicate report":
            yield from _given_reports(_of_incidents(task))
            continue
        yield PublicTask(task, kind, "runbooks")
        if "noname" in task.name:
            yield PublicTask(rephrase_task(task, f"{task.name}_misspelt", misspelt), "misspelt", "runbooks")
            yield PublicTask(rephrase_task(task, f"{task.name}_terse", _terse_title), "terse", "runbooks")


def _given_reports(task: Task) -> Iterator[PublicTask]:
    yield PublicTask(task, "duplicate report", "reports")
    yield PublicTask(rephrase_task(task, f"{task.name}_terse", _terse_title), "terse", "reports")


def _of_incidents(task: Task) -> Task:
    """The task with its reports as incidents; one without a title can't be any."""
    return replace(task, corpus=tuple(replace(entry, is_incident=bool(entry.title.strip())) for entry in task.corpus))


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
    yield PublicTask(task_from_pairs("runbooks_output_to_page", entries, blocks), "log lines", "runbooks")


def _event_lists(pages: Sequence[PublicPage]) -> Task:
    """A long list of events, in which some lines of the diagnosis stand, asks for what means and mitigates them."""
    entries, questions = [], []
    for page in pages:
        telling = _diagnosis_lines(page)
        if telling and {"meaning", "mitigation"} <= page.sections.keys():
            entries.append(CorpusDocument(page.id, "", f"{page.sections['meaning']}\n\n{page.sections['mitigation']}"))
            headline = page.sections.get("impact", telling[0]).split("\n\n")[0]
            questions.append((page.id, event_list(" ".join(headline.split()), telling[:TELLING_LINES])))
    return task_from_pairs("runbooks_events_to_page", entries, questions)


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
    drawn = {name for name, _ in sample_questions([(query.id, "") for query in queries])}
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
    return task_from_pairs(name, entries, questions)


def _from_reports(text: PublicText) -> Iterator[PublicTask]:
    reports = [report for report in text.reports if len(report.text) >= MIN_CHARS]
    bodies = [CorpusDocument(report.id, "", report.text) for report in reports]
    titles = [(report.id, report.title) for report in reports if len(report.title.split()) >= MIN_WORDS]
    yield PublicTask(task_from_pairs("reports_title_to_text", bodies, titles), "title to text", "reports")
    halves = [(report, *_halves(report.text)) for report in reports if len(report.text.split()) >= 4 * MIN_WORDS]
    remainders = [CorpusDocument(report.id, "", second) for report, _, second in halves]
    opening = [(report.id, f"{report.title}\n{first}") for report, first, _ in halves]
    yield PublicTask(
        task_from_pairs("reports_first_lines_to_rest", remainders, opening), "first lines to rest", "reports"
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
    entries = [CorpusDocument(report.id, report.title, report.text, is_incident=True) for report in reports]
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
    yield PublicTask(task_from_pairs("postmortems_title_to_text", remainders, titles), "title to text", "postmortems")
    yield PublicTask(
        task_from_pairs("postmortems_summary_to_rest", remainders, summaries), "first lines to rest", "postmortems"
    )


def _from_alerts(text: PublicText) -> Iterator[PublicTask]:
    for task in text.foreign:
        split = [(query.id, *query.text.partition("\n")[::2]) for query in task.queries]
        described = [(name, title, body) for name, title, body in split if len(body) >= MIN_CHARS]
        entries = [CorpusDocument(name, "", body) for name, _, body in described]
        names = [(name, bare_name(title)) for name, title, _ in described]
        yield PublicTask(task_from_pairs(f"{task.name}_name_to_description", entries, names), "bare name", "alerts")
        entries = [CorpusDocument(name, "", title) for name, title, _ in described]
        bodies = [(name, body) for name, _, body in described]
        yield PublicTask(task_from_pairs(f"{task.name}_description_to_name", entries, bodies), "alert text", "alerts")
