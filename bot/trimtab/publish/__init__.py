"""Pull requests: the thin interface to a forge, and the one algorithm that keeps them in step."""
