"""Thousands of viewers in one process, for tests and for the benchmark."""
