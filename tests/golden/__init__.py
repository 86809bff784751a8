"""Golden files: what grouping, retrieval, answers, notifications and the backtest do with fixed inputs.

`make golden` records what the code does now under `expected/`, a file for each case; the difference is reviewed like
code. The test fails for every case whose record is no longer equal.
"""
