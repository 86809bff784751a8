"""Steps: what worked for the cause, merged, ordered from harmless to dangerous; and what was tried in vain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from onrecall.domain.incident import Record, Risk, Situation, Step, Tried
from onrecall.recommendation.actions import Deed
from onrecall.recommendation.instance_values import old_values
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify, classify_text

MOST = 8
"""Steps in an answer; a longer list is not read at three in the morning."""
STALE_AFTER = timedelta(days=180)
OUTCOMES = ("made_it_worse", "did_not_help")


@dataclass(frozen=True, slots=True)
class Action:
    """The same deed wherever it stands in the evidence of one cause, the best telling first, and how it went."""

    deeds: tuple[Deed, ...]
    record: Record
    elsewhere: Record
    """The part of the record that is known to come from other causes."""

    @property
    def recommended(self) -> Deed | None:
        """The telling to recommend, or None where the action failed more often than it worked."""
        if self.record.failed - self.elsewhere.failed > self.record.worked - self.elsewhere.worked:
            return None
        worked = [deed for deed in self.deeds if deed.outcome == "worked"]
        if not worked and self.failures:
            return None
        return next((deed for deed in self.deeds if deed.outcome in ("worked", None)), None)

    @property
    def failures(self) -> tuple[Deed, ...]:
        """Where it is told that it failed, the worst first."""
        return tuple(deed for outcome in OUTCOMES for deed in self.deeds if deed.outcome == outcome)

    @property
    def support(self) -> int:
        """How often it is known to have worked."""
        return max(self.record.worked, sum(deed.outcome == "worked" for deed in self.deeds))


def actions(told: Iterable[Deed], others: Iterable[Deed], records: Mapping[str, Record]) -> tuple[Action, ...]:
    """The deeds of one cause merged by key; deeds told for other causes only explain the record."""
    merged: dict[str, list[Deed]] = {}
    for deed in told:
        merged.setdefault(deed.key, []).append(deed)
    foreign: dict[str, list[Deed]] = {}
    for deed in others:
        foreign.setdefault(deed.key, []).append(deed)
    return tuple(
        Action(
            tuple(same), records.get(key) or tally(same), tally(foreign.get(key, ())) if key in records else Record()
        )
        for key, same in merged.items()
    )


def tally(same: Sequence[Deed]) -> Record:
    """How often the deeds worked and failed."""
    tried = [deed for deed in same if deed.outcome is not None]
    worked = sum(deed.outcome == "worked" for deed in tried)
    last = max((deed.at for deed in tried if deed.at), default=None)
    return Record(tried=len(tried), worked=worked, failed=len(tried) - worked, last=last)


def steps(found: Sequence[Action], situation: Situation, now: datetime) -> tuple[Step, ...]:
    """What to do: checks first, then what can be undone, what disturbs, what destroys; else in their order."""
    candidates = [(place, action, deed) for place, action in enumerate(found) if (deed := action.recommended)]
    first = sorted(candidates, key=lambda one: (not _told_by(one[1], found[0]), -one[1].support))[:MOST]
    kept = sorted(first, key=lambda one: one[0])
    drafts = [_step(action, deed, situation, now) for _, action, deed in kept]
    order = sorted(range(len(drafts)), key=lambda place: RISKS.index(drafts[place].risk))
    number = {place: n for n, place in enumerate(order, start=1)}
    return tuple(
        replace(drafts[place], n=number[place], precondition=_precondition(place, drafts, number)) for place in order
    )


def tried_before(found: Sequence[Action], situation: Situation) -> tuple[Tried, ...]:
    """What not to repeat: what failed for this cause more often than it worked, what made it worse first."""
    told = [tried for action in found if action.recommended is None and (tried := _tried(action, situation))]
    return tuple(sorted(told, key=lambda tried: OUTCOMES.index(tried.outcome))[:MOST])


def _told_by(action: Action, first: Action) -> bool:
    """Whether the best evidence tells of it: that comes in before what is added from elsewhere."""
    return any(deed.source is first.deeds[0].source for deed in action.deeds)


def _risk(deed: Deed) -> Risk:
    """As dangerous as the command, or as any command that its words hold; words alone are judged by their verbs."""
    if deed.command is None:
        return classify_text(deed.text).risk
    also = [code for code in deed.text.split("`")[1::2] if " " in code.strip()]
    return max((classify(code).risk for code in [deed.command, *also]), key=RISKS.index)


def _step(action: Action, deed: Deed, situation: Situation, now: datetime) -> Step:
    source = deed.source.incident or deed.source.document
    text, found = old_values(deed.text, source, situation)
    command, in_command = old_values(deed.command, source, situation) if deed.command else (None, ())
    rollback = deed.rollback or next((same.rollback for same in action.deeds if same.rollback), None)
    undo, in_undo = old_values(rollback, source, situation) if rollback else (None, ())
    return Step(
        n=0,
        text=text,
        citation=deed.citation,
        risk=_risk(deed),
        command=command,
        record=action.record,
        rollback=undo,
        stale=_stale(action, now),
        old_values=tuple(dict.fromkeys((*found, *in_command, *in_undo))),
    )


def _precondition(place: int, drafts: Sequence[Step], number: Mapping[int, int]) -> str | None:
    """The check to make before something dangerous: the nearest that stood before it."""
    if drafts[place].risk not in ("disruptive", "destructive"):
        return None
    checks = [before for before in range(place) if drafts[before].risk == "read_only"]
    return f"first confirm step {number[checks[-1]]}: {drafts[checks[-1]].text}" if checks else None


def _stale(action: Action, now: datetime) -> str | None:
    """Why it may no longer hold: it failed since it last worked, or nobody has seen it work for long."""
    worked = max((deed.at for deed in action.deeds if deed.outcome == "worked" and deed.at), default=None)
    if action.record.last and action.record.worked and not action.record.failed:
        worked = max(worked, action.record.last) if worked else action.record.last
    failed = max((deed for deed in action.failures if deed.at), key=lambda deed: deed.at or now, default=None)
    if failed and failed.at and (worked is None or failed.at > worked):
        return f"when it was last tried, on {failed.at:%Y-%m-%d}, it did not help ({failed.citation.evidence_id})"
    if worked and now - worked > STALE_AFTER:
        return f"last known to work on {worked:%Y-%m-%d}, {(now - worked).days} days ago"
    written = action.deeds[0].at
    if not worked and written and now - written > STALE_AFTER:
        return f"written on {written:%Y-%m-%d}, {(now - written).days} days ago, and not reported on since"
    return None


def _tried(action: Action, situation: Situation) -> Tried | None:
    """The failure as it is told; by its record alone, the telling of it that there is."""
    deed = next(iter((*action.failures, *action.deeds)))
    source = deed.source.incident or deed.source.document
    text, _ = old_values(deed.text, source, situation)
    command = old_values(deed.command, source, situation)[0] if deed.command else None
    outcome = deed.outcome if deed.outcome in OUTCOMES else "did_not_help"
    return Tried(text=text, outcome=outcome, citation=deed.citation, command=command)
