"""Slack: one message per incident, kept up to date, and its thread."""
