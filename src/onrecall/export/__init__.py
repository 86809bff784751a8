"""A store comes in.
An archive or a verified backup goes out, and the other way round.
"""
