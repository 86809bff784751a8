"""Charts of a backtest as inline SVG, coloured by the page's style sheet; all text is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from onrecall.backtest.evaluation import BacktestReport, CaseGroup
from onrecall.backtest.learning_curve import LearningCurve
from onrecall.backtest.report_text import SYSTEMS, format_percent
from onrecall.calibration.metrics import Estimate, wilson
from onrecall.calibration.reliability import Bin, CoveragePoint

WIDTH, HEIGHT = 360, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 14, 44
MAX_SERVICES = 12
MAX_PERIODS = 12
MAX_NAME_LENGTH = 18


def reliability_chart(bins: Sequence[Bin]) -> str:
    """Draw the reliability diagram; on the diagonal, confidence equals frequency."""
    parts = [_frame("share that was right"), _line([(0.0, 0.0), (1.0, 1.0)], "ideal"), _percent_ticks()]
    for bin_ in bins:
        parts += [_whisker(bin_.claimed, bin_.low, bin_.high), _dot(bin_.claimed, bin_.right / bin_.of, _size(bin_.of))]
    parts.append(_axis_label("confidence shown"))
    description = "; ".join(f"shown {bin_.claimed:.0%}, right {bin_.right} of {bin_.of}" for bin_ in bins)
    return _svg(parts, f"Reliability: {description}")


def risk_coverage_chart(points: Sequence[CoveragePoint]) -> str:
    """Draw the risk-coverage curve."""
    path = [(point.coverage, point.risk) for point in points]
    parts = [
        _frame("share that was wrong"),
        _percent_ticks(),
        _line(path, "ours"),
        *(_dot(x, y, 2.5) for x, y in path[-1:]),
    ]
    parts.append(_axis_label("share of answers shown, most confident first"))
    last = points[-1]
    return _svg(parts, f"Risk and coverage: with all answers shown {last.risk:.0%} are wrong")


def hit_rate_chart(months: Sequence[CaseGroup], overall: Estimate) -> str:
    """Draw hit@3 of each period with its interval."""
    hits_by_period = merge_periods(months)
    parts = [_frame("hit@3")]
    if overall.value is not None:
        parts.append(_line([(0.0, overall.value), (1.0, overall.value)], "ideal"))
    for place, (name, k, n) in enumerate(hits_by_period):
        x = (place + 0.5) / len(hits_by_period)
        low, high = wilson(k, n)
        parts += [_whisker(x, low, high), _dot(x, k / n, _size(n))]
        if place % max(1, -(-len(hits_by_period) // 4)) == 0:
            parts.append(_text(_x(x), HEIGHT - BOTTOM + 16, name, "middle"))
    parts.append(_axis_label("when it opened"))
    return _svg(parts, "Hit rate over time: " + "; ".join(f"{name}: {k} of {n}" for name, k, n in hits_by_period))


def service_chart(groups: Iterable[CaseGroup]) -> str:
    """Draw hit@3 of the services with most to find."""
    ordered = sorted(
        (group for group in groups if group.hits.hit_at_3.n), key=lambda group: (-group.hits.hit_at_3.n, group.name)
    )
    return _bars(
        [(_truncate_name(group.name), group.hits.hit_at_3) for group in ordered[:MAX_SERVICES]], "hit@3 by service"
    )


def baseline_chart(report: BacktestReport) -> str:
    """Draw hit@3 of OnRecall and of each baseline."""
    rows = [("OnRecall", report.hits.hit_at_3)]
    rows += [(SYSTEMS[baseline.name], baseline.hits.hit_at_3) for baseline in report.baselines if not baseline.missing]
    return _bars(rows, "hit@3 compared with the baselines", ours=1)


def learning_chart(curve: LearningCurve) -> str:
    """Draw the learning curve: hit@1 on the same openings for memories that stopped learning at different points."""
    frozen = [(point.after, point.hit_at_1) for point in curve.points if point.after is not None]
    live = curve.points[-1].hit_at_1
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
    parts += [_line(path, "ours"), _axis_label(f"{curve.unit} learned before learning stopped")]
    return _svg(
        parts, "Learning curve: " + "; ".join(f"{after}: {_percent_or_dash(rate.value)}" for after, rate in frozen)
    )


def merge_periods(months: Sequence[CaseGroup]) -> list[tuple[str, int, int]]:
    """Return name, hits and questions per month, or per quarter or year if there are many."""
    with_any = [group for group in months if group.hits.hit_at_3.n]
    for name in (_month, _quarter, _year):
        merged: dict[str, tuple[int, int]] = {}
        for group in with_any:
            rate = group.hits.hit_at_3
            k, n = merged.get(name(group.name), (0, 0))
            merged[name(group.name)] = (k + round((rate.value or 0.0) * rate.n), n + rate.n)
        if len(merged) <= MAX_PERIODS:
            break
    return [(name, k, n) for name, (k, n) in merged.items()]


def _month(name: str) -> str:
    return name


def _quarter(name: str) -> str:
    return f"{name[:4]} Q{(int(name[5:7]) + 2) // 3}"


def _year(name: str) -> str:
    return name[:4]


def _bars(rows: Sequence[tuple[str, Estimate]], title: str, ours: int | None = None) -> str:
    """Draw horizontal bars; those after the first `ours` are styled as others."""
    left_edge, step = 118, 26
    height = TOP + step * len(rows) + 24
    width = WIDTH - left_edge - 82
    parts = []
    for row, (name, rate) in enumerate(rows):
        y = TOP + step * row + step / 2
        kind = "bar" if ours is None or row < ours else "other"
        value, low, high = rate.value or 0.0, rate.low or 0.0, rate.high or 0.0
        parts += [
            _text(left_edge - 8, y + 4, name, "end"),
            f'<rect class="track" x="{left_edge}" y="{y - 7:.1f}" width="{width}" height="14" rx="3"/>',
            f'<rect class="{kind}" x="{left_edge}" y="{y - 7:.1f}" width="{width * value:.1f}" height="14" rx="3"/>',
            _stroke(left_edge + width * low, y, left_edge + width * high, y),
            _text(left_edge + width + 6, y + 4, f"{_percent_or_dash(rate.value)}, n {rate.n}", "start"),
        ]
    parts += [_text(left_edge + width * part, height - 6, format_percent(part), "middle") for part in (0.0, 0.5, 1.0)]
    description = "; ".join(f"{name}: {_percent_or_dash(rate.value)} of {rate.n}" for name, rate in rows)
    return _svg(parts, f"{title}: {description}", height)


def _svg(parts: Iterable[str], description: str, height: int = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(description)}">{"".join(parts)}</svg>'


def _frame(label: str) -> str:
    grid = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(part):.1f}" y2="{_y(part):.1f}"/>'
        + _text(LEFT - 6, _y(part) + 4, format_percent(part), "end")
        for part in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    middle = (_y(0.0) + _y(1.0)) / 2
    side = f'<text class="axis" transform="rotate(-90 12 {middle})" x="12" y="{middle}">{escape(label)}</text>'
    return grid + side


def _percent_ticks() -> str:
    ticks = (0.25, 0.5, 0.75, 1.0)  # 0 stands at the other axis, in the same corner
    return "".join(_text(_x(part), HEIGHT - BOTTOM + 16, format_percent(part), "middle") for part in ticks)


def _axis_label(label: str) -> str:
    return f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}">{escape(label)}</text>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


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


def _truncate_name(name: str) -> str:
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"


def _percent_or_dash(value: float | None) -> str:
    return "–" if value is None else format_percent(value)
