"""Timers: the state machine, the commands, and finishing."""
