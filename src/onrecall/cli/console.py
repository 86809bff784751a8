"""What people read on a terminal. Text from memory is data: shown, never interpreted as markup or control codes."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from onrecall.cli.terminal import err, inert, print_error
from onrecall.domain import markdown_page as page
from onrecall.domain.alert import AlertLink
from onrecall.domain.confidence_sentence import confidence_sentence
from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.evidence import MIN_SHOWN_MATCH, Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import CitedSentence, DiagnosticCheck, Recommendation, Step
from onrecall.domain.suggestion import Suggestion
from onrecall.recommendation.imperative import to_imperative

if TYPE_CHECKING:
    from onrecall.cli.import_history import MappingFile
    from onrecall.pipeline.cause_families import CauseOverview
    from onrecall.pipeline.import_history import ImportReport
    from onrecall.pipeline.second_opinion import SecondOpinion

VERDICT_STYLES = {"known": "bold green", "similar": "bold yellow", "never_seen": "bold magenta"}
VERDICT_WORDS = {"known": "KNOWN", "similar": "SIMILAR", "never_seen": "NEVER SEEN"}
RISK_STYLES = {"read_only": "green", "reversible": "cyan", "disruptive": "yellow", "destructive": "bold red"}
OBEYED = ("Cc", "Cf", "Cs")
REJECTED_SHOWN = 20

out = Console(highlight=False, soft_wrap=True)


def print_line(*parts: str | tuple[str, str], indent: int = 0) -> None:
    """Print one line of plain and styled parts."""
    line = Text(" " * indent)
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        line.append(inert(words), style)
    out.print(line)


def confidence_heading(answer: Recommendation) -> str:
    """Return the heading of the line on trust: `never_seen` has rates of the nearest record, and no confidence."""
    return "confidence  " if answer.nearest_rates is None else "trust       "


def print_recommendation(answer: Recommendation, opinion: "SecondOpinion | None" = None) -> None:
    """Print an answer: verdict, cause, trust, steps with citations, failed steps, evidence, and a second opinion."""
    print_line((VERDICT_WORDS[answer.verdict], VERDICT_STYLES[answer.verdict]), f"  {answer.verdict_reason}")
    if answer.cause:
        where = answer.cause_citation
        cited = (f"  ({where.id}, line {where.line})", "dim") if where else ""
        print_line(("cause       ", "dim"), answer.cause, cited)
    print_line((confidence_heading(answer), "dim"), confidence_sentence(answer))
    for sentence in answer.explanation:
        _print_cited_sentence(sentence)
    if answer.steps:
        print_line()
    for step in answer.steps:
        _print_step(step, first_safe=step.n == answer.first_safe_step)
    _print_checks(answer)
    _print_doubts(answer)
    _print_unsettled(answer)
    if answer.evidence:
        print_line(("\nnearest misses" if answer.verdict == "never_seen" else "\nseen before", "bold"))
        _ranked(answer.evidence)
    if opinion:
        _print_opinion(opinion)
    if answer.changed:
        print_line((f"\nchanged by a model: {', '.join(answer.changed)}", "dim"))
    by = f"{answer.composer}, {answer.model}, {answer.route_reason}" if answer.model else answer.composer
    print_line((f"\n{by}, {answer.latency_ms.total:.0f} ms", "dim"))


def _print_opinion(opinion: "SecondOpinion") -> None:
    """Print the matches of another memory, with its own scores, apart from our evidence."""
    print_line(("\nsecond opinion", "bold"), f"  {opinion.source}, bank {opinion.bank}")
    if opinion.state != "ok":
        print_line((f"none: {opinion.detail}", "yellow"), indent=2)
    elif not opinion.matches:
        print_line(("it finds no incident that was resolved by then", "dim"), indent=2)
    for match in opinion.matches:
        record_id = match.incident or match.document_id
        print_line((f"{match.semantic:.2f} ", "dim"), (record_id, "bold"), f"  {match.title or ''}", indent=2)
    if opinion.agrees is not None:
        word = "the same" if opinion.agrees else "another"
        print_line((f"its best match is {word} incident", "dim"), indent=2)


def _print_checks(answer: Recommendation) -> None:
    """Print what to look at next, and the numbers of what else was checked last time and nobody marked yet."""
    if answer.next_check:
        print_next_check(answer.next_check)
    if rest := [check for check in answer.unchecked if check != answer.next_check]:
        numbers = ", ".join(str(check.n) for check in rest)
        print_line((f"checked last time, not yet checked now: step{'s' * (len(rest) > 1)} {numbers}", "dim"))


def print_next_check(check: DiagnosticCheck, indent: int = 0) -> None:
    """Print a check with its command, where it stands and why to make it."""
    where = (f"  ({check.citation.id}, line {check.citation.line})", "dim")
    lead = f"step {check.n}: " if check.from_precedent else ""
    print_line(
        ("\ncheck next  " if not indent else "check next  ", "bold"),
        lead + to_imperative(check.text),
        where,
        indent=indent,
    )
    for row in (check.command or "").splitlines():
        print_line((f"$ {row}", "bold cyan"), indent=indent + 4)
    print_line((check.reason, "dim"), indent=indent + 4)


def _print_doubts(answer: Recommendation) -> None:
    if answer.tried_before:
        print_line(("\ntried before, did not help", "bold"))
    for tried in answer.tried_before:
        worse = f"{page.OUTCOME_WORDS[tried.outcome]}; " if tried.outcome == "made_it_worse" else ""
        where = f"  ({worse}{tried.citation.id}, line {tried.citation.line})"
        print_line(f"✗ {tried.text}", (where, "dim"), indent=2)
    if answer.alternatives:
        print_line(("\nother possible causes", "bold"))
    for alternative in answer.alternatives:
        print_line(f"{alternative.cause}", (f"  ({', '.join(alternative.evidence)})", "dim"), indent=2)
        for sign in alternative.tell_apart:
            print_line(f"· {sign}", indent=4)
    if answer.tell_apart:
        print_line(("\nhow to tell them apart", "bold"))
    for sign in answer.tell_apart:
        print_line(f"· {sign}", indent=2)


def _print_unsettled(answer: Recommendation) -> None:
    """Print ongoing incidents and suggestions of senders, which are not precedents."""
    for incident in answer.ongoing:
        state = (
            incident.status
            if incident.status == "resolved"
            else f"{incident.status} since {incident.started_at:%Y-%m-%d %H:%M} UTC"
        )
        print_line(("\ngoing on now: ", "bold"), (incident.id, "bold"), f"  {incident.title}", (f"  ({state})", "dim"))
    if answer.service_incidents:
        print_line(("\nother incidents of this service, no match", "bold"))
    for other in answer.service_incidents:
        when = f"  ({other.service}, {other.status}, began {other.started_at:%Y-%m-%d})"
        print_line((f"{other.id}  ", "dim"), other.title, (when, "dim"), indent=2)
    if answer.suggestions:
        print_line(("\nsuggested, not confirmed", "bold"))
    for suggestion in answer.suggestions:
        text = suggestion.excerpt.text if suggestion.excerpt else ""
        print_line(
            (f"{suggestion.id}  ", "dim"), suggestion.title, (f"  by {suggestion.suggested_by}", "dim"), indent=2
        )
        print_line((" ".join(text.split())[:300], "dim"), indent=4)


def _print_cited_sentence(sentence: CitedSentence, indent: int = 0) -> None:
    """Print a model's sentence with its citations."""
    where = ", ".join(f"{line.id}, line {line.line}" for line in sentence.citations)
    print_line(("model: ", "dim"), sentence.text, (f"  ({where})", "dim"), indent=indent)


def _print_step(step: Step, *, first_safe: bool) -> None:
    mark = ("  first safe step", "bold green") if first_safe else ""
    risk = (f"[{step.risk.replace('_', ' ')}]", RISK_STYLES[step.risk])
    print_line((f"{step.n}. ", "bold"), step.text, "  ", risk, mark, indent=2)
    if step.precondition:
        print_line(("before: ", "dim"), step.precondition, indent=5)
    if step.command and step.command not in step.text:
        for number, row in enumerate(step.command.splitlines()):
            print_line((f"  {row}" if number else f"$ {row}", "bold cyan"), indent=5)
    if step.rollback:
        print_line(("undo: ", "dim"), step.rollback, indent=5)
    record = f", worked {step.record.worked} of {step.record.tried}" if step.record.tried else ""
    print_line((f"{step.citation.id}, line {step.citation.line}{record}", "dim"), indent=5)
    if step.why:
        _print_cited_sentence(step.why, indent=5)
    if step.old_values:
        print_line((f"‹…› are values of that incident, not of yours: {', '.join(step.old_values)}", "yellow"), indent=5)
    if step.stale:
        print_line((f"may be stale: {step.stale}", "yellow"), indent=5)


def print_evidence(matches: Sequence[Evidence]) -> None:
    """Print matches, best first, with reasons."""
    if not any(match.score >= MIN_SHOWN_MATCH for match in matches):
        print_line("nothing like this was seen before")
    _ranked(matches)


def _ranked(matches: Sequence[Evidence]) -> None:
    """Print matches, best first; those that say nothing are only counted."""
    shown = [match for match in matches if match.score >= MIN_SHOWN_MATCH]
    for match in shown:
        more = f"  (and {len(match.family)} more of its family: {', '.join(match.family)})" if match.family else ""
        undated = "  undated" if match.document is not None and match.dated is None else ""
        print_line(
            (f"{match.score:.2f} ", "dim"), (match.id, "bold"), f"  {match.title}", (more + undated, "dim"), indent=2
        )
        for reason in match.why:
            print_line((f"· {reason}", "dim"), indent=7)
    if omitted := len(matches) - len(shown):
        print_line(
            (f"{omitted}{' more' if shown else ''} with a match below {MIN_SHOWN_MATCH} not shown", "dim"), indent=2
        )


def print_opened(incident: Incident, created: bool, answer: Recommendation) -> None:
    """Print a new incident and its answer."""
    print_line(f"{incident.id} {'opened' if created else 'was already open'}: {incident.title}\n")
    print_recommendation(answer)


def print_resolved(incident: Incident) -> None:
    """Print a resolved incident."""
    print_line(f"{incident.id} is resolved; answers use it from now on")
    for link in incident.links:
        print_line(f"it is a {link.kind} of {link.incident}", indent=2)


def print_import_report(report: "ImportReport", *, dry_run: bool = False) -> None:
    """Print the report of an import."""
    created = "would create" if dry_run else "created"
    counts = f"updated {report.updated}, unchanged {report.unchanged}, rejected {len(report.rejected)}"
    print_line(f"{created} {report.created}, {counts}")
    unused = [str(fields) for fields in report.unused]
    _print_notes(unused)
    _print_notes([note for note in report.notes if note not in unused])
    for flaw in report.quality.findings:
        examples = ", ".join(flaw.examples)
        print_line(
            (
                (
                    f"quality: {flaw.count} of {count_noun(report.quality.incidents, 'incident')}"
                    f": {flaw.meaning} ({examples})"
                ),
                "dim",
            ),
            indent=2,
        )
    for part in report.rejected[:REJECTED_SHOWN]:
        print_error(f"  {part.where}: {part.field + ': ' if part.field else ''}{part.message}")
    if len(report.rejected) > REJECTED_SHOWN:
        print_error(f"  … and {len(report.rejected) - REJECTED_SHOWN} more; --json lists them all")


def print_cause_summary(overview: "CauseOverview") -> None:
    """Print how many root causes have a label, if families wait for one."""
    if overview.proposed:
        print_line((f"{overview.summary}: onrecall causes list", "dim"))


def print_mapping_file(file: "MappingFile") -> None:
    """Print a suggested mapping file, and how to use it."""
    print_line(file.suggestion.text.rstrip("\n"))
    if file.written:
        print_error(f"written to {file.path}; review it, then import with --mapping {file.path}")
    else:
        print_error(f"{file.path} already exists and was not changed")


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes[:REJECTED_SHOWN]:
        print_line((f"note: {note}", "dim"), indent=2)
    if len(notes) > REJECTED_SHOWN:
        print_line(
            (f"… and {count_noun(len(notes) - REJECTED_SHOWN, 'more note')}; --json lists them all", "dim"), indent=2
        )


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


def print_recall_benchmark(report: Mapping[str, Any]) -> None:
    """Print the table of a recall benchmark."""
    table = Table(title=f"{report['task']}: {report['queries']} queries, {report['documents']} documents")
    for column in ("system", "nDCG@10", "95 %", "recall@1", "recall@3", "recall@10", "MRR"):
        table.add_column(column, justify="left" if column == "system" else "right")
    for system in report["systems"]:
        values = (system["recall_at_1"], system["recall_at_3"], system["recall_at_10"], system["mrr"])
        table.add_row(
            system["name"],
            f"{system['ndcg_at_10']:.3f}",
            f"{system['low']:.3f}–{system['high']:.3f}",
            *(f"{v:.3f}" for v in values),
        )
    out.print(table)
    for test in report["tests"]:
        difference = f"{test['difference']:+.3f} ({test['low']:+.3f} to {test['high']:+.3f})"
        print_line(f"{test['better']} against {test['than']}: {difference} nDCG@10, p = {test['p']:.4f}", indent=2)
    if report["answers"]:
        _print_answer_figures(report["answers"], report["novelty"])


def _print_answer_figures(answers: Mapping[str, Any], novelty: Mapping[str, float | None]) -> None:
    """Print the figures of first answers."""
    figures = {name: "not measured" if value is None else f"{value:.3f}" for name, value in answers.items()}
    others = ", ".join(f"{name} {value:.3f}" for name, value in novelty.items() if value is not None)
    print_line(
        f"first answer right {figures['right']}; its probability: AUROC {figures['auroc']}, ECE {figures['ece']}",
        indent=2,
    )
    print_line(
        f"known {figures['known']}, of these right {figures['known_right']}; right but missed {figures['missed']}",
        indent=2,
    )
    print_line(
        f"right ones taken out: still known {figures['removed_known']}, similar or known {figures['removed_similar']}; "
        f"AUROC by match {figures['novelty_by_match']}, by probability {figures['novelty_by_probability']} ({others})",
        indent=2,
    )


def print_speed_benchmark(report: Mapping[str, Any]) -> None:
    """Print the tables of a speed benchmark."""
    title = f"{report['machine']}, {report['processors']} processors, {report['questions']} questions"
    questions = Table("engine", "passages", "asked of", "p50 ms", "p95 ms", "p99 ms", "cpu ms", "hit@10", title=title)
    storage = Table("engine", "passages", "build s", "cold ms", "start ms", "memory MB", "disk MB", "adds/s", "load")
    for result in report["results"]:
        name = (result["engine"], f"{result['passages']:,}")
        for row in result["series"]:
            times = (f"{row[column]:.0f}" for column in ("p50", "p95", "p99", "cpu"))
            questions.add_row(*name, row["mode"], *times, f"{row['hit_at_10']:.3f}")
        measured = (
            result[column] for column in ("build_s", "cold_ms", "start_ms", "memory_mb", "disk_mb", "singles_per_s")
        )
        load = "–".join(f"{value:.0f}" for value in result["load"]) if result["complete"] else "stopped"
        storage.add_row(*name, *("" if value is None else f"{value:.0f}" for value in measured), load)
    out.print(questions)
    out.print(storage)


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
