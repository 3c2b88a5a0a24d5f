"""Facts into one fleet. Pure."""
