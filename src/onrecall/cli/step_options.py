"""The steps of a resolution on the command line: the n-th command, rollback and outcome belong to the n-th step."""

from collections.abc import Sequence
from typing import Annotated, get_args

import typer

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import ResolutionStep, StepOutcome

Steps = Annotated[list[str] | None, typer.Option("--step", help="What was done, in order; may be repeated.")]
Commands = Annotated[
    list[str] | None,
    typer.Option("--command", help="The command of the step: as many as steps, an empty one where there is none."),
]
Rollbacks = Annotated[list[str] | None, typer.Option("--rollback", help="How to undo the step; likewise.")]
Outcomes = Annotated[
    list[str] | None,
    typer.Option("--outcome", help="What came of the step: worked, did-not-help or made-it-worse; likewise."),
]
OUTCOMES: dict[str, StepOutcome] = {outcome.replace("_", "-"): outcome for outcome in get_args(StepOutcome)}


def steps_of(
    texts: Sequence[str] | None,
    commands: Sequence[str] | None,
    rollbacks: Sequence[str] | None,
    outcomes: Sequence[str] | None,
) -> tuple[ResolutionStep, ...]:
    """Return the steps in their order. Raises Invalid where an option is given for some steps only."""
    texts = texts or ()
    aligned = (
        _aligned("command", commands, len(texts)),
        _aligned("rollback", rollbacks, len(texts)),
        _aligned("outcome", outcomes, len(texts)),
    )
    return tuple(
        ResolutionStep(text, command or None, _outcome(outcome), rollback or None)
        for text, command, rollback, outcome in zip(texts, *aligned, strict=True)
    )


def _aligned(option: str, values: Sequence[str] | None, steps: int) -> Sequence[str]:
    if not values:
        return [""] * steps
    if len(values) != steps:
        raise Invalid(
            f"--{option}: {len(values)} of them and --step: {steps}; give one for each --step, "
            f'--{option} "" where a step has none',
            option,
        )
    return values


def _outcome(word: str) -> StepOutcome:
    if not word:
        return "worked"
    outcome = OUTCOMES.get(word.replace("_", "-"))
    if outcome is None:
        raise Invalid(f"--outcome {word}: choose from {', '.join(OUTCOMES)}", "outcome")
    return outcome
