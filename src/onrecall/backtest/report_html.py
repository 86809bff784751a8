"""Self-contained HTML report of a backtest: no scripts, fonts or network access; all text is escaped."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from onrecall.backtest import report_json as contract
from onrecall.backtest import svg_charts as pictures
from onrecall.backtest.data_quality_ablation import FlawEffect
from onrecall.backtest.evaluation import BacktestReport, CaseGroup
from onrecall.backtest.learning_curve import LearningCurve
from onrecall.backtest.report_text import (
    BASELINES_INTRO,
    CHART_TEXTS,
    FLAWS_INTRO,
    MEANINGS,
    NOT_SHARES,
    SYSTEMS,
    format_estimate,
    format_percent,
)
from onrecall.calibration.metrics import Estimate
from onrecall.domain.count_noun import count_noun

VERDICTS = {"known": "known", "similar": "similar", "never_seen": "never seen"}


def render_html(report: BacktestReport, title: str, effects: Sequence[FlawEffect] = ()) -> str:
    """Return the page."""
    template = Template(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(title),
        span=escape(_span(report)),
        headline=escape(_headline(report)),
        cards="".join(_cards(report)),
        missing=_missing(report),
        pictures=_pictures(report),
        figures=_figures(report),
        baselines=_baselines(report) if report.to_find else "",
        verdicts=_verdicts(report),
        threshold=escape(_threshold(report)),
        services=_groups("service", report.by_service),
        months=_groups("month", report.by_month),
        severities=_groups("severity", report.by_severity),
        lengths=_groups("length of the opening", report.by_length),
        quality=_quality(effects),
        footer=escape(_footer(report)),
    )


def _span(report: BacktestReport) -> str:
    when = f", {_day(report.since)} to {_day(report.until)}" if report.since and report.until else ""
    pages = f" and {count_noun(report.documents, 'document')}" if report.documents else ""
    omitted = f"; {count_noun(report.left_out, 'record was', 'records were')} left out" if report.left_out else ""
    return f"{count_noun(report.incidents, 'opening')}{pages}{when}{omitted}. {_sentence(report)}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _sentence(report: BacktestReport) -> str:
    basis_note = contract.basis_note(report)
    return " ".join(
        f"{sentence[0].upper()}{sentence[1:]}."
        for sentence in (basis_note, *report.notes, *([report.power.sentence] if report.power else []))
    )


def _headline(report: BacktestReport) -> str:
    rate = report.hits.hit_at_3
    if rate.value is None:
        return f"How often recall is right can't be measured here: {contract.not_measured(report)['hit_at_3']}."
    hit_count = round(rate.value * rate.n)
    return (
        f"Of {count_noun(report.incidents, 'incident')}"
        f", {rate.n} had an earlier one of the same cause. For {hit_count} of these "
        f"{rate.n} it was among the first three shown: {format_estimate(rate)}."
    )


def _cards(report: BacktestReport) -> Iterable[str]:
    figures = contract.estimates(report)
    for name in ("hit_at_3", "cause_match", "right_when_answered", "coverage", "false_recall", "confident_wrong"):
        figure = figures[name]
        value = "–" if figure.value is None else format_percent(figure.value)
        below = (
            "not measured"
            if figure.low is None or figure.high is None
            else f"{format_estimate(figure).partition('(')[2][:-1]}, n {figure.n}"
        )
        yield f'<div class="card">{MEANINGS[name][0]}<b>{value}</b><span>{below}</span></div>'


def _missing(report: BacktestReport) -> str:
    why = contract.reasons_not_measured(report)
    if not why:
        return ""
    rows = "".join(f"<li><b>{escape(', '.join(names))}</b>: {escape(reason)}</li>" for reason, names in why.items())
    return f'<div class="missing"><h3>Not measured</h3><ul>{rows}</ul></div>'


def _pictures(report: BacktestReport) -> str:
    figures = "".join(_chart_figures(report))
    return f'<h2>In pictures</h2><div class="pictures">{figures}</div>' if figures else ""


def _chart_figures(report: BacktestReport) -> Iterable[str]:
    if report.to_find:
        yield _figure("beside", pictures.baseline_chart(report))
        yield _figure("over_time", pictures.hit_rate_chart(report.by_month, report.hits.hit_at_3))
    if report.trust.bins:
        yield _figure("reliability", pictures.reliability_chart(report.trust.bins))
        yield _figure("risk_coverage", pictures.risk_coverage_chart(report.trust.coverage))
    if report.to_find and len(report.by_service) > 1:
        yield _figure("by_service", pictures.service_chart(report.by_service))
    if report.learning:
        yield _figure("learning", pictures.learning_chart(report.learning), report.learning)


def _figure(name: str, svg: str, learned: LearningCurve | None = None) -> str:
    title, sentence = CHART_TEXTS[name]
    if learned:
        sentence = sentence.format(asked=learned.points[-1].hit_at_1.n, unit=learned.unit)
    return f"<figure><figcaption><h3>{escape(title)}</h3><p>{escape(sentence)}</p></figcaption>{svg}</figure>"


def _figures(report: BacktestReport) -> str:
    rows = []
    for name, figure in contract.estimates(report).items():
        if figure.value is None:
            continue
        title, meaning = MEANINGS[name]
        trust = report.trust.quality
        if name == "brier" and trust.brier_base is not None and trust.brier_base_then is not None:
            meaning += f"; always claiming the share right until then would score {trust.brier_base_then:.3f}"
            meaning += f", the share of all, which nobody knew, {trust.brier_base:.3f}"
        if name == "ece" and report.trust.quality.ece_by_chance is not None:
            meaning += f"; a perfect one would show {report.trust.quality.ece_by_chance:.3f} on so few answers"
        rows.append(
            (
                f"{escape(title)}<br><small>{escape(meaning)}</small>",
                format_estimate(figure, share=name not in NOT_SHARES),
                str(figure.n),
            )
        )
    return _table(("figure", "value (95 %)", "n"), rows)


def _baselines(report: BacktestReport) -> str:
    rows = [
        (
            "OnRecall",
            *(
                format_estimate(rate)
                for rate in _as_triple(report.hits.hit_at_1, report.hits.hit_at_3, report.hits.hit_at_5)
            ),
            "",
        )
    ]
    for comparison in report.baselines:
        name = escape(SYSTEMS[comparison.name])
        if comparison.missing:
            rows.append((name, f"not asked: {escape(comparison.missing)}", "", "", ""))
            continue
        rates = _as_triple(comparison.hits.hit_at_1, comparison.hits.hit_at_3, comparison.hits.hit_at_5)
        rows.append((name, *(format_estimate(rate) for rate in rates), _format_lead(comparison.ahead)))
    table = _table(("", "hit@1", "hit@3", "hit@5", "ahead"), rows)
    return _section("Compared with simpler methods", BASELINES_INTRO, table)


def _as_triple(first: Estimate, second: Estimate, third: Estimate) -> tuple[Estimate, Estimate, Estimate]:
    return first, second, third


def _format_lead(difference: Estimate) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return ""
    verdict = "ahead" if difference.low > 0 else "behind" if difference.high < 0 else "no significant difference"
    return (
        f"{100 * difference.value:+.0f} points ({100 * difference.low:+.0f} to {100 * difference.high:+.0f}): {verdict}"
    )


def _verdicts(report: BacktestReport) -> str:
    rows = [
        (VERDICTS[verdict], *(str(counts[kind]) for kind in ("to_find", "new", "untold")))
        for verdict, counts in report.verdicts.items()
    ]
    return _table(("answered", "seen before", "new", "not known"), rows)


def _threshold(report: BacktestReport) -> str:
    novelty = report.novelty
    rule = f"{novelty.rule[0].upper()}{novelty.rule[1:]}."
    first = "This history suggests: similar" if novelty.measured else "Similar"
    apart = f", where the best stands out by {novelty.apart:.2f} and more" if novelty.apart else ""
    return f"{first} from a match of {novelty.similar:.2f}{apart}, known from {novelty.known:.2f}. {rule}"


def _groups(kind: str, groups: Sequence[CaseGroup]) -> str:
    rows = [
        (
            escape(group.name),
            str(group.incidents),
            str(group.answered),
            str(group.hits.hit_at_3.n),
            *(format_estimate(rate) if rate.n else "–" for rate in (group.hits.hit_at_1, group.hits.hit_at_3)),
        )
        for group in groups
    ]
    return _table((kind, "openings", "answered", "to find", "hit@1", "hit@3"), rows)


def _quality(effects: Sequence[FlawEffect]) -> str:
    if not effects:
        return ""
    rows = [
        (
            f"{escape(effect.flaw.meaning)}<br><small>{escape(', '.join(effect.flaw.incidents[:3]))}</small>",
            str(len(effect.flaw.incidents)),
            f"{escape(effect.flaw.how)} ({effect.changed})",
            _format_lead(effect.hit_at_3),
            _format_lead(effect.cause_match),
        )
        for effect in effects
    ]
    table = _table(("flaw", "incidents", "method", "hit@3 if corrected", "cause match if corrected"), rows)
    return _section("What flaws in the history cost", FLAWS_INTRO, table)


def _section(title: str, intro: str, table: str) -> str:
    head = f'<h2>{escape(title)}</h2><p class="soft">{escape(intro)}</p>'
    return f'{head}<div class="wide"><table>{table}</table></div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table from cells that are already HTML."""
    top = "".join(f'<th scope="col"{_numeric(place)}>{escape(name)}</th>' for place, name in enumerate(head))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if place == 0 else f"<td{_numeric(place)}>{_keep_on_one_line(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"


def _keep_on_one_line(cell: str) -> str:
    """Keep a figure and its interval unbroken; if they do not fit on one line, the interval wraps as a whole."""
    value, apart, interval = cell.partition(" (")
    if "<" in cell or not apart or not interval.endswith(")"):
        return cell
    return f"{value.replace(' ', '&nbsp;')} <span>({interval}</span>"


def _numeric(place: int) -> str:
    return ' class="number"' if place else ""


def _footer(report: BacktestReport) -> str:
    return (
        f"Replayed in {report.seconds:.0f} s in the order in which things became known: at each opening the memory "
        "held only earlier openings, resolutions already written and documents already dated. Intervals are at 95 %: "
        "Wilson's for shares, Newcombe's for AUROC, a bootstrap over incidents for the rest."
    )
