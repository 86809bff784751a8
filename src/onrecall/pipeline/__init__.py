"""The pipeline: ingest → recall → recommend → resolve → rate."""

from onrecall.pipeline.group_alerts import GroupingTimers
from onrecall.pipeline.service import Dependencies, IncidentService

__all__ = ["Dependencies", "GroupingTimers", "IncidentService"]
