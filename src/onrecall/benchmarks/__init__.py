"""Benchmarks that ship: how well OnRecall recalls, beside others, on any task in BEIR form."""
