"""Next checks: which look tells the causes in question apart best, and what the precedent looked at.

A check is a question with two outcomes: it finds what it found then, or not. How likely each cause is to show it, is
counted on the incidents of that cause: in how many of them somebody made this check before the fix. The expected
information of a check is by how much its outcome lowers the uncertainty about the cause, in bits.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from onrecall.domain.evidence import Evidence
from onrecall.domain.recommendation import Advice, DiagnosticCheck, Recommendation, Step
from onrecall.domain.situation import Situation
from onrecall.recommendation.actions import EvidenceAction
from onrecall.recommendation.causes import Hypothesis, has_usable_resolution, label_to_text, rank_causes
from onrecall.recommendation.diagnostics import CheckForm, diagnostic_actions, only_looks
from onrecall.recommendation.instance_values import mark_source_values

MAX_ALTERNATIVE_CHECKS = 5
"""Maximum number of checks of other causes beside those of the precedent."""
MIN_INFORMATION = 0.01
"""Bits below which a check tells nothing apart."""
PRIOR_CHANCE = 0.01
"""Chance that an incident shows what a check shows that no earlier incident of its cause was found by."""
PRIOR_WEIGHT = 2.0
"""Incidents that this chance counts as, so that one or two incidents of a cause prove little.

Both are rounded from the likelihood of 2,963 pairs of a check and a later incident in the example history: how often
somebody made the check again, by how many of the earlier incidents of that cause it was made in.
"""

EarlierByCause = Mapping[str, Sequence[Evidence]]
"""By cause label: earlier incidents of that cause, beyond those in the evidence."""


@dataclass(frozen=True, slots=True)
class CheckedCause:
    """A cause in question, how likely it is among them, and the checks that each of its incidents was found by."""

    name: str
    label: str | None
    chance: float
    paths: tuple[tuple[CheckForm, ...], ...]

    def times(self, check: CheckForm) -> int:
        """Return in how many of its incidents this check was made."""
        return sum(any(form.same(check) for form in path) for path in self.paths)

    def likelihood(self, check: CheckForm) -> float:
        """Return the chance that this check finds what it found then, if this is the cause."""
        return (self.times(check) + PRIOR_CHANCE * PRIOR_WEIGHT) / (len(self.paths) + PRIOR_WEIGHT)


@dataclass(frozen=True, slots=True)
class CheckCandidate:
    """A check that can be proposed: a step of the answer, or an action of another cause's evidence."""

    form: CheckForm
    n: int
    """The number of the step, or one after the last step."""
    source: Step | EvidenceAction


def plan_checks(
    advice: Advice, evidence: Sequence[Evidence], situation: Situation, earlier: EarlierByCause
) -> tuple[DiagnosticCheck, ...]:
    """Return what to look at, the most telling first, then the checks of the precedent in the order they were made.

    Every check is read-only and cited. With `never_seen` there is no precedent, and no check.
    """
    if advice.verdict == "never_seen":
        return ()
    causes, alternatives = causes_in_question(advice, evidence, earlier)
    candidates = list(_precedent_candidates(advice.steps))
    if len(causes) > 1:
        candidates += _alternative_candidates(alternatives, candidates, causes, len(advice.steps))
    checks = [_to_check(candidate, causes, situation) for candidate in candidates]
    return tuple(sorted(checks, key=lambda check: -check.information))


def renumber_checks(checks: Sequence[DiagnosticCheck], steps: Sequence[Step]) -> Iterator[DiagnosticCheck]:
    """Yield checks under the numbers that other steps give them; those that are no step there come after the last."""
    numbers = {step.citation: step.n for step in steps}
    following = count(len(steps) + 1)
    for check in checks:
        n = numbers.get(check.citation) if check.from_precedent else None
        yield replace(check, n=next(following) if n is None else n, from_precedent=n is not None)


def causes_in_question(
    advice: Advice | Recommendation, evidence: Sequence[Evidence], earlier: EarlierByCause
) -> tuple[tuple[CheckedCause, ...], tuple[Hypothesis, ...]]:
    """Return the leading cause and its alternatives, with their chances, and the alternatives' evidence."""
    hypotheses = rank_causes(evidence)
    leading = [cause for cause in hypotheses if advice.cause and cause.sentence == advice.cause][:1]
    named = {alternative.evidence for alternative in advice.alternatives}
    alternatives = tuple(
        cause for cause in hypotheses if cause not in leading and tuple(piece.id for piece in cause.evidence) in named
    )
    in_question = [*leading, *alternatives]
    weights = [_weight(cause) for cause in in_question]
    total = sum(weights)
    return tuple(
        CheckedCause(_short_name(cause), cause.label, weight / total, _paths(cause, earlier))
        for cause, weight in zip(in_question, weights, strict=True)
    ), alternatives


def update_chances(causes: Sequence[CheckedCause], check: CheckForm, *, finds: bool) -> list[float]:
    """Return the chance of each cause after a check found what it found then, or did not."""
    shares = [cause.chance * (cause.likelihood(check) if finds else 1 - cause.likelihood(check)) for cause in causes]
    return [share / sum(shares) for share in shares]


def expected_information(causes: Sequence[CheckedCause], check: CheckForm) -> float:
    """Return by how much the outcome of a check lowers the entropy over the causes, in bits; 0 where it is too little.

    One cause leaves nothing to tell apart.
    """
    if len(causes) < 2:
        return 0.0
    finds = sum(cause.chance * cause.likelihood(check) for cause in causes)
    after = finds * _entropy(update_chances(causes, check, finds=True))
    after += (1 - finds) * _entropy(update_chances(causes, check, finds=False))
    gain = _entropy(cause.chance for cause in causes) - after
    return gain if gain >= MIN_INFORMATION else 0.0


def _entropy(chances: Iterable[float]) -> float:
    return -sum(chance * math.log2(chance) for chance in chances if chance > 0)


def _weight(cause: Hypothesis) -> float:
    return max(cause.probability if cause.probability is not None else cause.weight, 1e-6)


def _short_name(cause: Hypothesis) -> str:
    return label_to_text(cause.label) if cause.label else f"the cause of {cause.best.id}"


def _paths(cause: Hypothesis, earlier: EarlierByCause) -> tuple[tuple[CheckForm, ...], ...]:
    incidents = {piece.id: piece for piece in (*cause.evidence, *earlier.get(cause.label or "", ()))}
    return tuple(
        tuple(CheckForm.of(action.text, action.command) for action in diagnostic_actions(piece))
        for piece in incidents.values()
        if has_usable_resolution(piece)
    )


def _precedent_candidates(steps: Sequence[Step]) -> Iterator[CheckCandidate]:
    """Yield the steps of the answer that only look, up to the first of the same source that changes something."""
    changed: set[str] = set()
    for step in steps:
        source = step.citation.evidence_id
        if step.risk != "read_only":
            changed.add(source)
        elif source not in changed and only_looks(step.text, step.command):
            yield CheckCandidate(CheckForm.of(step.text, step.command), step.n, step)


def _alternative_candidates(
    alternatives: Sequence[Hypothesis],
    precedent: Sequence[CheckCandidate],
    causes: Sequence[CheckedCause],
    last_step: int,
) -> list[CheckCandidate]:
    """Return the most telling checks of the other causes that are none of the precedent's, each once."""
    chosen: dict[CheckForm, EvidenceAction] = {}
    for action in (
        action for cause in alternatives for piece in cause.evidence for action in diagnostic_actions(piece)
    ):
        form = CheckForm.of(action.text, action.command)
        if not any(form.same(known) for known in (*chosen, *(candidate.form for candidate in precedent))):
            chosen[form] = action
    information = {form: expected_information(causes, form) for form in chosen}
    telling = sorted((form for form in chosen if information[form]), key=lambda form: -information[form])
    return [
        CheckCandidate(form, last_step + place, chosen[form])
        for place, form in enumerate(telling[:MAX_ALTERNATIVE_CHECKS], start=1)
    ]


def _to_check(candidate: CheckCandidate, causes: Sequence[CheckedCause], situation: Situation) -> DiagnosticCheck:
    source, information = candidate.source, expected_information(causes, candidate.form)
    check = DiagnosticCheck(
        n=candidate.n,
        text=source.text,
        citation=source.citation,
        reason=_reason(candidate, causes, information),
        command=source.command,
        information=round(information, 3),
        from_precedent=isinstance(source, Step),
    )
    if isinstance(source, Step):
        return replace(check, old_values=source.old_values)
    record = source.source.incident or source.source.document
    text, in_text = mark_source_values(source.text, record, situation)
    command, in_command = mark_source_values(source.command, record, situation) if source.command else (None, ())
    return replace(check, text=text, command=command, old_values=tuple(dict.fromkeys((*in_text, *in_command))))


def _reason(candidate: CheckCandidate, causes: Sequence[CheckedCause], information: float) -> str:
    """Say in one sentence why to look at it."""
    if information:
        shown = max(causes, key=lambda cause: cause.likelihood(candidate.form))
        rival = min(
            (cause for cause in causes if cause is not shown), key=lambda cause: cause.likelihood(candidate.form)
        )
        counts = f"{_count(shown, candidate.form)}, {_count(rival, candidate.form)}"
        return f"tells {shown.name} from {rival.name}: done in {counts}"
    if causes and causes[0].times(candidate.form):
        rest = "it tells no other cause apart" if len(causes) > 1 else "no other cause is in question"
        return f"done in {_count(causes[0], candidate.form)}; {rest}"
    citation = candidate.source.citation
    return f"it stands in {citation.id}, line {citation.line}"


def _count(cause: CheckedCause, check: CheckForm) -> str:
    return f"{cause.times(check)} of {len(cause.paths)} {cause.name}"
