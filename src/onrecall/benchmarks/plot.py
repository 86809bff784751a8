"""Chart of the speed benchmark: p95 latency and hit@10."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onrecall.benchmarks.speed import EngineResult, SpeedReport
from onrecall.domain.errors import Invalid

ENGINE_COLORS = {
    "onrecall": "#0b6e4f",
    "chroma": "#c1666b",
    "fts5": "#7a6f9b",
    "pgvector": "#2f6690",
    "opensearch": "#b8860b",
}


def draw(report: SpeedReport, path: Path) -> None:
    """Write the picture as SVG, the same bytes for the same report."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - of the group `bench`, which the product does without
        from matplotlib.figure import Figure  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise Invalid("to draw, matplotlib is needed; `make bench-setup` installs it", "picture") from error
    results = [result for result in report.results if result.series]
    with mpl.rc_context({"svg.hashsalt": "onrecall", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        speed, quality = figure.subplots(1, 2)
        _bars(speed, results, [result.series[0].p95 for result in results], "{:.0f}")
        speed.set_title("text in, answer out: p95, milliseconds")
        speed.set_yscale("log")
        _bars(quality, results, [result.series[0].hit_at_10 for result in results], "{:.2f}")
        quality.set_title("right incident among the first ten")
        quality.set_ylim(0, 1.1)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _bars(axes: Any, results: Sequence[EngineResult], values: Sequence[float], form: str) -> None:
    """A bar for each engine and size, with its value on it."""
    sizes = list(dict.fromkeys(_size(result) for result in results))
    names = list(dict.fromkeys(result.engine for result in results))
    width = 0.8 / len(names)
    for n, name in enumerate(names):
        pairs = zip(results, values, strict=True)
        bar_values = [
            (sizes.index(_size(result)) + n * width, value) for result, value in pairs if result.engine == name
        ]
        bars = axes.bar(*zip(*bar_values, strict=True), width, label=name, color=ENGINE_COLORS[name])
        axes.bar_label(bars, fmt=form, fontsize=7)
    axes.set_xticks([at + 0.4 - width / 2 for at in range(len(sizes))], sizes)
    axes.set_xlabel("passages")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7)


def _size(result: EngineResult) -> str:
    return f"{round(result.passages, -2):,}"
