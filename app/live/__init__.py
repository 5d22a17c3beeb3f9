"""What viewers see, and how they come to see it."""
