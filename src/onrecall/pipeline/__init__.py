"""Alerts, incidents, questions and resolutions come in.
Stored incidents, recommendations and notifications go out, stage by stage (`stages.PIPELINE`).

`IncidentService` joins all stages, so it is imported when it is first used: a question needs only two.
"""

from typing import TYPE_CHECKING

from onrecall.domain.lazy_names import loader

if TYPE_CHECKING:
    from onrecall.pipeline.group_alerts import GroupingTimers
    from onrecall.pipeline.service import Dependencies, IncidentService

__all__ = ["Dependencies", "GroupingTimers", "IncidentService"]

__getattr__ = loader(
    __name__,
    {
        "group_alerts": ("GroupingTimers",),
        "service": ("Dependencies", "IncidentService"),
    },
)
