"""Arguments come in.
Lines for people or JSON for scripts, and an exit code, go out.
"""
