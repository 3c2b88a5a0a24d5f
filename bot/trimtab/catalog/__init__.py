"""Models, GPUs, MIG profiles and prices: data and look-ups."""
