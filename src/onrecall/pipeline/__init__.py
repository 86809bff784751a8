"""The pipeline: ingest → recall → recommend → resolve → rate.

`IncidentService` joins all stages, so it is imported when it is first used: a question needs only two.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onrecall.pipeline.group_alerts import GroupingTimers
    from onrecall.pipeline.service import Dependencies, IncidentService

__all__ = ["Dependencies", "GroupingTimers", "IncidentService"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.service"), name)
