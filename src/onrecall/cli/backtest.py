"""The backtest from the command line: over a file, a folder, an export, or the live store."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from onrecall import importers as history
from onrecall.backtest import report_html as page
from onrecall.backtest import report_json as contract
from onrecall.backtest import report_text as words
from onrecall.backtest import second_opinion
from onrecall.backtest.chronology import History
from onrecall.backtest.data_quality_ablation import FlawEffect
from onrecall.backtest.evaluation import BacktestReport
from onrecall.backtest.run import backtest, history_of_store, measure_flaws
from onrecall.backtest.second_opinion import OpinionRate
from onrecall.bootstrap.app import embedder, open_app, settings
from onrecall.cli import console
from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Incident
from onrecall.export import archive
from onrecall.pipeline import IncidentService
from onrecall.pipeline.cause_proposals import propose_families
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.pipeline.root_causes import waiting_proposals
from onrecall.settings import Settings
from onrecall.storage.backtests import Backtests

SHOWN_GROUPS = 8
"""Services with the most to find, and newest months, that are printed."""


@dataclass(frozen=True, slots=True)
class FinishedBacktest:
    """A finished backtest."""

    title: str
    report: BacktestReport
    effects: tuple[FlawEffect, ...] = ()
    opinion: OpinionRate | None = None
    """How often the second opinion was right; None if none is configured."""
    proposed_causes: int = 0
    """Families of root causes without a label that could be confirmed."""

    def to_json(self, *, each: bool = False) -> dict[str, Any]:
        """Return the report as JSON-ready data."""
        opinion = {"second_opinion": self.opinion.to_json()} if self.opinion else {}
        more = {
            "quality": [_effect_to_json(effect) for effect in self.effects],
            "proposed_causes": self.proposed_causes,
        }
        return contract.report_to_json(self.report, with_cases=each) | more | opinion

    def write(self, file: Path) -> None:
        """Write the report as one HTML page."""
        try:
            file.write_text(page.render_html(self.report, self.title, self.effects), encoding="utf-8")
        except OSError as error:
            raise Invalid(f"{file} can't be written: {error.strerror}", "html") from error

    def short_of(self, hit3: float | None) -> str | None:
        """Return why the backtest fails as a gate; None if it passes."""
        rate = self.report.hits.hit_at_3
        if hit3 is None or (rate.value is not None and rate.value >= hit3):
            return None
        if rate.value is None:
            why = contract.not_measured(self.report)["hit_at_3"]
            return f"hit@3 cannot be measured, so it does not reach {hit3:g}: {why}"
        return f"hit@3 is {rate.value:.3f} ({rate.low:.3f}–{rate.high:.3f}, n {rate.n}), below {hit3:g}"

    def show(self) -> None:
        """Print the report."""
        report = self.report
        self._show_basis()
        console.out.print(_figures_table(report))
        if report.to_find:
            console.out.print(_systems_table(report, self.opinion))
            console.out.print(_groups_table(report))
        if report.power:
            console.print_line(report.power.sentence)
        self._show_gaps()
        for effect in self.effects:
            console.print_line(
                f"if corrected: {effect.flaw.meaning} ({len(effect.flaw.incidents)}): hit@3 {_format_change(effect)}"
            )

    def _show_basis(self) -> None:
        """Print what was replayed, and what to know of it."""
        report = self.report
        console.print_line(
            f"{self.title}: {count_noun(report.incidents, 'opening')}"
            f", {count_noun(report.documents, 'document')}, {report.seconds:.0f} s"
        )
        for note in (contract.basis_note(report), *report.notes):
            console.print_line((note, "dim"))
        if self.proposed_causes:
            singular, plural = "family of root causes has no label", "families of root causes have no label"
            waiting = f"{count_noun(self.proposed_causes, singular, plural)}; with one they count as hits"
            console.print_line((f"{waiting}: import, then onrecall causes list", "dim"))

    def _show_gaps(self) -> None:
        """Print what could not be measured, and why."""
        if self.opinion and self.opinion.missing:
            console.print_line((f"not measured: second opinion: {self.opinion.missing}", "yellow"))
        for why, names in contract.reasons_not_measured(self.report).items():
            console.print_line((f"not measured: {', '.join(names)}: {why}", "yellow"))


def run_backtest(path: Path | None, *, quality: bool = False) -> FinishedBacktest:
    """Replay the history at the path, or the store's own; with `quality`, once more for each of its flaws.

    Over the store's own history the answers are kept as judged: confidence is measured on them from then on.
    """
    chosen = settings()
    started = datetime.now(UTC)
    title, history_to_replay, waiting = _history_of_store(chosen) if path is None else _history_at(path)
    if not history_to_replay.incidents and not history_to_replay.reports:
        raise Invalid(f"there is no incident in {title}; import some, or name a file or folder that has them", "path")
    model = embedder(chosen)
    with console.stage_progress() as progress:
        report = backtest(history_to_replay, model, progress)
        effects = tuple(measure_flaws(history_to_replay, model, report, progress)) if quality else ()
    opinion = None
    if path is None:
        with open_app(chosen) as context:
            _keep_judged(context.memory, report, started)
            opinion = _measure_opinion(context.hindsight, history_to_replay, report)
    return FinishedBacktest(title, report, effects, opinion, waiting)


def _history_of_store(chosen: Settings) -> tuple[str, History, int]:
    """Return title and history of the live store, and how many families of causes wait for a label."""
    with open_app(chosen) as context:
        store = context.memory.store
        stored = history_of_store(store)
        return "the live store", stored, len(waiting_proposals(store, stored.incidents))


def _history_at(path: Path) -> tuple[str, History, int]:
    """Return the same of a path."""
    read = read_history(path)
    return path.resolve().name, read, len(propose_families(read.incidents, {}))


def _keep_judged(memory: IncidentService, report: BacktestReport, started: datetime) -> None:
    judged = [judged_case for case in report.cases if (judged_case := case.judged)]
    memory.trust.record_replay(judged, memory.now(), report.learning)
    _record(memory.store.backtests, report, started, memory.now())


def _measure_opinion(peer: HindsightPeer | None, replayed: History, report: BacktestReport) -> OpinionRate | None:
    if peer is None or not peer.opinion_seconds:
        return None
    with console.stage_progress() as progress:
        return second_opinion.measure_opinions(peer.bank, replayed, report, progress)


def _record(backtests: Backtests, report: BacktestReport, started: datetime, now: datetime) -> None:
    """Keep the result as the newest backtest of the store, unless one is running there."""
    begun, is_new = backtests.begin(None, started)
    if is_new:
        backtests.finish(begun.number, contract.summarize_report(report), now)


def read_history(path: Path) -> History:
    """Read the history at a path: a file, a folder or an export. Raises Invalid."""
    if not path.exists():
        raise Invalid(f"{path} is not there; check the path", "path")
    paths = [path / "incidents.jsonl", path / "documents"] if archive.is_export(path) else [path]
    items = (item for file_path in paths for item in history.read(file_path))
    return History.of(item for item in items if isinstance(item, Incident | Document | RejectedInput))


def _figures_table(report: BacktestReport) -> Table:
    table = Table("figure", "value (95 %)", "n")
    measured = {name: estimate for name, estimate in contract.estimates(report).items() if estimate.value is not None}
    for name, estimate in measured.items():
        table.add_row(
            words.MEANINGS[name][0],
            words.format_estimate(estimate, share=name not in words.NOT_SHARES),
            str(estimate.n),
        )
    return table


def _systems_table(report: BacktestReport, opinion: OpinionRate | None) -> Table:
    table = Table("system", "hit@1", "hit@3", "hit@5", "n")
    rows = [
        ("OnRecall", report.hits),
        *((words.SYSTEMS[baseline.name], baseline.hits) for baseline in report.baselines if not baseline.missing),
    ]
    if opinion and not opinion.missing:
        rows.append((f"second opinion (Hindsight, bank {opinion.bank})", opinion.hits))
    for name, hits in rows:
        rates = (hits.hit_at_1, hits.hit_at_3, hits.hit_at_5)
        table.add_row(name, *(words.format_estimate(rate) for rate in rates), str(hits.hit_at_3.n))
    return table


def _groups_table(report: BacktestReport) -> Table:
    """Build the table by service, month, severity and length of the opening; all services are in HTML and JSON."""
    table = Table("openings", "", "hit@1", "hit@3", "to find")
    by_service = sorted(report.by_service, key=lambda group: -group.hits.hit_at_3.n)
    for kind, groups in (
        ("service", by_service[:SHOWN_GROUPS]),
        ("month", report.by_month[-SHOWN_GROUPS:]),
        ("severity", report.by_severity),
        ("length", report.by_length),
    ):
        for group in (group for group in groups if group.hits.hit_at_3.n):
            rates = (group.hits.hit_at_1, group.hits.hit_at_3)
            table.add_row(
                kind, group.name, *(words.format_estimate(rate) for rate in rates), str(group.hits.hit_at_3.n)
            )
    return table


def _format_change(effect: FlawEffect) -> str:
    change = effect.hit_at_3
    if change.value is None:
        return "not measured"
    return f"{change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f}), {effect.flaw.how}"


def _effect_to_json(effect: FlawEffect) -> dict[str, Any]:
    return {
        "flaw": effect.flaw.name,
        "meaning": effect.flaw.meaning,
        "incidents": len(effect.flaw.incidents),
        "examples": list(effect.flaw.incidents[:5]),
        "how": effect.flaw.how,
        "changed": effect.changed,
        "hit_at_3": asdict(effect.hit_at_3),
        "cause_match": asdict(effect.cause_match),
    }
