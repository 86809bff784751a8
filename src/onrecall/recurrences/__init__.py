"""Resolved incidents come in.
Families that keep coming back go out, with what they cost and what a permanent fix would save.
"""
