"""THE LINE: receive → recall → recommend → resolve → rate, and the rooms joined along it."""

from onrecall.pipeline.group_alerts import GroupingTimers
from onrecall.pipeline.service import Dependencies, IncidentService

__all__ = ["Dependencies", "GroupingTimers", "IncidentService"]
