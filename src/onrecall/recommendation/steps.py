"""Steps: what worked for the cause, in the order in which it was done; and what was tried in vain.

The risk of a step is a label and a gate: it names the check to make before, and never moves a step.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from onrecall.domain.recommendation import FailedStep, Risk, Step
from onrecall.domain.situation import Situation
from onrecall.recommendation.actions import EvidenceAction
from onrecall.recommendation.instance_values import mark_source_values
from onrecall.recommendation.merged_actions import MergedAction
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify, classify_text

MAX_STEPS = 8
"""Steps in an answer that is put together from several sources; a longer list is not read at three in the morning."""
MAX_PROCEDURE_STEPS = 20
"""Steps of one source that are shown though they are more: a procedure without its middle or its end does harm."""
STALE_AFTER = timedelta(days=180)
FAILURE_OUTCOMES = ("made_it_worse", "did_not_help")


def select_steps(
    actions: Sequence[MergedAction], sources: Sequence[str], situation: Situation, now: datetime
) -> tuple[Step, ...]:
    """Return what to do in the order in which it was done.

    Args:
        actions: What the sources report, in the order to show it in.
        sources: The ids of the evidence that the actions come from, the leading one first.
        situation: What is going on; its own values are not marked as old.
        now: The time that staleness is counted from.

    Returns:
        The leading source's procedure, and of further sources what fits; numbered from 1.
    """
    candidates = [(action, report) for action in actions if (report := action.recommended)]
    drafts = [_to_step(action, report, situation, now) for action, report in candidates]
    chosen = _choose_steps([action for action, _ in candidates], drafts, sources)
    steps = [replace(drafts[place], n=number) for number, place in enumerate(chosen, start=1)]
    return tuple(replace(step, precondition=_find_precondition(step, steps)) for step in steps)


def failed_before(actions: Sequence[MergedAction], situation: Situation) -> tuple[FailedStep, ...]:
    """Return what not to repeat: what failed when it was last tried, what made it worse first.

    By the track record alone, the first incident that did it is cited; the line of a runbook, which only instructs,
    never is.
    """
    failed: dict[str, FailedStep] = {}
    for action in actions:
        deeds = (report for report in action.reports if report.outcome is not None)
        report = action.latest_failure or next(iter(action.failures), None) or next(deeds, None)
        if action.recommended is None and report is not None:
            failed.setdefault(action.reports[0].key, _to_failed_step(report, situation))
    return tuple(sorted(failed.values(), key=lambda tried: FAILURE_OUTCOMES.index(tried.outcome))[:MAX_STEPS])


def _choose_steps(actions: Sequence[MergedAction], drafts: Sequence[Step], sources: Sequence[str]) -> list[int]:
    """The places of the steps to show: the leading source's procedure, then of each further source what fits."""
    by_source: dict[str, list[int]] = {source: [] for source in sources}
    for place, action in enumerate(actions):
        reporting = {report.source.id for report in action.reports}
        by_source[next(source for source in sources if source in reporting)].append(place)
    chosen: list[int] = []
    for source, places in by_source.items():
        room = MAX_PROCEDURE_STEPS if source == sources[0] else max(MAX_STEPS - len(chosen), 0)
        chosen += (
            places if len(places) <= room else _procedure_start(places[:room], drafts, keep_all=source == sources[0])
        )
    return sorted(chosen)


def _procedure_start(places: Sequence[int], drafts: Sequence[Step], *, keep_all: bool) -> list[int]:
    """The start of a procedure that has to be cut: up to what disturbs, since what must follow it would be missing."""
    if keep_all:
        return list(places)
    stop = next((n for n, place in enumerate(places) if drafts[place].risk in ("disruptive", "destructive")), None)
    return list(places[:stop])


def action_risk(report: EvidenceAction) -> Risk:
    """Return the risk of an action: of its command or any command in its text; a text alone is judged by its verbs."""
    if report.command is None:
        return classify_text(report.text).risk
    also = [code for code in report.text.split("`")[1::2] if " " in code.strip()]
    return max((classify(code).risk for code in [report.command, *also]), key=RISKS.index)


def _to_step(action: MergedAction, report: EvidenceAction, situation: Situation, now: datetime) -> Step:
    source = report.source.incident or report.source.document
    text, in_text = mark_source_values(report.text, source, situation)
    command, in_command = mark_source_values(report.command, source, situation) if report.command else (None, ())
    rollback = report.rollback or next(
        (other_report.rollback for other_report in action.reports if other_report.rollback), None
    )
    undo, in_undo = mark_source_values(rollback, source, situation) if rollback else (None, ())
    return Step(
        n=0,
        text=text,
        citation=report.citation,
        risk=action_risk(report),
        command=command,
        record=action.record,
        rollback=undo,
        stale=_staleness(action, now),
        old_values=tuple(dict.fromkeys((*in_text, *in_command, *in_undo))),
    )


def _find_precondition(step: Step, steps: Sequence[Step]) -> str | None:
    """The check to make before something dangerous: the nearest that stands before it, of its own source if any."""
    if step.risk not in ("disruptive", "destructive"):
        return None
    checks = [before for before in steps[: step.n - 1] if before.risk == "read_only"]
    own = [check for check in checks if check.citation.evidence_id == step.citation.evidence_id]
    nearest = next(reversed(own or checks), None)
    return f"first confirm step {nearest.n}: {nearest.text}" if nearest else None


def _staleness(action: MergedAction, now: datetime) -> str | None:
    """Why it may no longer hold: nobody has seen it work for long."""
    worked = action.last_worked
    if action.record.last and action.record.worked and not action.record.failed:
        worked = max(worked, action.record.last) if worked else action.record.last
    if worked and now - worked > STALE_AFTER:
        return f"last known to work on {worked:%Y-%m-%d}, {(now - worked).days} days ago"
    written = action.reports[0].at
    if not worked and written and now - written > STALE_AFTER:
        return f"written on {written:%Y-%m-%d}, {(now - written).days} days ago, and not reported on since"
    return None


def _to_failed_step(report: EvidenceAction, situation: Situation) -> FailedStep:
    """Return a reported failure as it is shown."""
    source = report.source.incident or report.source.document
    text, _ = mark_source_values(report.text, source, situation)
    command = mark_source_values(report.command, source, situation)[0] if report.command else None
    outcome = report.outcome if report.outcome in FAILURE_OUTCOMES else "did_not_help"
    return FailedStep(text=text, outcome=outcome, citation=report.citation, command=command)
