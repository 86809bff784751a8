"""What people read on a terminal. Text from memory is data: shown, never interpreted as markup or control codes."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from onrecall.cli.terminal import err
from onrecall.domain import markdown_page as page
from onrecall.domain.alert import AlertLink
from onrecall.domain.control_characters import strip_control_characters
from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.domain.suggestion import Suggestion

if TYPE_CHECKING:
    from onrecall.pipeline.cause_families import CauseOverview

out = Console(highlight=False, soft_wrap=True)


def print_line(*parts: str | tuple[str, str], indent: int = 0) -> None:
    """Print one line of plain and styled parts."""
    line = Text(" " * indent)
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        line.append(strip_control_characters(words), style)
    out.print(line)


@contextmanager
def reported_interrupt() -> Iterator[None]:
    """End what runs inside at Ctrl-C with a word instead of a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        print_line("stopped")


def print_resolved(incident: Incident) -> None:
    """Print a resolved incident."""
    print_line(f"{incident.id} is resolved; answers use it from now on")
    for link in incident.links:
        print_line(f"it is a {link.kind} of {link.incident}", indent=2)


def print_cause_summary(overview: "CauseOverview") -> None:
    """Print how many root causes have a label, if families wait for one."""
    if overview.proposed:
        print_line((f"{overview.summary}: onrecall causes list", "dim"))


def print_exported(folder: Path, counts: Mapping[str, int]) -> None:
    """Print what was exported."""
    print_line(f"wrote {count_noun(sum(counts.values()), 'row')} to {folder}")


def print_page(record: Incident | Document | Suggestion, marked: int | None, links: Sequence[AlertLink] = ()) -> None:
    """Print an incident or document with the line numbers that citations use, and the links of its alerts.

    What a document reports is cited by the document's lines: they stand at the lines of its incident's page.
    """
    cited = page.document_lines(record) if isinstance(record, Incident) else {}
    for line in page.numbered_lines(record):
        number = cited.get(line.number, line.number if not cited or line.step is not None else "")
        print_line((f"{number:>4} ", "dim"), (line.text, "reverse" if number == marked else ""))
    for link in links:
        print_line((f"{link.kind:>9} ", "dim"), link.url)
    if isinstance(record, Incident) and record.document:
        _print_report_lines(record)


def _print_report_lines(incident: Incident) -> None:
    """Print which document the line numbers are of, and the lines of the fields that the page does not show."""
    print_line((f"\nreported in {incident.document}, whose line numbers these are", "bold"))
    for name in ("started_at", "resolved_at", "severity", "service", "environment"):
        if (line := incident.lines.get(name)) is not None:
            print_line((f"{name.replace('_', ' '):<12}", "dim"), f"line {line}")


@contextmanager
def progress_bar(task_name: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal, plain lines elsewhere; yields a function that advances it."""
    if not sys.stderr.isatty():
        yield _plain_progress(task_name, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(task_name, total=total)
        yield lambda n: bar.advance(task, n)


@contextmanager
def stage_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each stage on a terminal, nothing elsewhere; yields a function for (stage, done, of)."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, completed: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=of)
            bar.update(tasks[stage], completed=completed)

        yield advance


def _plain_progress(task_name: str, total: int | None) -> Callable[[int], None]:
    completed = 0
    last_printed = 0

    def advance(n: int) -> None:
        nonlocal completed, last_printed
        completed += n
        if completed - last_printed >= 1000:
            last_printed = completed
            print(f"{task_name}: {completed}{f' of {total}' if total else ''}", file=sys.stderr, flush=True)  # noqa: T201

    return advance
