"""A speed run as a page shows it: tables and findings, written from the report and from nothing else."""

import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path

from onrecall.benchmarks.speed import EngineResult, SpeedReport

NAMES = {
    "onrecall": "OnRecall",
    "chroma": "ChromaDB {chromadb} + MiniLM",
    "fts5": "SQLite FTS5",
    "pgvector": "OnRecall on PostgreSQL (pgvector)",
}
MODES = {"all": "everything", "service": "one service", "kind": "incidents", "as_of": "as of a day"}
END = "<!-- end of this run -->"
P95 = ((100_000, 50), (1_000_000, 150))
"""Wanted: at so many passages, milliseconds."""
SHARE = 1.5
"""How much slower a filtered question may be."""
COLD, MEMORY = (100_000, 1_000), (1_000_000, 1_000)
"""Milliseconds to the first answer at so many passages, and megabytes."""


def write(path: Path, report: SpeedReport) -> None:
    """Put the run on the page: in the place of an earlier one of the same sizes, else at the end."""
    begin = f"<!-- bench speed --sizes {_listed(report.sizes)} -->"
    block = "\n".join([begin, *_lines(report), END])
    page = path.read_text("utf-8") if path.exists() else ""
    before, there, rest = page.partition(begin)
    after = rest.partition(END)[2] if there else ""
    path.write_text(f"{before}{block}{after}" if there else f"{page}\n{block}\n".lstrip("\n"), "utf-8")


def _lines(report: SpeedReport) -> Iterator[str]:
    yield from ("", f"Measured on {report.day}: {report.processors} processors ({report.machine}), by", "", "```sh")
    yield f"onrecall bench speed --sizes {_listed(report.sizes)} --peers {','.join(report.peers)} \\"
    yield f"  --series-seconds {report.series_seconds:g} --peer-build-seconds {report.peer_build_seconds:g}"
    yield from ("```", "")
    yield (
        f"A series is ended after {report.series_seconds:g} s: *n* of the {report.questions} questions were asked. "
        f"A peer is stopped when it has been building for {report.peer_build_seconds:g} s."
    )
    yield from ("", *_asked(report), "", *_kept(report), "", *_findings(report), "")


def _asked(report: SpeedReport) -> Iterator[str]:
    yield "| passages | engine | asked of | p50 ms | p95 ms | p99 ms | processor time, median ms | hit@10 | n |"
    yield "|---:|---|---|---:|---:|---:|---:|---:|---:|"
    for one in report.results:
        for row in one.series:
            times = f"{row.p50:.0f} | **{row.p95:.0f}** | {row.p99:.0f} | {row.cpu:.1f}"
            yield f"| {_size(one)} | {_name(one)} | {MODES[row.mode]} | {times} | {row.hit_at_10:.3f} | {row.asked} |"


def _kept(report: SpeedReport) -> Iterator[str]:
    yield (
        "| passages | engine | build | from opening the files to the first answer | from the start of the process"
        " | memory, peak | disk | adds one by one | load before, after |"
    )
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---|"
    for one in report.results:
        if not one.complete:
            yield f"| {_size(one)} | {_name(one)} | stopped after {one.build_s:.0f} s at {one.passages:,} | | | | | | |"
            continue
        told = (
            f"{one.build_s:.0f} s",
            f"{one.cold_ms or 0:.0f} ms",
            f"{(one.start_ms or 0) / 1000:.1f} s",
            f"{one.memory_mb or 0:.0f} MB",
            f"{one.disk_mb:.0f} MB",
            f"{one.singles_per_s or 0:.0f}/s",
            ", ".join(f"{value:.1f}" for value in one.load),
        )
        yield f"| {_size(one)} | {_name(one)} | {' | '.join(told)} |"


def _findings(report: SpeedReport) -> Iterator[str]:
    yield "| wanted | seen |"
    yield "|---|---|"
    ours = {one.asked_for: one for one in report.results if one.engine == "onrecall" and one.series}
    for size, most in P95:
        if size in ours:
            p95 = ours[size].series[0].p95
            yield f"| {size:,} passages: p95 < {most} ms | {_judged(p95 < most)}: {p95:.0f} ms |"
    for size, one in ours.items():
        slowest = max(row.p95 / one.series[0].p95 for row in one.series)
        yield (
            f"| {size:,}: filtered at most {SHARE:g} times unfiltered, p95"
            f" | {_judged(slowest <= SHARE)}: {slowest:.1f} times at the most |"
        )
    for size, one in ours.items():
        if size == COLD[0] and one.cold_ms is not None:
            said = f"{_judged(one.cold_ms < COLD[1])}: {one.cold_ms:.0f} ms from opening the files"
            yield f"| cold start at {size:,} < {COLD[1] / 1000:g} s | {said} |"
        if size == MEMORY[0] and one.memory_mb is not None:
            said = f"{_judged(one.memory_mb < MEMORY[1])}: {one.memory_mb:.0f} MB at the peak"
            yield f"| memory at {size:,} < {MEMORY[1] / 1000:g} GB | {said} |"
    for size, one in ours.items():
        yield from (_beside(one, other, size) for other in report.results if _comparable(one, other))


def _beside(one: EngineResult, other: EngineResult, size: int) -> str:
    """Faster at higher quality, on the clock, in what it costs, and in hit@10."""
    mine, its = one.series[0], other.series[0]
    better = mine.p95 < its.p95 and mine.hit_at_10 > its.hit_at_10
    told = (
        f"p95 {mine.p95:.1f} against {its.p95:.1f} ms, processor time {mine.cpu:.1f} against {its.cpu:.1f} ms,"
        f" hit@10 {mine.hit_at_10:.3f} against {its.hit_at_10:.3f}"
    )
    return f"| {size:,}: faster than {_name(other)}, at higher quality | {_judged(better)}: {told} |"


def _comparable(one: EngineResult, other: EngineResult) -> bool:
    return other.engine == "chroma" and other.asked_for == one.asked_for and bool(other.series)


def _judged(held: bool) -> str:
    return "yes" if held else "**no**"


def _size(one: EngineResult) -> str:
    return f"{one.asked_for:,}"


def _name(one: EngineResult) -> str:
    name = NAMES[one.engine]
    return name.format(chromadb=importlib.metadata.version("chromadb")) if "{" in name else name


def _listed(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
