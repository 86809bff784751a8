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

from onrecall.bootstrap.status import StatusReport
from onrecall.cli.terminal import complain, err, inert
from onrecall.domain import markdown_page as page
from onrecall.domain.alert import AlertLink
from onrecall.domain.incident import CitedSentence, Confidence, Document, Evidence, Incident, Recommendation, Step
from onrecall.domain.suggestion import Suggestion
from onrecall.pipeline.cause_families import CauseOverview
from onrecall.pipeline.import_history import ImportReport
from onrecall.pipeline.second_opinion import SecondOpinion
from onrecall.schemas.incidents import DocumentOut, IncidentOut, Out
from onrecall.schemas.suggestions import SuggestionOut

if TYPE_CHECKING:
    from onrecall.cli.import_history import MappingFile

VERDICT = {"known": "bold green", "similar": "bold yellow", "never_seen": "bold magenta"}
VERDICT_WORDS = {"known": "KNOWN", "similar": "SIMILAR", "never_seen": "NEVER SEEN"}
RISK = {"read_only": "green", "reversible": "cyan", "disruptive": "yellow", "destructive": "bold red"}
STATE = {"ok": "green", "degraded": "yellow", "down": "bold red"}
OBEYED = ("Cc", "Cf", "Cs")
REJECTED_SHOWN = 20

out = Console(highlight=False, soft_wrap=True)


def say(*parts: str | tuple[str, str], indent: int = 0) -> None:
    """Print one line of plain and styled parts."""
    line = Text(" " * indent)
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        line.append(inert(words), style)
    out.print(line)


def recommendation(answer: Recommendation, opinion: SecondOpinion | None = None) -> None:
    """An answer: verdict, cause, trust, steps with receipts, what did not help, evidence, and a second opinion."""
    say((VERDICT_WORDS[answer.verdict], VERDICT[answer.verdict]), f"  {answer.verdict_reason}")
    if answer.cause:
        where = answer.cause_citation
        cited = (f"  ({where.id}, line {where.line})", "dim") if where else ""
        say(("cause       ", "dim"), answer.cause, cited)
    say(("confidence  ", "dim"), trust(answer.confidence, answer.confidence_reason))
    for one in answer.explanation:
        _said(one)
    if answer.steps:
        say()
    for step in answer.steps:
        _step(step, first_safe=step.n == answer.first_safe_step)
    _doubts(answer)
    _unsettled(answer)
    if answer.evidence:
        say(("\nnearest misses" if answer.verdict == "never_seen" else "\nseen before", "bold"))
        evidence(answer.evidence)
    if opinion:
        _opinion(opinion)
    if answer.changed:
        say((f"\nchanged by a model: {', '.join(answer.changed)}", "dim"))
    by = f"{answer.composer}, {answer.model}, {answer.route_reason}" if answer.model else answer.composer
    say((f"\n{by}, {answer.latency_ms.total:.0f} ms", "dim"))


def _opinion(opinion: SecondOpinion) -> None:
    """What another memory finds; apart from our evidence, with its own measure."""
    say(("\nsecond opinion", "bold"), f"  {opinion.source}, bank {opinion.bank}")
    if opinion.state != "ok":
        say((f"none: {opinion.detail}", "yellow"), indent=2)
    elif not opinion.matches:
        say(("it finds nothing that was over by then", "dim"), indent=2)
    for match in opinion.matches:
        named = match.incident or match.document_id
        say((f"{match.semantic:.2f} ", "dim"), (named, "bold"), f"  {match.title or ''}", indent=2)
    if opinion.agrees is not None:
        word = "the same" if opinion.agrees else "another"
        say((f"it names {word} incident first", "dim"), indent=2)


def _doubts(answer: Recommendation) -> None:
    if answer.tried_before:
        say(("\ntried before, did not help", "bold"))
    for tried in answer.tried_before:
        where = f"  ({page.OUTCOME_WORDS[tried.outcome]}; {tried.citation.id}, line {tried.citation.line})"
        say(f"✗ {tried.text}", (where, "dim"), indent=2)
    if answer.alternatives:
        say(("\nit could also be", "bold"))
    for other in answer.alternatives:
        say(f"{other.cause}", (f"  ({', '.join(other.evidence)})", "dim"), indent=2)
        for sign in other.tell_apart:
            say(f"· {sign}", indent=4)
    if answer.tell_apart:
        say(("\nwhat would tell", "bold"))
    for sign in answer.tell_apart:
        say(f"· {sign}", indent=2)


def _unsettled(answer: Recommendation) -> None:
    """What goes on now, and what senders suggest: neither is a precedent."""
    for other in answer.ongoing:
        state = (
            other.status
            if other.status == "resolved"
            else f"{other.status} since {other.started_at:%Y-%m-%d %H:%M} UTC"
        )
        say(("\ngoing on now: ", "bold"), (other.id, "bold"), f"  {other.title}", (f"  ({state})", "dim"))
    if answer.suggestions:
        say(("\nsuggested, not confirmed", "bold"))
    for suggestion in answer.suggestions:
        text = suggestion.excerpt.text if suggestion.excerpt else ""
        say((f"{suggestion.id}  ", "dim"), suggestion.title, (f"  by {suggestion.suggested_by}", "dim"), indent=2)
        say((" ".join(text.split())[:300], "dim"), indent=4)


def _said(one: CitedSentence, indent: int = 0) -> None:
    """A model's sentence with its receipts."""
    where = ", ".join(f"{line.id}, line {line.line}" for line in one.citations)
    say(("model: ", "dim"), one.text, (f"  ({where})", "dim"), indent=indent)


def trust(confidence: Confidence | None, reason: str | None) -> str:
    """How far to trust it, as a frequency, or why that is not known; what is counted on public data says so."""
    if confidence is None:
        return reason or "not measured yet"
    low, high = round(confidence.low * 100), round(confidence.high * 100)
    public = f" on public data; {reason}" if confidence.basis == "public" else ""
    return f"right {confidence.right} of {confidence.of} times at this level ({low}–{high} %){public}"


def _step(step: Step, *, first_safe: bool) -> None:
    mark = ("  first safe step", "bold green") if first_safe else ""
    risk = (f"[{step.risk.replace('_', ' ')}]", RISK[step.risk])
    say((f"{step.n}. ", "bold"), step.text, "  ", risk, mark, indent=2)
    if step.precondition:
        say(("before: ", "dim"), step.precondition, indent=5)
    if step.command and step.command not in step.text:
        for number, row in enumerate(step.command.splitlines()):
            say((f"  {row}" if number else f"$ {row}", "bold cyan"), indent=5)
    if step.rollback:
        say(("undo: ", "dim"), step.rollback, indent=5)
    record = f", worked {step.record.worked} of {step.record.tried}" if step.record.tried else ""
    say((f"{step.citation.id}, line {step.citation.line}{record}", "dim"), indent=5)
    if step.why:
        _said(step.why, indent=5)
    if step.old_values:
        say((f"‹…› are values of that incident, not of yours: {', '.join(step.old_values)}", "yellow"), indent=5)
    if step.stale:
        say((f"may be stale: {step.stale}", "yellow"), indent=5)


def evidence(found: Sequence[Evidence]) -> None:
    """What was seen before, best first, and why it matched."""
    if not found:
        say("nothing like this was seen before")
    for one in found:
        more = f"  (and {len(one.family)} more of its family: {', '.join(one.family)})" if one.family else ""
        undated = "  undated" if one.document is not None and one.dated is None else ""
        say((f"{one.score:.2f} ", "dim"), (one.id, "bold"), f"  {one.title}", (more + undated, "dim"), indent=2)
        for reason in one.why:
            say((f"· {reason}", "dim"), indent=7)


def opened(incident: Incident, created: bool, answer: Recommendation) -> None:
    """A new incident and its answer."""
    say(f"{incident.id} {'opened' if created else 'was already open'}: {incident.title}\n")
    recommendation(answer)


def resolved(incident: Incident) -> None:
    """What was learned."""
    say(f"{incident.id} is resolved and can be recalled from now on")
    for link in incident.links:
        say(f"it is a {link.kind} of {link.incident}", indent=2)


def brought(report: ImportReport, *, dry_run: bool = False) -> None:
    """What became of an import."""
    created = "would create" if dry_run else "created"
    counts = f"updated {report.updated}, unchanged {report.unchanged}, rejected {len(report.rejected)}"
    say(f"{created} {report.created}, {counts}")
    unused = [str(fields) for fields in report.unused]
    _notes(unused)
    _notes([note for note in report.notes if note not in unused])
    for flaw in report.quality.findings:
        some = ", ".join(flaw.examples)
        say(
            (f"quality: {flaw.count} of {report.quality.incidents} incidents: {flaw.meaning} ({some})", "dim"), indent=2
        )
    for one in report.rejected[:REJECTED_SHOWN]:
        complain(f"  {one.where}: {one.field + ': ' if one.field else ''}{one.message}")
    if len(report.rejected) > REJECTED_SHOWN:
        complain(f"  … and {len(report.rejected) - REJECTED_SHOWN} more; --json lists them all")


def cause_labels(found: CauseOverview) -> None:
    """How many root causes have a label, where families wait for one."""
    if found.proposed:
        say((f"{found.summary}: onrecall causes list", "dim"))


def mapping_file(file: "MappingFile") -> None:
    """A suggested mapping file, and how to use it."""
    say(file.suggestion.text.rstrip("\n"))
    if file.written:
        complain(f"written to {file.path}; look it over, then import with --mapping {file.path}")
    else:
        complain(f"{file.path} is there already and was left as it is")


def _notes(notes: Sequence[str]) -> None:
    for note in notes[:REJECTED_SHOWN]:
        say((f"note: {note}", "dim"), indent=2)
    if len(notes) > REJECTED_SHOWN:
        say((f"… and {len(notes) - REJECTED_SHOWN} more notes; --json lists them all", "dim"), indent=2)


def exported(folder: Path, counts: Mapping[str, int]) -> None:
    """What was written."""
    say(f"wrote {sum(counts.values())} rows to {folder}")


def page_of(thing: Incident | Document | Suggestion, marked: int | None, links: Sequence[AlertLink] = ()) -> None:
    """Print an incident or document with line numbers, the lines of its postmortem, and the links of its alerts."""
    for line in page.lines(thing):
        say((f"{line.number:>4} ", "dim"), (line.text, "reverse" if line.number == marked else ""))
    for link in links:
        say((f"{link.kind:>9} ", "dim"), link.url)
    if isinstance(thing, Incident) and thing.document:
        _report(thing)


def _report(incident: Incident) -> None:
    """The document that tells of an incident, and the line of each field in it."""
    say((f"\ntold in {incident.document}", "bold"))
    said = incident.resolution
    cause = {"root cause": said.root_cause_line} if said else {}
    steps = {f"step {n}": step.line for n, step in enumerate(said.steps, start=1)} if said else {}
    named = {name.replace("_", " "): line for name, line in incident.lines.items() if name != "root_cause"}
    for name, line in (named | cause | steps).items():
        if line is not None:
            say((f"{name:<12}", "dim"), f"line {line}")


def as_json(thing: Incident | Document | Suggestion, links: Sequence[AlertLink] = ()) -> dict[str, Any]:
    """The thing and its page as JSON-ready data."""
    shapes: Mapping[type, type[Out]] = {Incident: IncidentOut, Document: DocumentOut, Suggestion: SuggestionOut}
    plain = shapes[type(thing)].model_validate(thing).plain()
    if isinstance(thing, Incident):
        plain["alert_links"] = [{"url": link.url, "kind": link.kind} for link in links]
    return plain | {"page": [line.text for line in page.lines(thing)]}


def doctor(
    report: StatusReport, settings: Mapping[str, str], problems: Sequence[str], warnings: Sequence[str] = ()
) -> None:
    """Every part, every setting, every warning, every problem."""
    for part in report.parts:
        say((f"{part.state:<9}", STATE[part.state]), f"{part.name:<9}{part.detail}")
    for warning in warnings:
        complain(f"WARNING: {warning}")
    for problem in problems:
        complain(f"problem: {problem}")
    say()
    widest = max(map(len, settings), default=0)
    for name, value in settings.items():
        say((f"{name:<{widest}}  ", "dim"), value or "(not set)")


def bench_recall(report: Mapping[str, Any]) -> None:
    """The table of a recall benchmark."""
    table = Table(title=f"{report['task']}: {report['queries']} queries, {report['documents']} documents")
    for column in ("system", "nDCG@10", "95 %", "recall@1", "recall@3", "recall@10", "MRR"):
        table.add_column(column, justify="left" if column == "system" else "right")
    for one in report["systems"]:
        values = (one["recall_at_1"], one["recall_at_3"], one["recall_at_10"], one["mrr"])
        table.add_row(
            one["name"],
            f"{one['ndcg_at_10']:.3f}",
            f"{one['low']:.3f}–{one['high']:.3f}",
            *(f"{v:.3f}" for v in values),
        )
    out.print(table)
    for test in report["tests"]:
        difference = f"{test['difference']:+.3f} ({test['low']:+.3f} to {test['high']:+.3f})"
        say(f"{test['better']} against {test['than']}: {difference} nDCG@10, p = {test['p']:.4f}", indent=2)
    if report["answers"]:
        _bench_answers(report["answers"], report["novelty"])


def _bench_answers(answers: Mapping[str, Any], novelty: Mapping[str, float | None]) -> None:
    """What the first answers are worth, in lines."""
    shown = {name: "not measured" if value is None else f"{value:.3f}" for name, value in answers.items()}
    others = ", ".join(f"{name} {value:.3f}" for name, value in novelty.items() if value is not None)
    say(f"first answer right {shown['right']}; its probability: AUROC {shown['auroc']}, ECE {shown['ece']}", indent=2)
    say(f"known {shown['known']}, of these right {shown['known_right']}; right but missed {shown['missed']}", indent=2)
    say(
        f"right ones taken out: still known {shown['removed_known']}, similar or known {shown['removed_similar']}; "
        f"AUROC by match {shown['novelty_by_match']}, by probability {shown['novelty_by_probability']} ({others})",
        indent=2,
    )


def bench_speed(report: Mapping[str, Any]) -> None:
    """The tables of a speed benchmark."""
    title = f"{report['machine']}, {report['processors']} processors, {report['questions']} questions"
    asked = Table("engine", "passages", "asked of", "p50 ms", "p95 ms", "p99 ms", "cpu ms", "hit@10", title=title)
    kept = Table("engine", "passages", "build s", "cold ms", "start ms", "memory MB", "disk MB", "adds/s", "load")
    for one in report["results"]:
        name = (one["engine"], f"{one['passages']:,}")
        for row in one["series"]:
            times = (f"{row[column]:.0f}" for column in ("p50", "p95", "p99", "cpu"))
            asked.add_row(*name, row["mode"], *times, f"{row['hit_at_10']:.3f}")
        told = (one[column] for column in ("build_s", "cold_ms", "start_ms", "memory_mb", "disk_mb", "singles_per_s"))
        load = "–".join(f"{value:.0f}" for value in one["load"]) if one["complete"] else "stopped"
        kept.add_row(*name, *("" if value is None else f"{value:.0f}" for value in told), load)
    out.print(asked)
    out.print(kept)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, plain lines elsewhere; yields how to advance it."""
    if not sys.stderr.isatty():
        yield _lines(what, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(what, total=total)
        yield lambda n: bar.advance(task, n)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage on a terminal, nothing elsewhere; yields how to tell (stage, done, of)."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as bar:
        tasks: dict[str, TaskID] = {}

        def say(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=of)
            bar.update(tasks[stage], completed=done)

        yield say


def _lines(what: str, total: int | None) -> Callable[[int], None]:
    done = 0
    said = 0

    def advance(n: int) -> None:
        nonlocal done, said
        done += n
        if done - said >= 1000:
            said = done
            print(f"{what}: {done}{f' of {total}' if total else ''}", file=sys.stderr, flush=True)  # noqa: T201

    return advance
