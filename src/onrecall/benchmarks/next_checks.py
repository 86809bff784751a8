"""Benchmark of the next best check: on the sequences of a history, replayed in time order, and on golden check paths.

The golden path of an incident is what was looked at before its fix. Two things are measured: whether the check that is
proposed first is on that path, and whether its outcome tells the right cause from the alternatives. An outcome is read
off the path: a check that is on it finds what it found then, one that is not finds something else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from onrecall.backtest.chronology import History, HistoryEvent, order_events
from onrecall.backtest.replay_engine import ReplayEngine, ReplaySpec
from onrecall.benchmarks.golden_checks import GoldenPath
from onrecall.calibration.metrics import Estimate, mean, share
from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.pipeline.memory_store import MemoryStore
from onrecall.pipeline.recommend import earlier_of_causes
from onrecall.recommendation.diagnostics import CheckForm, diagnostic_actions
from onrecall.recommendation.fault_types import find_contradiction
from onrecall.recommendation.next_checks import CheckedCause, causes_in_question, update_chances
from onrecall.recommendation.text_similarity import normalize_label
from onrecall.retrieval.embeddings import Embedder

FIRST = 3
"""How many checks a person is taken to make before giving up on the proposals."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class CauseChoiceScore:
    """Whether the right cause leads: before any check, and after one check chosen in several ways."""

    before: bool
    after_best: bool
    after_precedent: bool
    """After the first check of the precedent."""
    after_any: float
    """The share of the proposed checks after which it leads."""


@dataclass(frozen=True, slots=True)
class ProposedChecks:
    """The checks proposed for one opening; each is marked by whether it is on the golden path."""

    id: str
    best_first: tuple[bool, ...]
    as_done_then: tuple[bool, ...]
    """The same checks: those of the precedent in their order, then those of other causes."""
    alternatives: int
    causes: CauseChoiceScore | None
    """None where the right cause is unknown or not among those in question."""


@dataclass(frozen=True, slots=True)
class PathFigures:
    """How often proposed checks are on the golden path."""

    n: int
    first: Estimate
    first_of_precedent: Estimate
    any_check: float | None
    """The mean share of proposed checks on the path: what choosing blindly among them hits."""
    ahead_of_any: Estimate
    """Paired difference of the first and of choosing blindly."""
    within_three: Estimate


@dataclass(frozen=True, slots=True)
class CauseFigures:
    """How often the right cause leads among the causes in question, before and after one check."""

    n: int
    before: Estimate
    after_best: Estimate
    after_precedent: Estimate
    after_any: float | None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The figures of one set of openings."""

    openings: int
    with_path: int
    """Openings of which a golden path is known."""
    paths: PathFigures
    paths_with_alternatives: PathFigures
    """Only where several causes are in question, so that information decides the order."""
    causes: CauseFigures


class CheckRecorder:
    """Asks for the checks at each opening of a replay and compares them with what was done in the end."""

    def __init__(self, engine: ReplayEngine, history: History, progress: Progress | None = None) -> None:
        self.proposals: list[ProposedChecks] = []
        self.openings = self.with_path = 0
        self._engine, self._progress = engine, progress
        self._golden = {incident.id: _golden_of(incident) for incident in history.incidents}

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:  # noqa: ARG002
        """Record what is proposed."""
        self.openings += 1
        golden = self._golden.get(event.id)
        if golden is not None and golden.checks:
            self.with_path += 1
            self.proposals += propose(self._engine, situation, golden)
        if self._progress:
            self._progress("asking", self.openings, len(self._golden))

    def stored(self, record: Incident | Document) -> None:
        """Ignore."""

    def after(self, event: HistoryEvent) -> None:
        """Ignore."""


def measure_checks(
    history: History, embedder: Embedder | None, golden: Sequence[GoldenPath] = (), progress: Progress | None = None
) -> dict[str, CheckReport]:
    """Replay a history and return the figures of `history`, and of `golden` asked when all of it is known."""
    engine = ReplayEngine(ReplaySpec(history), embedder)
    recorder = CheckRecorder(engine, history, progress)
    engine.listeners = [recorder]
    for event in order_events(history):
        engine.apply(event)
    reports = {"history": _report(recorder.openings, recorder.with_path, recorder.proposals)}
    if golden:
        proposals = [proposed for case in golden for proposed in propose(engine, case.situation, case)]
        reports["golden"] = _report(len(golden), len(golden), proposals)
    return reports


def propose(engine: ReplayEngine, situation: Situation, golden: GoldenPath) -> Iterator[ProposedChecks]:
    """Yield what is proposed for a question now; nothing where no check is."""
    answer = engine.memory.ask(situation)
    if not answer.checks:
        return
    causes = _causes(engine.store, situation, answer)
    forms = [CheckForm.of(check.text, check.command) for check in answer.checks]
    in_order = [CheckForm.of(check.text, check.command) for check in sorted(answer.checks, key=lambda check: check.n)]
    yield ProposedChecks(
        id=golden.id,
        best_first=_on_path(forms, golden),
        as_done_then=_on_path(in_order, golden),
        alternatives=len(answer.alternatives),
        causes=_cause_told(causes, forms, in_order[0], golden),
    )


def _golden_of(incident: Incident) -> GoldenPath:
    evidence = Evidence(incident.id, "incident", incident.title, 0.0, incident=incident)
    checks = tuple(CheckForm.of(action.text, action.command) for action in diagnostic_actions(evidence))
    return GoldenPath(
        incident.id, Situation(incident.text), checks, incident.resolution.cause if incident.resolution else None
    )


def _causes(store: MemoryStore, situation: Situation, answer: Recommendation) -> tuple[CheckedCause, ...]:
    fitting = [item for item in answer.evidence if not find_contradiction(situation, item)]
    return causes_in_question(answer, fitting, earlier_of_causes(store, situation, fitting, answer))[0]


def _on_path(forms: Sequence[CheckForm], golden: GoldenPath) -> tuple[bool, ...]:
    return tuple(any(form.same(check) for check in golden.checks) for form in forms)


def _cause_told(
    causes: Sequence[CheckedCause], forms: Sequence[CheckForm], precedent: CheckForm, golden: GoldenPath
) -> CauseChoiceScore | None:
    right = next((n for n, cause in enumerate(causes) if _is_cause(cause, golden.cause)), None)
    if right is None or len(causes) < 2:
        return None

    def leads_after(form: CheckForm) -> bool:
        finds = any(form.same(check) for check in golden.checks)
        return _leader(update_chances(causes, form, finds=finds)) == right

    return CauseChoiceScore(
        before=_leader([cause.chance for cause in causes]) == right,
        after_best=leads_after(forms[0]),
        after_precedent=leads_after(precedent),
        after_any=sum(map(leads_after, forms)) / len(forms),
    )


def _is_cause(cause: CheckedCause, label: str | None) -> bool:
    return bool(label and cause.label) and normalize_label(cause.label or "") == normalize_label(label or "")


def _leader(chances: Sequence[float]) -> int:
    return max(range(len(chances)), key=lambda n: chances[n])


def _report(openings: int, with_path: int, proposals: Sequence[ProposedChecks]) -> CheckReport:
    labelled = [proposed.causes for proposed in proposals if proposed.causes]
    return CheckReport(
        openings,
        with_path,
        _path_figures(proposals),
        _path_figures([proposed for proposed in proposals if proposed.alternatives]),
        CauseFigures(
            n=len(labelled),
            before=share([case.before for case in labelled]),
            after_best=share([case.after_best for case in labelled]),
            after_precedent=share([case.after_precedent for case in labelled]),
            after_any=_mean([case.after_any for case in labelled]),
        ),
    )


def _path_figures(proposals: Sequence[ProposedChecks]) -> PathFigures:
    blind = [sum(proposed.best_first) / len(proposed.best_first) for proposed in proposals]
    first = [proposed.best_first[0] for proposed in proposals]
    return PathFigures(
        n=len(proposals),
        first=share(first),
        first_of_precedent=share([proposed.as_done_then[0] for proposed in proposals]),
        any_check=_mean(blind),
        ahead_of_any=mean([hit - chance for hit, chance in zip(first, blind, strict=True)]),
        within_three=share([any(proposed.best_first[:FIRST]) for proposed in proposals]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
