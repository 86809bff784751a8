"""A task with known answers comes in: BEIR folders, public data, golden paths, synthetic load.
Measured quality and speed go out, beside those of other engines.
"""
