"""What became of what was published."""
