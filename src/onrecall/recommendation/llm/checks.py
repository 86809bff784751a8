"""What is wrong with a draft. Nothing of it is shown before this finds nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from onrecall.domain.incident import Risk, Step
from onrecall.recommendation.llm import sentence_checks as prose
from onrecall.recommendation.llm.draft import ChosenStep, Draft, Sentence
from onrecall.recommendation.llm.options import Cause, Options
from onrecall.recommendation.llm.placeholder_filling import filled
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
    """One thing wrong: of what kind, in our words, and where and what in detail, which only the next model is told."""

    kind: str
    detail: str = ""


def check(draft: Draft, options: Options, mask: Mask) -> tuple[CheckFailure, ...]:
    """Everything that is wrong with it."""
    cause = options.causes.get(draft.cause)
    if cause is None:
        return (CheckFailure("it names a cause that was not given", f"the causes are {', '.join(options.causes)}"),)
    return (*_steps(draft, cause, options), *_sentences(draft, cause, options, mask))


def risk_of(step: Step, command: str | None) -> Risk:
    """As dangerous as it was, or as what it has become with its placeholders filled."""
    return max((step.risk, classify(command).risk if command else step.risk), key=RISKS.index)


def _steps(draft: Draft, cause: Cause, options: Options) -> Iterator[CheckFailure]:
    names = [one.step for one in draft.steps]
    if strange := [name for name in names if name not in options.steps]:
        yield CheckFailure("it names a step that was not given", f"{len(strange)} of them; the steps are in the list")
        return
    if foreign := [name for name in names if name not in cause.steps]:
        yield CheckFailure("it takes a step for another cause", f"{', '.join(foreign)} are not for {cause.name}")
        return
    if len(set(names)) < len(names):
        yield CheckFailure("it names a step twice", "each step once")
    if cause.steps and not names:
        yield CheckFailure("it leaves all steps out", f"choose from {', '.join(cause.steps)}")
    for one in draft.steps:
        yield from _command(one, cause.steps[one.step], options)
    yield from _policy(draft, cause)


def _command(one: ChosenStep, step: Step, options: Options) -> Iterator[CheckFailure]:
    if one.command is None:
        return
    if step.command is None:
        yield CheckFailure("it adds a command", f"{one.step} has none")
    elif not filled(step.command, one.command, options.fields):
        yield CheckFailure(
            "it changes a command", f"{one.step}: fill placeholders with the incident's fields, change nothing else"
        )


def _policy(draft: Draft, cause: Cause) -> Iterator[CheckFailure]:
    """A procedure keeps its order and its end, and what is dangerous comes with the check that belongs before it."""
    names = [chosen.step for chosen in draft.steps]
    listed = list(cause.steps)
    risks = [risk_of(cause.steps[chosen.step], chosen.command) for chosen in draft.steps]
    if risks and risks[0] == WORST and names[0] != listed[0]:
        yield CheckFailure("it begins with something that may lose data", "put a check first")
    for place, name in enumerate(names):
        before = check_before(cause, name)
        if before is not None and before not in names[:place]:
            yield CheckFailure("it leaves out the check before a dangerous step", f"{before} comes before {name}")
        source = cause.steps[name].citation.evidence_id
        procedure = [other for other in listed if cause.steps[other].citation.evidence_id == source]
        earlier = procedure[: procedure.index(name)]
        if late := [other for other in names[place + 1 :] if other in earlier]:
            yield CheckFailure("it puts steps of one source in another order", f"{', '.join(late)} come before {name}")
        following = [other for other in procedure[len(earlier) + 1 :] if cause.steps[other].risk != RISKS[0]]
        if risks[place] in DISTURBING and (missing := [other for other in following if other not in names]):
            yield CheckFailure("it breaks a procedure off", f"{name} is followed by {', '.join(missing)}")


def check_before(cause: Cause, name: str) -> str | None:
    """The step that has to be confirmed before this one."""
    said = cause.steps[name].precondition
    if said is None:
        return None
    number, _, _ = said.removeprefix(CHECK_FIRST).partition(":")
    return next((other for other, step in cause.steps.items() if str(step.n) == number), None)


def _sentences(draft: Draft, cause: Cause, options: Options, mask: Mask) -> Iterator[CheckFailure]:
    """Sentences are looked at as the model wrote them: with the names of what was masked, and not yet what it was."""
    given = _MaskedEvidence.of(options, mask)
    for n, sentence in enumerate(draft.explanation, start=1):
        yield from _sentence(sentence, list(cause.steps.values()), cause, given, f"explanation {n}")
    for one in draft.steps:
        if one.why and one.step in cause.steps:
            yield from _sentence(one.why, [cause.steps[one.step]], cause, given, f"why of {one.step}")


@dataclass(frozen=True, slots=True)
class _MaskedEvidence:
    """What a sentence is held against, masked as the model saw it."""

    lines: Mapping[str, str]
    shared: str
    known: str
    mask: Mask

    @classmethod
    def of(cls, options: Options, mask: Mask) -> Self:
        lines = {name: mask.hide(line.quote) for name, line in options.lines.items()}
        titles = [mask.hide(one.title) for one in options.evidence.values()]
        situation = mask.hide(options.situation.text)
        own = [mask.hide(value) for value in options.fields.values()]
        ids = [mask.hide(one.id) for one in options.evidence.values()]
        told = [ORDINAL.sub("", line) for line in lines.values()]
        excerpts = [mask.hide(one.excerpt.text) for one in options.evidence.values() if one.excerpt]
        shared = prose.common(situation, "\n".join([*lines.values(), *titles, *excerpts]))
        return cls(lines, shared, "\n".join([situation, *own, *ids, *titles, *told]), mask)


def _sentence(
    said: Sentence, steps: Sequence[Step], cause: Cause, given: _MaskedEvidence, where: str
) -> Iterator[CheckFailure]:
    if any(name not in given.lines for name in said.cites):
        names = ", ".join(list(given.lines)[:3])
        yield CheckFailure("it cites a line that was not given", f"{where}: cite only names such as {names}")
        return
    about = [cause.sentence or "", *([steps[0].text] if len(steps) == 1 else [])]
    receipts = "\n".join([*(given.lines[name] for name in said.cites), *map(given.mask.hide, about)])
    risk = max((step.risk for step in steps), key=RISKS.index, default=RISKS[0])
    for kind, detail in prose.flaws(said.text, receipts, given.shared, given.known, risk):
        yield CheckFailure(kind, f"{where}: {detail}")
