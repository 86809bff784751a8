"""The parameters of grouping."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """How near in time and how alike alerts must be to count as one outage; docs/grouping.md tells what each does."""

    threshold: float = 0.5
    """Two alerts whose link scores at least this belong together."""
    burst: timedelta = timedelta(minutes=2)
    """Alerts that begin within this of each other began together."""
    window: timedelta = timedelta(minutes=30)
    """Alerts further apart than this are linked only by their key, or while their incident still gets alerts."""
    skew: timedelta = timedelta(minutes=3)
    """How far the clocks of two senders may differ."""
    flap: timedelta = timedelta(minutes=30)
    """An alert that fires again within this after it ended is the same trouble."""
    slow_flap: timedelta = timedelta(hours=6)
    """An alert that had incidents of its own before, each within this of the one before, flaps slowly."""
    young: timedelta = timedelta(minutes=15)
    """Incidents that began within this of each other may still be merged by an alert that ties them."""
    crowd: int = 4
    """This many services firing the same alert in one burst are no coincidence."""
