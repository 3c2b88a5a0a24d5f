"""Words for people: figures with units, names, and Markdown that no name can break out of. Pure."""
