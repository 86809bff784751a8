"""Slack: an incident's state comes in, one message and its thread go out."""
