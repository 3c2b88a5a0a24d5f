from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trimtab.manifest.near import NEAR, Nearby, distance

PATHS = st.lists(st.sampled_from("ab"), max_size=5).map(lambda folders: "/".join([*folders, "x.yaml"]))


@given(st.sets(PATHS, max_size=12), PATHS)
def test_what_is_near_is_what_few_folders_part(paths: set[str], here: str) -> None:
    """The index gives the files that a look at every one would give, the nearest first."""
    placed = [(path, path) for path in sorted(paths)]
    looked_up = Nearby(placed).of(here)

    assert looked_up == tuple(
        sorted((p for p in paths if distance(here, p) <= NEAR), key=lambda p: (distance(here, p), p))
    )


def test_the_root_is_a_folder() -> None:
    """A file at the top is one folder away from what lies in a folder of the top."""
    assert distance("x.yaml", "a/x.yaml") == 1
    assert distance("x.yaml", "y.yaml") == 0
