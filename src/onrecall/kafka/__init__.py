"""Alerts come in from topics as from webhooks.
Recommendations go out to a topic. Needs the extra `kafka`.
"""
