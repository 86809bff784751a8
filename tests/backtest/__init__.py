"""Tests of replays of a history."""
