"""The Markdown of a postmortem comes in.
The incidents that it describes go out, each field with the line it came from.
"""
