"""Statements of SQL, Redis, the MongoDB shell and raw sockets come in.
Their risk goes out.
"""
