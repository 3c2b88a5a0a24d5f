"""How sure a rule has proved to be, from what became of its recommendations. Pure."""

from trimtab.learn.experience import experience, with_experience

__all__ = ["experience", "with_experience"]
