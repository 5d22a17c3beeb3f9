"""What can be done with a room: one function for each command."""
