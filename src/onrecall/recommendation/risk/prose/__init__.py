"""A step in words comes in.
The deeds that it tells of go out, with their risk.
"""
