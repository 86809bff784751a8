"""Markdown report of a speed run: tables and findings."""

import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path

from onrecall.benchmarks.speed import EngineResult, SpeedReport

NAMES = {
    "onrecall": "OnRecall",
    "chroma": "ChromaDB {chromadb} + MiniLM",
    "fts5": "SQLite FTS5",
    "pgvector": "OnRecall on PostgreSQL (pgvector)",
    "opensearch": "OnRecall with OpenSearch",
}
MODES = {"all": "everything", "service": "one service", "kind": "incidents", "as_of": "as of a day"}
END = "<!-- end of this run -->"
P95 = ((100_000, 50), (1_000_000, 150))
"""Targets: number of passages, milliseconds."""
MAX_FILTER_SLOWDOWN = 1.5
"""Maximum slowdown of a filtered question."""
COLD, MEMORY = (100_000, 1_000), (1_000_000, 1_000)
"""Targets: passages and milliseconds to the first answer; passages and megabytes."""


def write_report(path: Path, report: SpeedReport) -> None:
    """Write the run to the page, replacing an earlier run of the same sizes, otherwise at the end."""
    begin = f"<!-- bench speed --sizes {_join_numbers(report.sizes)} -->"
    block = "\n".join([begin, *_lines(report), END])
    page = path.read_text("utf-8") if path.exists() else ""
    before, marker, following = page.partition(begin)
    after = following.partition(END)[2] if marker else ""
    path.write_text(f"{before}{block}{after}" if marker else f"{page}\n{block}\n".lstrip("\n"), "utf-8")


def _lines(report: SpeedReport) -> Iterator[str]:
    yield from ("", f"Measured on {report.day}: {report.processors} processors ({report.machine}), by", "", "```sh")
    yield f"onrecall bench speed --sizes {_join_numbers(report.sizes)} --peers {','.join(report.peers)} \\"
    yield f"  --series-seconds {report.series_seconds:g} --peer-build-seconds {report.peer_build_seconds:g}"
    yield from ("```", "")
    yield (
        f"A series is ended after {report.series_seconds:g} s: *n* of the {report.questions} questions were asked. "
        f"A peer is stopped when it has been building for {report.peer_build_seconds:g} s."
    )
    yield from ("", *_latency_table(report), "", *_build_table(report), "", *_findings(report), "")


def _latency_table(report: SpeedReport) -> Iterator[str]:
    yield "| passages | engine | asked of | p50 ms | p95 ms | p99 ms | processor time, median ms | hit@10 | n |"
    yield "|---:|---|---|---:|---:|---:|---:|---:|---:|"
    for result in report.results:
        for row in result.series:
            times = f"{row.p50:.0f} | **{row.p95:.0f}** | {row.p99:.0f} | {row.cpu:.1f}"
            hits = f"{row.hit_at_10:.3f} | {row.asked}"
            yield f"| {_size(result)} | {_name(result)} | {MODES[row.mode]} | {times} | {hits} |"


def _single_cost(result: EngineResult) -> str:
    costs = [
        f"{value:{form}} {unit}"
        for value, form, unit in ((result.single_cpu_ms, ".1f", "ms"), (result.single_written_kb, ".0f", "kB"))
        if value is not None
    ]
    return f" ({', '.join(costs)})" if costs else ""


def _build_table(report: SpeedReport) -> Iterator[str]:
    yield (
        "| passages | engine | build | from opening the files to the first answer | from the start of the process"
        " | memory, peak | disk | adds one by one | load before, after |"
    )
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---|"
    for result in report.results:
        if not result.complete:
            stopped = f"stopped after {result.build_s:.0f} s at {result.passages:,}"
            yield f"| {_size(result)} | {_name(result)} | {stopped} | | | | | | |"
            continue
        cells = (
            f"{result.build_s:.0f} s",
            f"{result.cold_ms or 0:.0f} ms",
            f"{(result.start_ms or 0) / 1000:.1f} s",
            f"{result.memory_mb or 0:.0f} MB",
            f"{result.disk_mb:.0f} MB",
            f"{result.singles_per_s or 0:.0f}/s{_single_cost(result)}",
            ", ".join(f"{value:.1f}" for value in result.load),
        )
        yield f"| {_size(result)} | {_name(result)} | {' | '.join(cells)} |"


def _findings(report: SpeedReport) -> Iterator[str]:
    yield "| wanted | seen |"
    yield "|---|---|"
    ours = {result.asked_for: result for result in report.results if result.engine == "onrecall" and result.series}
    for size, most in P95:
        if size in ours:
            p95 = ours[size].series[0].p95
            yield f"| {size:,} passages: p95 < {most} ms | {_yes_or_no(p95 < most)}: {p95:.0f} ms |"
    for size, result in ours.items():
        slowest = max(row.p95 / result.series[0].p95 for row in result.series)
        yield (
            f"| {size:,}: filtered at most {MAX_FILTER_SLOWDOWN:g} times unfiltered, p95"
            f" | {_yes_or_no(slowest <= MAX_FILTER_SLOWDOWN)}: {slowest:.1f} times at the most |"
        )
    for size, result in ours.items():
        if size == COLD[0] and result.cold_ms is not None:
            finding = f"{_yes_or_no(result.cold_ms < COLD[1])}: {result.cold_ms:.0f} ms from opening the files"
            yield f"| cold start at {size:,} < {COLD[1] / 1000:g} s | {finding} |"
        if size == MEMORY[0] and result.memory_mb is not None:
            finding = f"{_yes_or_no(result.memory_mb < MEMORY[1])}: {result.memory_mb:.0f} MB at the peak"
            yield f"| memory at {size:,} < {MEMORY[1] / 1000:g} GB | {finding} |"
    for size, result in ours.items():
        yield from (_peer_comparison(result, peer, size) for peer in report.results if _comparable(result, peer))


def _peer_comparison(result: EngineResult, peer: EngineResult, size: int) -> str:
    """Compare with a peer in latency, processor time and hit@10."""
    our_series, peer_series = result.series[0], peer.series[0]
    better = our_series.p95 < peer_series.p95 and our_series.hit_at_10 > peer_series.hit_at_10
    comparison = (
        f"p95 {our_series.p95:.1f} against {peer_series.p95:.1f} ms,"
        f" processor time {our_series.cpu:.1f} against {peer_series.cpu:.1f} ms,"
        f" hit@10 {our_series.hit_at_10:.3f} against {peer_series.hit_at_10:.3f}"
    )
    return f"| {size:,}: faster than {_name(peer)}, at higher quality | {_yes_or_no(better)}: {comparison} |"


def _comparable(result: EngineResult, peer: EngineResult) -> bool:
    return peer.engine == "chroma" and peer.asked_for == result.asked_for and bool(peer.series)


def _yes_or_no(met: bool) -> str:
    return "yes" if met else "**no**"


def _size(result: EngineResult) -> str:
    return f"{result.asked_for:,}"


def _name(result: EngineResult) -> str:
    name = NAMES[result.engine]
    return name.format(chromadb=importlib.metadata.version("chromadb")) if "{" in name else name


def _join_numbers(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
