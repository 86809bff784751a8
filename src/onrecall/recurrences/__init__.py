"""Recurrences: families of incidents that keep coming back, and what a permanent fix would save."""
