"""What happened during each fault, from what the clients noted and what the database holds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from faults.traffic import Outcomes


@dataclass(frozen=True, slots=True)
class Window:
    """The time of one fault. Times are of the monotonic clock."""

    fault: str
    began: float
    mended: float
    whole: float
    """When everything worked again."""
    how: str = ""
    trouble: str | None = None
    """What did not work again; None: everything did."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened from the beginning of a fault until everything worked again."""

    fault: str
    how: str
    seconds: float
    """Until it was mended."""
    recovery_seconds: float
    """From then until everything worked."""
    trouble: str | None
    """What did not work again within the time that was given; None: everything did."""
    sent: int
    """Alerts."""
    acknowledged: int
    stored: int
    """Of those acknowledged."""
    lost: int
    doubled: int
    """Rows beyond one for each alert."""
    resent: int
    """Notifications that were not acknowledged at once."""
    longest_silence: float
    """The longest time in which no server acknowledged a notification, in seconds."""
    asked: int
    answered: int
    degraded: int
    p50: float | None
    """Seconds until an answer, tries at other servers included; None: there was none."""
    p95: float | None


def figures_of(window: Window, outcomes: Outcomes, stored: Sequence[str]) -> Figures:
    """Count what belongs to a window: alerts acknowledged in it, and questions asked in it."""
    rows = Counter(stored)
    acknowledged = [key for key, at in outcomes.acknowledged.items() if _in(window, at)]
    questions = [question for question in outcomes.questions if _in(window, question.at)]
    seconds = [question.seconds for question in questions if question.answered]
    return Figures(
        fault=window.fault,
        how=window.how,
        seconds=window.mended - window.began,
        recovery_seconds=window.whole - window.mended,
        trouble=window.trouble,
        sent=sum(_in(window, at) for at in outcomes.sent.values()),
        acknowledged=len(acknowledged),
        stored=sum(key in rows for key in acknowledged),
        lost=sum(key not in rows for key in acknowledged),
        doubled=sum(max(0, rows[key] - 1) for key in acknowledged),
        resent=sum(_in(window, at) for at in outcomes.refused),
        longest_silence=_longest_gap(window, outcomes.by_servers),
        asked=len(questions),
        answered=len(seconds),
        degraded=sum(question.degraded for question in questions),
        p50=float(np.percentile(seconds, 50)) if seconds else None,
        p95=float(np.percentile(seconds, 95)) if seconds else None,
    )


def _in(window: Window, at: float) -> bool:
    return window.began <= at < window.whole


def _longest_gap(window: Window, moments: Iterable[float]) -> float:
    inside = sorted(at for at in moments if _in(window, at))
    edges = [window.began, *inside, window.whole]
    return max(after - before for before, after in pairwise(edges))
