"""`onrecall causes`: labels for root causes that stand in prose only."""

from typing import Annotated, Any

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import By, Json
from onrecall.cli.output import print_json
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid
from onrecall.pipeline import cause_families as families
from onrecall.schemas.causes import CausesOut

app = typer.Typer(help="Propose cause labels for root causes in prose, and confirm them.", no_args_is_help=True)

MEMBERS_SHOWN = 5
LONGEST_SHOWN = 100


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """Show proposed families with their members, and past decisions. Writes nothing."""
    with open_app() as context:
        overview = families.overview(context.memory.store)
    if as_json:
        print_json(CausesOut.model_validate(overview).to_json())
        return
    console.print_line((overview.summary, "bold"))
    for family in overview.proposed:
        _print_proposed(family)
    for decided in (*overview.confirmed, *overview.dismissed):
        incident_count = count_noun(len(decided.incidents), "incident")
        console.print_line((f"{decided.state}  {decided.id}  {decided.label}  {incident_count}", "dim"))
    if overview.proposed:
        console.print_line()
        console.print_line(
            "confirm: onrecall causes confirm ID… [--label NAME], or --all; none of it: onrecall causes dismiss ID…"
        )


def _print_proposed(family: "families.ProposedFamily") -> None:
    console.print_line()
    console.print_line((f"{family.label}", "bold"), (f"  {family.id}  {family.why}", "dim"))
    for member in family.members[:MEMBERS_SHOWN]:
        console.print_line(
            f"{member.incident}  ",
            (member.root_cause[:LONGEST_SHOWN].replace("\n", " "), "dim"),
            f"  [{', '.join(member.shared)}]" if member.shared else "",
            indent=2,
        )
    if (more := len(family.members) - MEMBERS_SHOWN) > 0:
        console.print_line((f"… and {more} more", "dim"), indent=2)


@app.command()
def confirm(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of families, as shown by `list`.", metavar="ID…")] = None,
    every: Annotated[bool, typer.Option("--all", help="All proposed families.")] = False,
    label: Annotated[str | None, typer.Option(help="Another label, for one family.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Give the members of families their label, which recurrences, backtest and trust then use."""
    _check_choice(ids or [], label, every=every)
    with open_app() as context:
        store = context.memory.store
        chosen = [family.id for family in families.overview(store).proposed] if every else list(ids or ())
        changed = families.confirm(
            store, [families.Choice(family, label) for family in chosen], context.memory.now(), by
        )
    incident_count = count_noun(changed, "incident")
    family_count = count_noun(len(chosen), "family", "families")
    _print_change(
        {"families": len(chosen), "changed": changed}, as_json, f"{incident_count} got a label, in {family_count}"
    )


def _check_choice(ids: list[str], label: str | None, *, every: bool) -> None:
    """Raise Invalid unless families are named or all are meant, and a label is for one."""
    if every == bool(ids):
        raise Invalid("name families, or give --all", "ids")
    if label is not None and (every or len(ids) != 1):
        raise Invalid("--label applies to one family; confirm the others separately", "label")


@app.command()
def dismiss(
    ids: Annotated[list[str], typer.Argument(help="Ids of families, as shown by `list`.", metavar="ID…")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Reject families permanently."""
    with open_app() as context:
        dismissed = families.dismiss(context.memory.store, ids, context.memory.now(), by)
    _print_change({"families": dismissed}, as_json, f"{count_noun(dismissed, 'family', 'families')} dismissed")


@app.command()
def withdraw(
    family: Annotated[str, typer.Argument(help="A family that was confirmed or dismissed.", metavar="ID")],
    as_json: Json = False,
) -> None:
    """Withdraw a decision, and remove the labels it gave."""
    with open_app() as context:
        changed = families.withdraw(context.memory.store, family, context.memory.now())
    _print_change(
        {"changed": changed},
        as_json,
        f"the decision is withdrawn; {count_noun(changed, 'incident')} lost the label",
    )


def _print_change(facts: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(facts)
    else:
        console.print_line(sentence)
