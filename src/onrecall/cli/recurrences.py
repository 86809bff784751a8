"""What keeps coming back, as people read it on a terminal."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli.arguments import Json
from onrecall.cli.console import print_line
from onrecall.cli.options import AsOf, parse_time
from onrecall.cli.output import print_result
from onrecall.domain.count_noun import count_noun
from onrecall.pipeline import recurrences as families
from onrecall.pipeline.recurrence_days import pack_if_too_many_wait
from onrecall.pipeline.recurrences import Recurrences
from onrecall.recurrences.corrective_actions import CorrectiveAction, ProvenFix
from onrecall.recurrences.occurrences import DowntimeHours
from onrecall.recurrences.recurrence import Family
from onrecall.schemas.recurrences import RecurrencesOut

TREND = {"rising": "bold red", "steady": "", "falling": "green", None: "dim"}
OPEN_SHOWN = 3


def print_recurrences(report: Recurrences) -> None:
    """Print the families, those first whose permanent fix would save most."""
    if report.proposed:
        family_count = count_noun(report.proposed, "family", "families")
        print_line((f"{family_count} of root causes without a label: onrecall causes list", "dim"))
    for limit in report.limits:
        print_line((f"note: {limit}", "dim"))
    if not report.families:
        print_line(f"nothing came back among {count_noun(report.incidents, 'incident')}")
        return
    shown_note = "" if len(report.families) == report.found else f", {len(report.families)} shown"
    since = f" since {report.since:%Y-%m-%d}" if report.since else ""
    counts = f"{count_noun(report.found, 'family', 'families')} among {count_noun(report.incidents, 'incident')}"
    print_line((f"{counts}{since}{shown_note}", "bold"))
    for place, family in enumerate(report.families, start=1):
        print_line()
        _print_family(place, family)
    print_line()
    for name, rule in report.rules.items():
        print_line((f"{name}: {rule}", "dim"))


def _print_family(place: int, family: Family) -> None:
    print_line(
        (f"{place}. {family.title}", "bold"), f"  {count_noun(family.count, 'time')}, last {family.last_seen:%Y-%m-%d}"
    )
    _print_cost(family)
    _print_spread(family)
    if family.fix:
        _print_fix(family.fix)
    _print_actions(family)


def _print_cost(family: Family) -> None:
    """Print what a permanent fix would save, and what the family cost."""
    month, lost = family.saving.hours_per_month, family.saving.lost
    rate = f"{month:.1f} h a month ({lost.hours:.1f} h in {family.saving.days} days, n = {lost.of})"
    print_line(("would save  ", "dim"), rate, indent=3)
    print_line(("hours lost  ", "dim"), format_hours(family.lost), indent=3)


def _print_spread(family: Family) -> None:
    """Print how often and where it comes, and why its incidents are one family."""
    direction = (family.trend.direction or "not claimed", TREND[family.trend.direction])
    print_line(("trend       ", "dim"), direction, f": {family.trend.reason}", indent=3)
    if family.days_between is not None:
        days = count_noun(round(family.days_between), "day")
        print_line(("comes       ", "dim"), f"every {days} on average", indent=3)
    if family.services:
        services = ", ".join(f"{service.name} {service.count}" for service in family.services)
        print_line(("services    ", "dim"), services, indent=3)
    print_line(("why         ", "dim"), f"{family.why}: {', '.join(family.incidents)}", indent=3)


def _print_fix(fix: ProvenFix) -> None:
    failed = f", failed in {fix.failed}" if fix.failed else ""
    print_line(("same fix    ", "dim"), f"{fix.worked} of {count_noun(fix.of, 'time')}{failed}: {fix.text}", indent=3)
    print_line((f"{fix.citation.id}, line {fix.citation.line}", "dim"), indent=15)


def _print_actions(family: Family) -> None:
    """Print what was noted for a permanent fix, what is still open, and what is tracked here."""
    if family.action:
        _print_action("noted       ", family.action)
    for action in family.open_actions[:OPEN_SHOWN]:
        if action != family.action:
            _print_action("still open  ", action)
    for tracked in family.tracked[:OPEN_SHOWN]:
        due = f", due {tracked.due}" if tracked.due else ""
        print_line(("action item ", "dim"), f"[{tracked.state}{due}] {tracked.text}", indent=3)
        print_line((f"{tracked.incident}, action item {tracked.number}", "dim"), indent=15)


def _print_action(word: str, action: CorrectiveAction) -> None:
    dated = f" {action.at:%Y-%m-%d}" if action.at else ""
    print_line((word, "dim"), f"[{action.state}{dated}] {action.text}", indent=3)
    print_line((f"{action.citation.id}, line {action.citation.line}", "dim"), indent=15)


def format_hours(lost: DowntimeHours) -> str:
    """Format the hours, the number of incidents, and what is not counted."""
    left_out = [
        f"{n} {words}"
        for n, words in (
            (lost.open, "still open"),
            (lost.untimed, "without an end"),
            (lost.contradictory, "ending before the start"),
        )
        if n
    ]
    return f"{lost.hours:.1f} h in {count_noun(lost.of, 'incident')}" + (
        f"; not counted: {', '.join(left_out)}" if left_out else ""
    )


def recurrences(
    min_count: Annotated[int, typer.Option(min=2, help="Minimum number of incidents in a family.")] = 2,
    service: Annotated[str | None, typer.Option(help="Only families that affected this service.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show what keeps coming back, ranked by the hours a permanent fix would save."""
    with open_app() as context:
        if as_of is None:
            pack_if_too_many_wait(context.memory.store)
        family_filter = families.FamilyFilter(min_count, service, limit)
        report = families.find_recurrences(
            context.memory.store, context.memory.now(), family_filter, parse_time(as_of, "as-of")
        )
    print_result(RecurrencesOut.model_validate(report).to_json(), as_json, lambda: print_recurrences(report))
