"""A retrieval task made of pairs of texts: the right document of a question is the one that it was taken from."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task

MAX_QUESTIONS = 150
"""Questions of a task at most, drawn by the hash of their ids."""


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


def task_from_pairs(name: str, entries: Sequence[CorpusDocument], questions: Sequence[tuple[str, str]]) -> Task:
    """A task where the right document of each question is the one that its text was taken from."""
    corpus_ids = {entry.id for entry in entries if entry.text.strip()}
    queries = [
        BeirQuery(document, text)
        for document, text in sample_questions(questions)
        if document in corpus_ids and text.strip()
    ]
    corpus = tuple(entry for entry in entries if entry.id in corpus_ids)
    return Task(name, corpus, tuple(queries), {question.id: {question.id: 1.0} for question in queries})


def sample_questions(questions: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """At most so many questions, the same every time, whatever the order of files."""
    by_hash = sorted(questions, key=lambda question: hash_id(question[0]))
    return sorted(by_hash[:MAX_QUESTIONS])


def hash_id(name: str) -> bytes:
    """Return what the questions of a task are drawn by: the same every time, whatever the order of files."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def rephrase_task(task: Task, name: str, rephrase: Callable[[str], str]) -> Task:
    rephrased = [replace(query, text=rephrase(query.text)) for query in task.queries]
    return replace(task, name=name, queries=tuple(query for query in rephrased if query.text.strip()))
