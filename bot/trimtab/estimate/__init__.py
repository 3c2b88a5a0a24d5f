"""How much memory a model takes on a GPU with these settings, and how fast it answers. Pure, no heavy imports."""
