"""Tool calls of assistants come in.
Short answers go out, with ids to fetch more by.
"""
