"""THE LINE: receive → recall → recommend → resolve → rate, and the rooms joined along it."""

from onrecall.line.memory import Memory, Parts

__all__ = ["Memory", "Parts"]
