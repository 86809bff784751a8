"""Shell text comes in.
Its simple commands and their words go out.
"""
