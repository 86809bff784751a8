"""THE LINE: receive → recall → recommend → resolve → rate, and the rooms joined along it."""

from onrecall.line.group import Pace
from onrecall.line.memory import Memory, Parts

__all__ = ["Memory", "Pace", "Parts"]
