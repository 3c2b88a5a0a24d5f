"""Facts into one fleet. Pure."""

from trimtab.join.build import fleet_of

__all__ = ["fleet_of"]
