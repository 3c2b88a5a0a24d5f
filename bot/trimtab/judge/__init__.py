"""Finds the rules, runs them, keeps the silences. Pure."""
