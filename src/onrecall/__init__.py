"""OnRecall: the incident memory for people on call."""

__version__ = "0.1.0"
