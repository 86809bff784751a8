"""The pictures of a backtest as inline SVG: no script, colours from the page's style, every text escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from onrecall.backtest.evaluation import BacktestReport, CaseGroup
from onrecall.backtest.learning_curve import LearningCurve
from onrecall.backtest.report_text import SYSTEMS, percent
from onrecall.calibration.metrics import Estimate, wilson
from onrecall.calibration.reliability import Bin, CoveragePoint

WIDTH, HEIGHT = 360, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 14, 44
MOST_SERVICES = 12
MOST_PERIODS = 12
LONGEST_NAME = 18


def reliability(bins: Sequence[Bin]) -> str:
    """What was claimed against what came true; on the diagonal a claim is a frequency."""
    parts = [_frame("share that was right"), _line([(0.0, 0.0), (1.0, 1.0)], "ideal"), _percents()]
    for one in bins:
        parts += [_whisker(one.claimed, one.low, one.high), _dot(one.claimed, one.right / one.of, _size(one.of))]
    parts.append(_below("confidence shown"))
    said = "; ".join(f"shown {one.claimed:.0%}, right {one.right} of {one.of}" for one in bins)
    return _svg(parts, f"Reliability: {said}")


def risk_coverage(points: Sequence[CoveragePoint]) -> str:
    """How often an answer is wrong when only the surest ones are shown."""
    path = [(one.coverage, one.risk) for one in points]
    parts = [_frame("share that was wrong"), _percents(), _line(path, "ours"), *(_dot(x, y, 2.5) for x, y in path[-1:])]
    parts.append(_below("share of answers shown, the surest first"))
    last = points[-1]
    return _svg(parts, f"Risk and coverage: with all answers shown {last.risk:.0%} are wrong")


def over_time(months: Sequence[CaseGroup], overall: Estimate) -> str:
    """Hit@3 of each period, with its interval."""
    found = periods(months)
    parts = [_frame("hit@3")]
    if overall.value is not None:
        parts.append(_line([(0.0, overall.value), (1.0, overall.value)], "ideal"))
    for place, (name, k, n) in enumerate(found):
        x = (place + 0.5) / len(found)
        low, high = wilson(k, n)
        parts += [_whisker(x, low, high), _dot(x, k / n, _size(n))]
        if place % max(1, -(-len(found) // 4)) == 0:
            parts.append(_text(_x(x), HEIGHT - BOTTOM + 16, name, "middle"))
    parts.append(_below("when it opened"))
    return _svg(parts, "Hit rate over time: " + "; ".join(f"{name}: {k} of {n}" for name, k, n in found))


def by_service(groups: Iterable[CaseGroup]) -> str:
    """Hit@3 of the services with most to find."""
    found = sorted((one for one in groups if one.hits.hit_at_3.n), key=lambda one: (-one.hits.hit_at_3.n, one.name))
    return _bars([(_short(one.name), one.hits.hit_at_3) for one in found[:MOST_SERVICES]], "hit@3 by service")


def beside(report: BacktestReport) -> str:
    """Hit@3 of the memory and of each baseline."""
    rows = [("OnRecall", report.hits.hit_at_3)]
    rows += [(SYSTEMS[one.name], one.hits.hit_at_3) for one in report.baselines if not one.missing]
    return _bars(rows, "hit@3 beside the baselines", ours=1)


def learning(found: LearningCurve) -> str:
    """Hit@1 on the same later openings, for memories that stopped learning earlier and earlier."""
    frozen = [(point.after, point.hit_at_1) for point in found.points if point.after is not None]
    live = found.points[-1].hit_at_1
    parts = [_frame("hit@1")]
    if live.value is not None:
        parts.append(_line([(0.0, live.value), (1.0, live.value)], "ideal"))
    path: list[tuple[float, float]] = []
    for place, (after, rate) in enumerate(frozen):
        x = (place + 0.5) / len(frozen)
        parts.append(_text(_x(x), HEIGHT - BOTTOM + 16, str(after), "middle"))
        if rate.value is not None and rate.low is not None and rate.high is not None:
            path.append((x, rate.value))
            parts += [_whisker(x, rate.low, rate.high), _dot(x, rate.value, 4)]
    parts += [_line(path, "ours"), _below(f"{found.unit} learned before it stopped learning")]
    return _svg(parts, "Learning curve: " + "; ".join(f"{after}: {_percent(rate.value)}" for after, rate in frozen))


def periods(months: Sequence[CaseGroup]) -> list[tuple[str, int, int]]:
    """Name, hits and questions of each period: months, or quarters, or years where there are many."""
    with_any = [one for one in months if one.hits.hit_at_3.n]
    for name in (_month, _quarter, _year):
        merged: dict[str, tuple[int, int]] = {}
        for one in with_any:
            rate = one.hits.hit_at_3
            k, n = merged.get(name(one.name), (0, 0))
            merged[name(one.name)] = (k + round((rate.value or 0.0) * rate.n), n + rate.n)
        if len(merged) <= MOST_PERIODS:
            break
    return [(name, k, n) for name, (k, n) in merged.items()]


def _month(name: str) -> str:
    return name


def _quarter(name: str) -> str:
    return f"{name[:4]} Q{(int(name[5:7]) + 2) // 3}"


def _year(name: str) -> str:
    return name[:4]


def _bars(rows: Sequence[tuple[str, Estimate]], title: str, ours: int | None = None) -> str:
    """Horizontal bars; beyond the first few `ours`, they stand back."""
    left, step = 118, 26
    height = TOP + step * len(rows) + 24
    width = WIDTH - left - 82
    parts = []
    for row, (name, rate) in enumerate(rows):
        y = TOP + step * row + step / 2
        kind = "bar" if ours is None or row < ours else "other"
        value, low, high = rate.value or 0.0, rate.low or 0.0, rate.high or 0.0
        parts += [
            _text(left - 8, y + 4, name, "end"),
            f'<rect class="track" x="{left}" y="{y - 7:.1f}" width="{width}" height="14" rx="3"/>',
            f'<rect class="{kind}" x="{left}" y="{y - 7:.1f}" width="{width * value:.1f}" height="14" rx="3"/>',
            _stroke(left + width * low, y, left + width * high, y),
            _text(left + width + 6, y + 4, f"{_percent(rate.value)}, n {rate.n}", "start"),
        ]
    parts += [_text(left + width * part, height - 6, percent(part), "middle") for part in (0.0, 0.5, 1.0)]
    said = "; ".join(f"{name}: {_percent(rate.value)} of {rate.n}" for name, rate in rows)
    return _svg(parts, f"{title}: {said}", height)


def _svg(parts: Iterable[str], said: str, height: int = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'


def _frame(label: str) -> str:
    grid = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(part):.1f}" y2="{_y(part):.1f}"/>'
        + _text(LEFT - 6, _y(part) + 4, percent(part), "end")
        for part in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    middle = (_y(0.0) + _y(1.0)) / 2
    side = f'<text class="axis" transform="rotate(-90 12 {middle})" x="12" y="{middle}">{escape(label)}</text>'
    return grid + side


def _percents() -> str:
    ticks = (0.25, 0.5, 0.75, 1.0)  # 0 stands at the other axis, in the same corner
    return "".join(_text(_x(part), HEIGHT - BOTTOM + 16, percent(part), "middle") for part in ticks)


def _below(label: str) -> str:
    return f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}">{escape(label)}</text>'


def _text(x: float, y: float, said: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def _line(points: Sequence[tuple[float, float]], kind: str) -> str:
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{path}"/>'


def _whisker(x: float, low: float, high: float) -> str:
    return _stroke(_x(x), _y(low), _x(x), _y(high))


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="whisker" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle class="dot" cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius:.1f}"/>'


def _size(n: int) -> float:
    return float(min(8.0, 3.0 + n**0.5 / 4))


def _x(part: float) -> float:
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _y(part: float) -> float:
    return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _percent(value: float | None) -> str:
    return "–" if value is None else percent(value)
