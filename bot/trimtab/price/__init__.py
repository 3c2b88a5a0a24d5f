"""Money: rates, savings, overlap. Pure."""
