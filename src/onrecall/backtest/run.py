"""Run backtests: replay a history and evaluate the answers and the quality of the history."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from onrecall.backtest import data_quality_ablation as mending
from onrecall.backtest import learning_curve as learning
from onrecall.backtest.chronology import History, order_events
from onrecall.backtest.data_quality_ablation import FlawEffect, HistoryFlaw
from onrecall.backtest.evaluation import BacktestReport, evaluate
from onrecall.backtest.evaluation_cases import judge_answers
from onrecall.backtest.ground_truth import GroundTruth
from onrecall.backtest.replay import Progress, Replay
from onrecall.backtest.text_families import text_families
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.importers.quality import FINDINGS, incidents_with_flaws
from onrecall.recommendation import Thresholds
from onrecall.retrieval.embeddings import Embedder
from onrecall.storage import Storage

PAGE_SIZE = 200


def backtest(history: History, embedder: Embedder | None, progress: Progress | None = None) -> BacktestReport:
    """Replay a history and compute every figure it allows."""
    truths = truth_of(history)
    plan = learning.plan_stops(order_events(history), truths)
    run = Replay(history, embedder, plan, progress=progress).run()
    at = Thresholds()
    return evaluate(history, truths, run, plan, at.similar, at.known)


def truth_of(history: History) -> GroundTruth:
    """Return which incidents of a history share a cause, by all that it says on it."""
    return GroundTruth(history.incidents, history.judged, text_families(history.incidents), history.confirmed_families)


def measure_flaws(
    history: History, embedder: Embedder | None, report: BacktestReport, progress: Progress | None = None
) -> Iterator[FlawEffect]:
    """Yield what each flaw of the history costs, with one more replay for each."""
    truths = truth_of(history)
    flaw_list = _recall_flaws(history.incidents)
    flawed = {name for flaw in flaw_list if flaw.how != "left out" for name in flaw.incidents}
    flawless = [incident.id for incident in history.incidents if incident.resolution and incident.id not in flawed]
    for flaw in flaw_list:
        treated = mending.select_treated(flaw, flawless)
        left_out = flaw.how == "left out"
        replay = Replay(
            history,
            embedder,
            forget=frozenset(treated if left_out else ()),
            blank=frozenset(() if left_out else treated),
            progress=progress,
        )
        yield mending.measure_effect(flaw, treated, report.cases, judge_answers(replay.run(), truths))


def history_of_store(store: Storage) -> History:
    """Return all incidents and documents of a store with the confirmed precedents from ratings."""
    incidents: list[Incident] = []
    cursor: str | None = None
    while True:
        page = store.incidents.page(cursor=cursor, limit=PAGE_SIZE)
        incidents += page.items
        if (cursor := page.next_cursor) is None:
            break
    documents: list[Document] = []
    while True:
        document_page = store.documents.page(cursor=cursor, limit=PAGE_SIZE)
        documents += document_page.items
        if (cursor := document_page.next_cursor) is None:
            break
    judged = _confirmed_precedents(store, incidents) if store.health.counts()["outcomes"] else {}
    history = History.of([*incidents, *documents], judged)
    return replace(history, confirmed_families=store.cause_families.labels())


def _confirmed_precedents(store: Storage, incidents: Iterable[Incident]) -> dict[str, frozenset[str]]:
    """Return for each incident the cited earlier ones of answers that were rated as helpful."""
    judged: dict[str, frozenset[str]] = {}
    for incident in incidents:
        right = {
            answer.cause_citation.evidence_id
            for answer in store.recommendations.of_incident(incident.id)
            if answer.cause_citation
            and any(outcome.verdict == "helped" for outcome in store.outcomes.of_recommendation(answer.id))
        }
        if right:
            judged[incident.id] = frozenset(right)
    return judged


def _recall_flaws(incidents: Sequence[Incident]) -> list[HistoryFlaw]:
    """Return the flaws that affect recall."""
    incidents_by_flaw: dict[str, list[str]] = {}
    for incident, names in incidents_with_flaws(incidents):
        for name in names:
            incidents_by_flaw.setdefault(name, []).append(incident.id)
    return [
        HistoryFlaw(name, FINDINGS[name], tuple(incidents_by_flaw[name]))
        for name in mending.TREATMENTS
        if name in incidents_by_flaw
    ]
