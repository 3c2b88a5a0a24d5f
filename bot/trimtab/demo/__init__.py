"""The bundled fleet: a sample repository, a recorded week, and a small simulation that says what follows a merge."""
