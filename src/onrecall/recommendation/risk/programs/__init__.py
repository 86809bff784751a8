"""A program with its arguments comes in, and is held against tables of options and operands.
Its risk goes out.
"""
