"""Resolved incidents come in; families that keep coming back, and what a permanent fix would save, go out."""
