"""A recommendation and its evidence, as people read them on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onrecall.cli.console import print_line
from onrecall.domain import markdown_page as page
from onrecall.domain.confidence_sentence import confidence_sentence
from onrecall.domain.evidence import MIN_SHOWN_MATCH, Citation, Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import CitedSentence, DiagnosticCheck, Recommendation, Step
from onrecall.recommendation.imperative import to_imperative

if TYPE_CHECKING:
    from onrecall.pipeline.second_opinion import SecondOpinion

VERDICT_STYLES = {"known": "bold green", "similar": "bold yellow", "never_seen": "bold magenta"}
VERDICT_WORDS = {"known": "KNOWN", "similar": "SIMILAR", "never_seen": "NEVER SEEN"}
RISK_STYLES = {"read_only": "green", "reversible": "cyan", "disruptive": "yellow", "destructive": "bold red"}


def confidence_heading(answer: Recommendation) -> str:
    """Return the heading of the line on trust: `never_seen` has rates of the nearest record, and no confidence."""
    return "confidence  " if answer.nearest_rates is None else "trust       "


def print_recommendation(answer: Recommendation, opinion: "SecondOpinion | None" = None) -> None:
    """Print an answer: verdict, cause, trust, steps with citations, failed steps, evidence, and a second opinion."""
    print_line((VERDICT_WORDS[answer.verdict], VERDICT_STYLES[answer.verdict]), f"  {answer.verdict_reason}")
    if answer.cause:
        print_line(("cause       ", "dim"), answer.cause, _place(answer.cause_citation))
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
    _print_origin(answer)


def _place(citation: Citation | None) -> tuple[str, str]:
    return (f"  ({citation.id}, line {citation.line})" if citation else "", "dim")


def _print_origin(answer: Recommendation) -> None:
    """Print what made the answer, and how long it took."""
    if answer.changed:
        print_line((f"\nchanged by a model: {', '.join(answer.changed)}", "dim"))
    by = f"{answer.composer}, {answer.model}, {answer.route_reason}" if answer.model else answer.composer
    print_line((f"\n{by}, {answer.latency_ms.total:.0f} ms", "dim"))


def print_opened(incident: Incident, created: bool, answer: Recommendation) -> None:
    """Print a new incident and its answer."""
    print_line(f"{incident.id} {'opened' if created else 'was already open'}: {incident.title}\n")
    print_recommendation(answer)


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
    lead = f"step {check.n}: " if check.from_precedent else ""
    print_line(
        ("\ncheck next  " if not indent else "check next  ", "bold"),
        lead + to_imperative(check.text),
        _place(check.citation),
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
        since = f" since {incident.started_at:%Y-%m-%d %H:%M} UTC" if incident.status != "resolved" else ""
        state = f"{incident.status}{since}"
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
