"""A command or a step comes in.
How dangerous it is goes out, with the reason.
"""
