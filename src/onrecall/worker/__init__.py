"""Rows that wait in the store come in.
Grouped alerts, recommendations and notifications go out, from threads of this process or a process of its own.
"""
