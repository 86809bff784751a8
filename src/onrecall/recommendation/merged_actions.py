"""The same actions in several pieces of evidence as one list that keeps the order of each of them.

The newest word counts: an action whose latest report is a failure is not recommended, however often it worked before.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from onrecall.domain.evidence import UNTRIED, TrackRecord
from onrecall.recommendation.actions import EvidenceAction

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Stands in for a missing date."""


@dataclass(frozen=True, slots=True)
class MergedAction:
    """One action wherever the evidence of a cause reports it, the best evidence first, and how it went."""

    reports: tuple[EvidenceAction, ...]
    record: TrackRecord
    record_elsewhere: TrackRecord = UNTRIED
    """The part of the record that is known to come from other causes."""
    contradictions: tuple[EvidenceAction, ...] = ()
    """Failures of the same action that incidents of another cause report, which match about as well."""

    @property
    def recommended(self) -> EvidenceAction | None:
        """The report to recommend it by; None where it failed when it was last tried, or more often than it worked."""
        if self.latest_failure is not None or self._outvoted:
            return None
        usable = [report for report in self.reports if not report.failed]
        return next((report for report in usable if report.outcome == "worked"), next(iter(usable), None))

    @property
    def latest_failure(self) -> EvidenceAction | None:
        """The failure that is newer than every report that it worked."""
        failures = [report for report in (*last_reports(self.reports), *self.contradictions) if report.failed]
        newest = max(failures, key=_date, default=None)
        return newest if newest and (self.last_worked is None or _date(newest) > self.last_worked) else None

    @property
    def failures(self) -> tuple[EvidenceAction, ...]:
        """Every report that it failed, the newest first."""
        return tuple(sorted((report for report in self.reports if report.failed), key=_date, reverse=True))

    @property
    def last_worked(self) -> datetime | None:
        """When it worked last, as far as the evidence reports it."""
        worked = [report for report in last_reports(self.reports) if report.outcome == "worked"]
        return max(map(_date, worked), default=None)

    @property
    def _outvoted(self) -> bool:
        """Whether it failed more often than it worked, and no newer report says that it works."""
        if self.record.failed - self.record_elsewhere.failed <= self.record.worked - self.record_elsewhere.worked:
            return False
        failed = max(map(_date, self.failures), default=LONG_AGO)
        worked = self.last_worked or LONG_AGO
        return worked <= failed or worked < (self.record.last or LONG_AGO)


def merge_actions(
    sources: Sequence[Sequence[EvidenceAction]],
    other_actions: Iterable[EvidenceAction],
    contradictions: Iterable[EvidenceAction],
    records: Mapping[str, TrackRecord],
) -> tuple[MergedAction, ...]:
    """Merge the actions of one cause into one list.

    Args:
        sources: The actions of each piece of evidence in their order, the leading evidence first.
        others: Actions in evidence for other causes; they only explain the record.
        contradictions: Failures in evidence for other causes which match about as well.
        records: The track record of each action by its key.

    Returns:
        Each action once for each time that one source repeats it. Actions of one source keep their order. What only a
        later source has stands between the same neighbours as there; where two sources disagree, the earlier one wins.
    """
    by_key = _group_by_key(action for source in sources for action in source)
    from_other_causes, contradicting = _group_by_key(other_actions), _group_by_key(contradictions)
    return tuple(
        MergedAction(
            (first, *(report for report in by_key[first.key] if report is not first)),
            records.get(first.key) or track_record(by_key[first.key]),
            track_record(from_other_causes.get(first.key, ())) if first.key in records else UNTRIED,
            tuple(contradicting.get(first.key, ())),
        )
        for first in _merge_orders([_occurrences(source) for source in sources])
    )


_Name = tuple[str, int]
"""The key of an action, and how often its source had it before."""


def _merge_orders(sources: Sequence[Sequence[tuple[_Name, EvidenceAction]]]) -> list[EvidenceAction]:
    """Return each distinct action once, so that the order within every source holds; cycles follow the first source."""
    merged: list[_Name] = []
    first_report: dict[_Name, EvidenceAction] = {}
    for source in sources:
        _insert_names(merged, [name for name, _ in source])
        for name, action in source:
            first_report.setdefault(name, action)
    return [first_report[name] for name in merged]


def _insert_names(merged: list[_Name], names: Sequence[_Name]) -> None:
    """Insert the new names between their neighbours; what follows the last common name goes to the end."""
    positions = {name: number for number, name in enumerate(merged)}
    common = _longest_increasing([name for name in names if name in positions], positions)
    pending: list[_Name] = []
    result: list[_Name] = []
    copied = 0
    for name in names:
        if name in common:
            result += [*merged[copied : positions[name]], *pending, name]
            copied, pending = positions[name] + 1, []
        elif name not in positions:
            pending.append(name)
    merged[:] = [*result, *merged[copied:], *pending]


def _longest_increasing(names: Sequence[_Name], positions: Mapping[_Name, int]) -> frozenset[_Name]:
    """Return the longest subsequence of the names in ascending position."""
    best: list[tuple[_Name, ...]] = [()]
    for name in names:
        before = [run for run in best if not run or positions[run[-1]] < positions[name]]
        best.append((*_longest(before), name))
    return frozenset(_longest(best))


def _longest(runs: Sequence[tuple[_Name, ...]]) -> tuple[_Name, ...]:
    longest: tuple[_Name, ...] = ()
    for run in runs:
        longest = run if len(run) > len(longest) else longest
    return longest


def last_reports(reports: Iterable[EvidenceAction]) -> tuple[EvidenceAction, ...]:
    """Return the last report of each action in each source: what failed first and worked in the end, worked."""
    in_order = sorted(reports, key=lambda report: report.citation.line)
    return tuple({(report.source.id, report.key): report for report in in_order}.values())


def track_record(reports: Sequence[EvidenceAction]) -> TrackRecord:
    """Count how often the actions worked and failed."""
    tried = [report for report in reports if report.outcome is not None]
    worked = sum(report.outcome == "worked" for report in tried)
    last = max((report.at for report in tried if report.at), default=None)
    return TrackRecord(tried=len(tried), worked=worked, failed=len(tried) - worked, last=last)


def _occurrences(source: Sequence[EvidenceAction]) -> list[tuple[_Name, EvidenceAction]]:
    """Each action with its key and how often the source had it before; failures count once, before what worked."""
    counts: Counter[str] = Counter()
    working = {action.key for action in source if not action.failed}
    occurrences = []
    for action in source:
        if action.failed and (action.key in working or counts[action.key]):
            continue
        occurrences.append(((action.key, counts[action.key]), action))
        counts[action.key] += 1
    return occurrences


def _group_by_key(actions: Iterable[EvidenceAction]) -> dict[str, list[EvidenceAction]]:
    groups: dict[str, list[EvidenceAction]] = {}
    for action in actions:
        groups.setdefault(action.key, []).append(action)
    return groups


def _date(report: EvidenceAction) -> datetime:
    return report.at or LONG_AGO
