"""Backtests: replay a history in time order through the pipeline and report hit rates, calibration and errors."""
