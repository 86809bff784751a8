"""Checks of a model's draft. Nothing of a draft is shown unless it passes all of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from onrecall.domain.recommendation import Risk, Step
from onrecall.recommendation.llm import sentence_checks as prose
from onrecall.recommendation.llm.draft import ChosenStep, Draft, Sentence
from onrecall.recommendation.llm.options import Cause, Options
from onrecall.recommendation.llm.placeholder_filling import is_filled_template
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify
from onrecall.redaction.reversible_mask import Mask

CHECK_FIRST = "first confirm step "
WORST = RISKS[-1]
DISTURBING: tuple[Risk, ...] = ("disruptive", "destructive")
ORDINAL = re.compile(r"^\d+\. ")
"""The number of a step on its page, which says nothing of the incident."""


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """One problem: its kind in our words, and a detail that only the next model is given."""

    kind: str
    detail: str = ""


def check_draft(draft: Draft, options: Options, mask: Mask) -> tuple[CheckFailure, ...]:
    """Return everything that is wrong with the draft."""
    cause = options.causes.get(draft.cause)
    if cause is None:
        return (CheckFailure("it names a cause that was not given", f"the causes are {', '.join(options.causes)}"),)
    return (*_check_steps(draft, cause, options), *_check_sentences(draft, cause, options, mask))


def risk_of(step: Step, command: str | None) -> Risk:
    """Return the risk of the step or of its command with placeholders filled, whichever is worse."""
    return max((step.risk, classify(command).risk if command else step.risk), key=RISKS.index)


def _check_steps(draft: Draft, cause: Cause, options: Options) -> Iterator[CheckFailure]:
    names = [chosen.step for chosen in draft.steps]
    if unknown := [name for name in names if name not in options.steps]:
        yield CheckFailure("it names a step that was not given", f"{len(unknown)} of them; the steps are in the list")
        return
    if foreign := [name for name in names if name not in cause.steps]:
        yield CheckFailure("it takes a step for another cause", f"{', '.join(foreign)} are not for {cause.name}")
        return
    if len(set(names)) < len(names):
        yield CheckFailure("it names a step twice", "each step once")
    if cause.steps and not names:
        yield CheckFailure("it leaves all steps out", f"choose from {', '.join(cause.steps)}")
    for chosen in draft.steps:
        yield from _check_command(chosen, cause.steps[chosen.step], options)
    yield from _check_policy(draft, cause)


def _check_command(chosen: ChosenStep, step: Step, options: Options) -> Iterator[CheckFailure]:
    if chosen.command is None:
        return
    if step.command is None:
        yield CheckFailure("it adds a command", f"{chosen.step} has none")
    elif not is_filled_template(step.command, chosen.command, options.fields):
        yield CheckFailure(
            "it changes a command", f"{chosen.step}: fill placeholders with the incident's fields, change nothing else"
        )


def _check_policy(draft: Draft, cause: Cause) -> Iterator[CheckFailure]:
    """Check that a procedure keeps its order and its end, and that a dangerous step follows its check."""
    names = [chosen.step for chosen in draft.steps]
    risks = [risk_of(cause.steps[chosen.step], chosen.command) for chosen in draft.steps]
    if risks and risks[0] == WORST and names[0] != next(iter(cause.steps)):
        yield CheckFailure("it begins with something that may lose data", "put a check first")
    for position, (name, risk) in enumerate(zip(names, risks, strict=True)):
        before = check_before(cause, name)
        if before is not None and before not in names[:position]:
            yield CheckFailure("it leaves out the check before a dangerous step", f"{before} comes before {name}")
        yield from _check_procedure(cause, names, position, risk)


def _check_procedure(cause: Cause, names: Sequence[str], position: int, risk: Risk) -> Iterator[CheckFailure]:
    """Check one chosen step against those that its source lists before and after it."""
    name = names[position]
    source = cause.steps[name].citation.evidence_id
    procedure = [step_name for step_name, step in cause.steps.items() if step.citation.evidence_id == source]
    place = procedure.index(name)
    if late := [step_name for step_name in names[position + 1 :] if step_name in procedure[:place]]:
        yield CheckFailure("it puts steps of one source in another order", f"{', '.join(late)} come before {name}")
    following = [step_name for step_name in procedure[place + 1 :] if cause.steps[step_name].risk != RISKS[0]]
    missing = [step_name for step_name in following if step_name not in names]
    if risk in DISTURBING and missing:
        yield CheckFailure("it breaks a procedure off", f"{name} is followed by {', '.join(missing)}")


def check_before(cause: Cause, name: str) -> str | None:
    """Return the name of the step that has to be confirmed before this one."""
    precondition = cause.steps[name].precondition
    if precondition is None:
        return None
    number, _, _ = precondition.removeprefix(CHECK_FIRST).partition(":")
    return next((step_name for step_name, step in cause.steps.items() if str(step.n) == number), None)


def _check_sentences(draft: Draft, cause: Cause, options: Options, mask: Mask) -> Iterator[CheckFailure]:
    """Check the sentences as the model wrote them, with masked values still masked."""
    masked = _MaskedEvidence.of(options, mask)
    for n, sentence in enumerate(draft.explanation, start=1):
        yield from _check_sentence(sentence, list(cause.steps.values()), cause, masked, f"explanation {n}")
    for chosen in draft.steps:
        if chosen.why and chosen.step in cause.steps:
            yield from _check_sentence(chosen.why, [cause.steps[chosen.step]], cause, masked, f"why of {chosen.step}")


@dataclass(frozen=True, slots=True)
class _MaskedEvidence:
    """The evidence that sentences are checked against, masked as the model saw it."""

    lines: Mapping[str, str]
    shared: str
    given_text: str
    mask: Mask

    @classmethod
    def of(cls, options: Options, mask: Mask) -> Self:
        lines = {name: mask.hide(line.quote) for name, line in options.lines.items()}
        titles = [mask.hide(piece.title) for piece in options.evidence.values()]
        situation = mask.hide(options.situation.text)
        field_values = [mask.hide(value) for value in options.fields.values()]
        ids = [mask.hide(piece.id) for piece in options.evidence.values()]
        quotes = [ORDINAL.sub("", line) for line in lines.values()]
        excerpts = [mask.hide(piece.excerpt.text) for piece in options.evidence.values() if piece.excerpt]
        shared = prose.common_words(situation, "\n".join([*lines.values(), *titles, *excerpts]))
        return cls(lines, shared, "\n".join([situation, *field_values, *ids, *titles, *quotes]), mask)


def _check_sentence(
    sentence: Sentence, steps: Sequence[Step], cause: Cause, masked: _MaskedEvidence, where: str
) -> Iterator[CheckFailure]:
    if any(name not in masked.lines for name in sentence.cites):
        names = ", ".join(list(masked.lines)[:3])
        yield CheckFailure("it cites a line that was not given", f"{where}: cite only names such as {names}")
        return
    about = [cause.sentence or "", *([steps[0].text] if len(steps) == 1 else [])]
    receipts = "\n".join([*(masked.lines[name] for name in sentence.cites), *map(masked.mask.hide, about)])
    risk = max((step.risk for step in steps), key=RISKS.index, default=RISKS[0])
    for kind, detail in prose.find_flaws(sentence.text, receipts, masked.shared, masked.given_text, risk):
        yield CheckFailure(kind, f"{where}: {detail}")
