"""THE LINE: receive → recall → recommend → resolve → rate, and the rooms joined along it."""

from onrecall.pipeline.group_alerts import Pace
from onrecall.pipeline.service import Memory, Parts

__all__ = ["Memory", "Pace", "Parts"]
