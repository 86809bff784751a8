"""Calibration: how far an answer can be trusted, measured on answers whose truth is known."""
