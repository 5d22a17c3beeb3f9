"""What operations people need: health, counts, metrics, logs, a command line."""
