"""The report of a run as JSON and as a page."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from faults.measures import Figures
from faults.traffic import ALERTS_AT_ONCE, Rates

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True, slots=True)
class Restored:
    """The restart of everything from a backup on another network of hosts."""

    seconds: float
    """From empty hosts until every server answered whole."""
    alerts: int
    alerts_before: int
    incidents: int
    incidents_before: int
    documents: int
    documents_before: int
    same_answers: int
    """Questions whose first evidence is the same as before."""
    questions: int
    audit: str
    """What `onrecall audit verify` says."""


@dataclass(frozen=True, slots=True)
class FaultReport:
    """A run."""

    day: str
    machine: str
    processors: int
    load: tuple[float, float]
    """Processes that wanted to run, of the whole machine, before and after."""
    hosts: str
    rates: Rates
    figures: tuple[Figures, ...]
    left_out: tuple[str, ...]
    total_sent: int
    total_acknowledged: int
    total_lost: int
    total_doubled: int
    restored: Restored | None

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost and nothing doubled, and everything worked again after each fault."""
        return not self.total_lost and not self.total_doubled and not any(each.trouble for each in self.figures)


def write(report: FaultReport, page: Path | None, data: Path | None) -> None:
    """Write what was asked for; of the page, only the part between the marks is replaced."""
    if data:
        data.write_text(json.dumps(asdict(report), indent=2) + "\n", "utf-8")
    if page:
        text = page.read_text("utf-8") if page.exists() else f"{BEGIN}\n{END}\n"
        before, _, rest = text.partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n{as_markdown(report)}{END}{rest.partition(END)[2]}", "utf-8")


def as_markdown(report: FaultReport) -> str:
    """Return the tables."""
    rates = report.rates
    lines = [
        (
            f"Measured on {report.day}, {report.processors} processors ({report.machine}) shared with other work, at a "
            f"load of {report.load[0]:.0f} before and {report.load[1]:.0f} after. Hosts: {report.hosts}."
        ),
        "",
        (
            f"All the time {rates.notifications * ALERTS_AT_ONCE:g} alerts a second come by webhook and "
            f"{rates.records * ALERTS_AT_ONCE:g} by Kafka, and questions are asked at {rates.questions:g} a second. "
            f"In all **{report.total_acknowledged:,}** of {report.total_sent:,} alerts were acknowledged; "
            f"**{report.total_lost} of them were lost, {report.total_doubled} stored twice**."
        ),
        "",
        "| what broke | for s | until whole, s | acknowledged | stored | lost | doubled | resent | longest silence, s | asked | answered | degraded | p50 s | p95 s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *map(_row, report.figures),
        "",
    ]
    lines += [f"- *{figures.fault}*: {figures.how}." for figures in report.figures if figures.how]
    lines += [f"- Left out: {reason}." for reason in report.left_out]
    if report.restored:
        lines += ["", _restored(report.restored)]
    return "\n".join(lines) + "\n"


def _row(figures: Figures) -> str:
    cells = [
        figures.fault,
        f"{figures.seconds:.0f}",
        f"{figures.recovery_seconds:.0f}" + (f" **{figures.trouble}**" if figures.trouble else ""),
        f"{figures.acknowledged:,}",
        f"{figures.stored:,}",
        f"{figures.lost}",
        f"{figures.doubled}",
        f"{figures.resent}",
        f"{figures.longest_silence:.0f}",
        f"{figures.asked}",
        f"{figures.answered}",
        f"{figures.degraded}",
        *("–" if value is None else f"{value:.1f}" for value in (figures.p50, figures.p95)),
    ]
    return f"| {' | '.join(cells)} |"


def _restored(restored: Restored) -> str:
    return (
        f"**Restart from a backup on other hosts**: {restored.seconds:.0f} s from empty hosts to whole answers; "
        f"{restored.alerts:,} of {restored.alerts_before:,} alerts, {restored.incidents:,} of {restored.incidents_before:,} "
        f"incidents and {restored.documents:,} of {restored.documents_before:,} documents are there; "
        f"{restored.same_answers} of {restored.questions} questions get the same first evidence. "
        f"`onrecall audit verify`: {restored.audit}."
    )
