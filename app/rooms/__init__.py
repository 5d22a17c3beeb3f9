"""Rooms, and the one sequence of their changes."""
