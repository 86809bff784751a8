"""Answers whose truth is known come in.
The confidence of a new answer, and the thresholds of its verdict, go out.
"""
