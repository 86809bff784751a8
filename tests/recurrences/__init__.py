"""Tests of what keeps coming back."""
