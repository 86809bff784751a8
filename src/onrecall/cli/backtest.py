"""The backtest from the command line: over a file, a folder, an export, or the live store."""

from dataclasses import asdict, dataclass
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
from onrecall.backtest.run import backtest, effects, live
from onrecall.backtest.second_opinion import OpinionRate
from onrecall.bootstrap.app import embedder, open_app, settings
from onrecall.cli import console as printing
from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Document, Incident
from onrecall.export import archive
from onrecall.pipeline.cause_proposals import proposals
from onrecall.pipeline.root_causes import waiting_proposals


@dataclass(frozen=True, slots=True)
class FinishedBacktest:
    """A finished backtest."""

    title: str
    report: BacktestReport
    effects: tuple[FlawEffect, ...] = ()
    opinion: OpinionRate | None = None
    """How often the second opinion was right; None where nobody is asked for one."""
    proposed_causes: int = 0
    """Families of root causes without a label that could be confirmed."""

    def plain(self, *, each: bool = False) -> dict[str, Any]:
        """The report as the contract has it."""
        opinion = {"second_opinion": self.opinion.plain()} if self.opinion else {}
        more = {"quality": [_plain(one) for one in self.effects], "proposed_causes": self.proposed_causes}
        return contract.plain(self.report, each=each) | more | opinion

    def write(self, file: Path) -> None:
        """Write the report as one HTML page."""
        try:
            file.write_text(page.html(self.report, self.title, self.effects), encoding="utf-8")
        except OSError as error:
            raise Invalid(f"{file} can't be written: {error.strerror}", "html") from error

    def short_of(self, hit3: float | None) -> str | None:
        """Why the backtest fails as a gate; None when it passes."""
        rate = self.report.hits.hit_at_3
        if hit3 is None or (rate.value is not None and rate.value >= hit3):
            return None
        if rate.value is None:
            why = contract.not_measured(self.report)["hit_at_3"]
            return f"hit@3 can't be measured, so it is not at least {hit3:g}: {why}"
        return f"hit@3 is {rate.value:.3f} ({rate.low:.3f}–{rate.high:.3f}, n {rate.n}), less than {hit3:g}"

    def show(self) -> None:
        """The report on a terminal."""
        report = self.report
        printing.say(f"{self.title}: {report.incidents} openings, {report.documents} documents, {report.seconds:.0f} s")
        printing.say((contract.basis_note(report), "dim"))
        for note in report.notes:
            printing.say((note, "dim"))
        if self.proposed_causes:
            waiting = f"{self.proposed_causes} families of root causes have no label; with one they count as hits"
            printing.say((f"{waiting}: import, then onrecall causes list", "dim"))
        printing.out.print(_figures(report))
        if report.to_find:
            printing.out.print(_beside(report, self.opinion))
            printing.out.print(_groups(report))
        if report.power:
            printing.say(report.power.sentence)
        if self.opinion and self.opinion.missing:
            printing.say((f"not measured: second opinion: {self.opinion.missing}", "yellow"))
        for why, names in contract.reasons(report).items():
            printing.say((f"not measured: {', '.join(names)}: {why}", "yellow"))
        for one in self.effects:
            printing.say(f"if mended: {one.flaw.meaning} ({len(one.flaw.incidents)}): hit@3 {_change(one)}")


def run(path: Path | None, *, quality: bool = False) -> FinishedBacktest:
    """Replay the history at the path, or the store's own; with `quality`, once more for each of its flaws.

    Over the store's own history the answers are kept as judged: confidence is measured on them from then on.
    """
    chosen = settings()
    if path is None:
        with open_app(chosen) as home:
            told, title = live(home.memory.store), "the live store"
            waiting = len(waiting_proposals(home.memory.store, told.incidents))
    else:
        told, title = _read(path), path.resolve().name
        waiting = len(proposals(told.incidents, {}))
    if not told.incidents and not told.reports:
        raise Invalid(f"there is no incident in {title}; import some, or name a file or folder that has them", "path")
    model = embedder(chosen)
    with printing.stages() as progress:
        report = backtest(told, model, progress)
        found = tuple(effects(told, model, report, progress)) if quality else ()
    opinion = None
    if path is None:
        with open_app(chosen) as home:
            judged = [known for one in report.cases if (known := one.judged)]
            home.memory.trust.replayed(judged, home.memory.now(), report.learning)
            if home.hindsight and home.hindsight.opinion_seconds:
                with printing.stages() as progress:
                    opinion = second_opinion.measure(home.hindsight.bank, told, report, progress)
    return FinishedBacktest(title, report, found, opinion, waiting)


def _read(path: Path) -> History:
    if not path.exists():
        raise Invalid(f"{path} is not there; check the path", "path")
    paths = [path / "incidents.jsonl", path / "documents"] if archive.is_export(path) else [path]
    things = (thing for one in paths for thing in history.read(one))
    return History.of(thing for thing in things if isinstance(thing, Incident | Document | RejectedInput))


def _figures(report: BacktestReport) -> Table:
    table = Table("figure", "value (95 %)", "n")
    measured = {name: one for name, one in contract.estimates(report).items() if one.value is not None}
    for name, one in measured.items():
        table.add_row(words.MEANINGS[name][0], words.said(one, share=name not in words.PLAIN), str(one.n))
    return table


def _beside(report: BacktestReport, opinion: OpinionRate | None) -> Table:
    table = Table("system", "hit@1", "hit@3", "hit@5", "n")
    rows = [
        ("OnRecall", report.hits),
        *((words.SYSTEMS[one.name], one.hits) for one in report.baselines if not one.missing),
    ]
    if opinion and not opinion.missing:
        rows.append((f"second opinion (Hindsight, bank {opinion.bank})", opinion.hits))
    for name, hits in rows:
        rates = (hits.hit_at_1, hits.hit_at_3, hits.hit_at_5)
        table.add_row(name, *(words.said(rate) for rate in rates), str(hits.hit_at_3.n))
    return table


def _groups(report: BacktestReport) -> Table:
    """By severity and by length of the opening; services and months are on the page and in the JSON."""
    table = Table("openings", "", "hit@1", "hit@3", "to find")
    for kind, groups in (("severity", report.by_severity), ("length", report.by_length)):
        for group in groups:
            rates = (group.hits.hit_at_1, group.hits.hit_at_3)
            table.add_row(kind, group.name, *(words.said(rate) for rate in rates), str(group.hits.hit_at_3.n))
    return table


def _change(one: FlawEffect) -> str:
    change = one.hit_at_3
    if change.value is None:
        return "not measured"
    return f"{change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f}), {one.flaw.how}"


def _plain(one: FlawEffect) -> dict[str, Any]:
    return {
        "flaw": one.flaw.name,
        "meaning": one.flaw.meaning,
        "incidents": len(one.flaw.incidents),
        "examples": list(one.flaw.incidents[:5]),
        "how": one.flaw.how,
        "changed": one.changed,
        "hit_at_3": asdict(one.hit_at_3),
        "cause_match": asdict(one.cause_match),
    }
