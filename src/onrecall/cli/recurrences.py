"""What keeps coming back, as people read it on a terminal."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli.arguments import Json
from onrecall.cli.console import say
from onrecall.cli.options import AsOf, time_of
from onrecall.cli.output import print_result
from onrecall.pipeline import recurrences as families
from onrecall.pipeline.recurrences import Recurrences
from onrecall.recurrences.corrective_actions import CorrectiveAction
from onrecall.recurrences.occurrences import DowntimeHours
from onrecall.recurrences.recurrence import Family
from onrecall.schemas.recurrences import RecurrencesOut

TREND = {"rising": "bold red", "steady": "", "falling": "green", None: "dim"}
OPEN_SHOWN = 3


def show(found: Recurrences) -> None:
    """The families, those first whose permanent fix would save most, and by which rule."""
    if found.proposed:
        say((f"{found.proposed} families of root causes wait for a label: onrecall causes list", "dim"))
    if not found.families:
        say(f"nothing came back among {found.incidents} incidents")
        return
    shown = "" if len(found.families) == found.found else f", {len(found.families)} shown"
    since = f" since {found.since:%Y-%m-%d}" if found.since else ""
    say((f"{found.found} families among {found.incidents} incidents{since}{shown}", "bold"))
    for place, family in enumerate(found.families, start=1):
        say()
        _family(place, family)
    say()
    for name, rule in found.rules.items():
        say((f"{name}: {rule}", "dim"))


def _family(place: int, family: Family) -> None:
    say((f"{place}. {family.title}", "bold"), f"  {family.count} times, last {family.last_seen:%Y-%m-%d}")
    month, lost = family.saving.hours_per_month, family.saving.lost
    say(
        ("would save  ", "dim"),
        f"{month:.1f} h a month ({lost.hours:.1f} h in {family.saving.days} days, n = {lost.of})",
        indent=3,
    )
    say(("hours lost  ", "dim"), hours(family.lost), indent=3)
    say(
        ("trend       ", "dim"),
        (family.trend.direction or "not claimed", TREND[family.trend.direction]),
        f": {family.trend.reason}",
        indent=3,
    )
    if family.days_between is not None:
        say(("comes       ", "dim"), f"every {family.days_between:.0f} days on average", indent=3)
    if family.services:
        say(("services    ", "dim"), ", ".join(f"{one.name} {one.count}" for one in family.services), indent=3)
    say(("why         ", "dim"), f"{family.why}: {', '.join(family.incidents)}", indent=3)
    if fix := family.fix:
        failed = f", failed in {fix.failed}" if fix.failed else ""
        say(("same fix    ", "dim"), f"{fix.worked} of {fix.of} times{failed}: {fix.text}", indent=3)
        say((f"{fix.citation.id}, line {fix.citation.line}", "dim"), indent=15)
    if family.action:
        _action("noted       ", family.action)
    for action in family.open_actions[:OPEN_SHOWN]:
        if action != family.action:
            _action("still open  ", action)


def _action(word: str, action: CorrectiveAction) -> None:
    dated = f" {action.at:%Y-%m-%d}" if action.at else ""
    say((word, "dim"), f"[{action.state}{dated}] {action.text}", indent=3)
    say((f"{action.citation.id}, line {action.citation.line}", "dim"), indent=15)


def hours(lost: DowntimeHours) -> str:
    """Hours, of how many incidents, and what is not counted."""
    left_out = [
        f"{n} {words}"
        for n, words in (
            (lost.open, "still open"),
            (lost.untimed, "without an end"),
            (lost.contradictory, "ending before the start"),
        )
        if n
    ]
    return f"{lost.hours:.1f} h in {lost.of} incidents" + (f"; not counted: {', '.join(left_out)}" if left_out else "")


def recurrences(
    min_count: Annotated[int, typer.Option(min=2, help="Minimum number of incidents in a family.")] = 2,
    service: Annotated[str | None, typer.Option(help="Only families that affected this service.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show what keeps coming back, ranked by the hours a permanent fix would save. Writes nothing."""
    with open_app() as home:
        wanted = families.FamilyFilter(min_count, service, limit)
        found = families.recurrences(home.memory.store, home.memory.now(), wanted, time_of(as_of, "as-of"))
    print_result(RecurrencesOut.model_validate(found).plain(), as_json, lambda: show(found))
