"""Public text as it lies in a folder: Markdown pages, dated reports, alerts, tasks in BEIR form."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onrecall.benchmarks import beir
from onrecall.benchmarks.beir import Task
from onrecall.domain.errors import Invalid
from onrecall.domain.markdown import CodeBlock, Heading, parse

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
SECTION_LEVEL = 3
"""The deepest heading that begins a section."""
MIN_CHARS = 40
"""Characters of the shortest section or block that is worth asking with or for."""


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A Markdown page: its title, its text, and its sections by lower-case heading."""

    id: str
    title: str
    text: str
    sections: Mapping[str, str]

    @property
    def code_blocks(self) -> tuple[str, ...]:
        """What stands between fences: commands and their output."""
        return tuple(block.text.strip() for block in self._fences())

    def without_code(self) -> str:
        """The text with every fenced block taken out."""
        rows = self.text.splitlines()
        for block in reversed(self._fences()):
            del rows[block.line - 2 : block.line + len(block.text.splitlines())]
        return "\n".join(rows)

    def _fences(self) -> list[CodeBlock]:
        """The fenced blocks; one that nothing closes runs to the end of the page and is none."""
        last = len(self.text.splitlines())
        fences = [block for block in parse(self.text) if isinstance(block, CodeBlock) and block.fenced]
        return [block for block in fences if block.line + len(block.text.splitlines()) <= last]


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """One report of a chronological file; `duplicate_of` names an earlier one of the same defect."""

    id: str
    title: str
    text: str
    duplicate_of: str | None


@dataclass(frozen=True, slots=True)
class PublicText:
    """What a folder holds, in the order of file names."""

    runbooks: tuple[PublicPage, ...]
    postmortems: tuple[PublicPage, ...]
    reports: tuple[HistoryReport, ...]
    tasks: tuple[Task, ...]
    """Tasks with judgements."""
    foreign: tuple[Task, ...]
    """Tasks without judgements: nothing in any of the memories here answers them."""


def read_public_text(folder: Path) -> PublicText:
    """Read `runbooks*/`, `postmortems*/`, `history*.jsonl` and folders in BEIR form; what is absent is empty."""
    if not folder.is_dir():
        raise Invalid(f"there is no folder {folder}; name one that holds public text", "folder")
    tasks = [beir.read(path.parent) for path in sorted(folder.glob("*/corpus.jsonl"))]
    queries_only = [
        path for path in sorted(folder.glob("*/queries.jsonl")) if not path.with_name("corpus.jsonl").exists()
    ]
    public_text = PublicText(
        runbooks=tuple(_pages(folder, "runbooks*")),
        postmortems=tuple(_pages(folder, "postmortems*")),
        reports=tuple(report for path in sorted(folder.glob("history*.jsonl")) for report in _reports(path)),
        tasks=tuple(tasks),
        foreign=tuple(Task(path.parent.name, (), beir.read_queries(path), {}) for path in queries_only),
    )
    if not (public_text.runbooks or public_text.postmortems or public_text.reports or public_text.tasks):
        raise Invalid(
            f"{folder} holds neither runbooks*/, postmortems*/, history*.jsonl nor a task in BEIR form", "folder"
        )
    return public_text


def parse_page(name: str, text: str) -> PublicPage:
    """A page from Markdown; the title is the first heading, else the name."""
    body = _FRONT_MATTER.sub("", text.replace("\r\n", "\n").replace("\0", " ")).strip()
    rows = body.splitlines()
    headings = [block for block in parse(body) if isinstance(block, Heading) and block.level <= SECTION_LEVEL]
    title = headings[0].text if headings else name
    starts = [0, *(heading.line for heading in headings)]
    ends = [*(heading.line - 1 for heading in headings), len(rows)]
    names = ["", "", *(heading.text.lower() for heading in headings[1:])]
    sections: dict[str, list[str]] = {}
    for heading, start, end in zip(names, starts, ends, strict=False):
        sections.setdefault(heading, []).extend(rows[start:end])
    texts = {heading: "\n".join(lines).strip() for heading, lines in sections.items()}
    long_sections = {heading: section for heading, section in texts.items() if len(section) >= MIN_CHARS}
    return PublicPage(name, title, body, long_sections)


def _pages(folder: Path, pattern: str) -> Iterator[PublicPage]:
    for path in sorted(folder.glob(f"{pattern}/**/*.md")):
        page = parse_page(path.stem, path.read_text(encoding="utf-8"))
        if page.sections and not path.stem.startswith(("_index", "index", "template")):
            yield page


def _reports(path: Path) -> Iterator[HistoryReport]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row: dict[str, Any] = json.loads(line)
        if not isinstance(row.get("id"), str) or not isinstance(row.get("title"), str):
            raise Invalid(f"{path}:{number}: a report needs an id and a title", "id")
        description = row.get("description") or ""
        yield HistoryReport(row["id"], row["title"], str(description).replace("\0", " "), row.get("duplicate_of"))
