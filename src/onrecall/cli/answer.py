"""`onrecall answer`: what came of an answer, which later answers and their confidence rest on."""

from typing import Annotated, Literal

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console as printing
from onrecall.cli import recommendation_page
from onrecall.cli.arguments import By, Json
from onrecall.cli.output import print_result
from onrecall.cli.step_options import OUTCOMES
from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.recommendation import (
    CheckResult,
    OutcomeVerdict,
    Recommendation,
    RecommendationOutcome,
    StepVerdict,
)
from onrecall.pipeline import IncidentService
from onrecall.schemas.recommendations import RecommendationOut

app = typer.Typer(help="Report whether an answer helped, and what its checks found.", no_args_is_help=True)

VERDICTS: dict[str, OutcomeVerdict] = {"helped": "helped", "did-not-help": "did_not_help"}


@app.callback()
def _group() -> None:
    """Make this a group although it may have one command."""


@app.command()
def rate(
    answer_id: Annotated[
        str, typer.Argument(help="The id of an answer, or of an incident to rate its newest answer.", metavar="ID")
    ],
    verdict: Annotated[Literal["helped", "did-not-help"], typer.Argument(help="Whether the answer helped.")],
    step: Annotated[
        list[str] | None, typer.Option(help="The outcome of one step, such as 2=did-not-help; may be repeated.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="What happened, in a sentence.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say whether an answer helped. The last word of each person counts."""
    with open_app() as home:
        recommendation_id = _recommendation_id(home.memory, answer_id)
        steps = tuple(_step(entry) for entry in step or ())
        home.memory.rate(
            RecommendationOutcome(recommendation_id, VERDICTS[verdict], home.memory.now(), steps, note, by)
        )
        value = RecommendationOut.model_validate(home.memory.store.recommendations.get(recommendation_id)).to_json()
    words = "helped" if verdict == "helped" else "did not help"
    print_result(
        value, as_json, lambda: printing.print_line(f"{recommendation_id} {words}; later answers take it into account")
    )


@app.command()
def check(
    answer_id: Annotated[
        str, typer.Argument(help="The answer, or the incident whose newest answer it is.", metavar="ID")
    ],
    number: Annotated[int, typer.Argument(help="The number of the check.", metavar="N")],
    result: Annotated[
        CheckResult, typer.Argument(help="Whether the finding is the same as in the earlier incident, or different.")
    ],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say what a check found; it goes to the incident's timeline, and the next check is shown."""
    with open_app() as home:
        answer = home.memory.checks.mark(_recommendation_id(home.memory, answer_id), number, result, by)
    value = RecommendationOut.model_validate(answer).to_json()
    print_result(value, as_json, lambda: _print_marked(answer, number))


def _print_marked(answer: Recommendation, number: int) -> None:
    printing.print_line(f"check {number} is on the timeline of {answer.incident}")
    if answer.next_check:
        recommendation_page.print_next_check(answer.next_check)


def _recommendation_id(memory: IncidentService, answer_id: str) -> str:
    """Return the id of an answer; the id of an incident stands for its newest answer."""
    try:
        return memory.store.recommendations.get(answer_id).id
    except NotFound:
        incident = memory.store.incidents.get(answer_id)
    newest = memory.store.recommendations.newest(incident.id)
    if newest is None:
        raise NotFound(f"incident {incident.id} has no answer yet")
    return newest.id


def _step(entry: str) -> StepVerdict:
    number, _, word = entry.partition("=")
    outcome = OUTCOMES.get(word.replace("_", "-"))
    if outcome is None or not (number.isascii() and number.isdigit() and len(number) < 4):
        raise Invalid(f"--step {entry}: give it as number=outcome, with one of {', '.join(OUTCOMES)}", "step")
    return StepVerdict(int(number), outcome)
