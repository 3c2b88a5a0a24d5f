"""Servings of charts whose values speak a language of their own: read off what they render to, and traced back.

What a chart becomes is read by the ordinary shapes; each setting found there is followed to the one leaf of the values
that drives it and says the same. A setting that no leaf drives, or several do, stays out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Serving
from trimtab.render.followed import WRAPPERS, Followed, followed
from trimtab.render.marks import Leaf
from trimtab.render.objects import Unrendered
from trimtab.render.target import Target
from trimtab.render.tracings import tracings_of
from trimtab.render.workspace import Workspace
from trimtab.render.written import files_of


def with_rendered(
    servings: tuple[Serving, ...], workspace: Workspace, repository: str = "", *, only_new: bool = False
) -> tuple[Serving, ...]:
    """Return the servings with what rendering adds: settings of those that are known, and servings that are not.

    Args:
        servings: What was found without rendering.
        workspace: Renders the repository's charts.
        repository: The repository's name, for the locations.
        only_new: Whether charts of which something was found already are passed over.
    """
    found = {serving.subject: serving for serving in servings}
    for target in workspace.targets.charts():
        known = _known(target, found.values())
        if not (known and only_new):
            rendered = followed(target, workspace, repository)
            found.update((one.serving.subject, one.serving) for one in merged(rendered, known))
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.document)))


def follow(subject: str, servings: tuple[Serving, ...], workspace: Workspace) -> tuple[Followed, ...]:
    """Return what rendering shows of one serving, by the address that `with_rendered` gives it."""
    path = subject.partition("#")[0]
    charts = [target for target in workspace.targets.charts() if path in files_of(target)]
    return tuple(
        one
        for target in charts
        for one in merged(followed(target, workspace, ""), _known(target, servings))
        if one.serving.subject == subject
    )


def _known(target: Target, servings: Iterable[Serving]) -> list[Serving]:
    files = set(files_of(target))
    return [one for one in servings if one.path in files and one.wrapper in WRAPPERS.values()]


def merged(rendered: Sequence[Followed], known: Sequence[Serving]) -> Iterator[Followed]:
    """Yield what was rendered, as the known serving that each is; where any is known, no other is new."""
    if not known:
        yield from rendered
        return
    for one, twin in _twins(rendered, known):
        settings = {**one.serving.settings, **twin.settings}
        yield replace(one, serving=replace(twin, settings=dict(sorted(settings.items()))))


def _twins(rendered: Sequence[Followed], known: Sequence[Serving]) -> Iterator[tuple[Followed, Serving]]:
    """Yield rendered servings with the known one that each is: the only one, else the one that shares most places."""
    if len(rendered) == 1 and len(known) == 1:
        yield rendered[0], known[0]
        return
    nearest: list[tuple[Followed, Serving]] = []
    for one in rendered:
        shared = [len(_places(one.serving) & _places(other)) for other in known]
        most = max(shared, default=0)
        if most and shared.count(most) == 1:
            nearest.append((one, known[shared.index(most)]))
    claims = Counter(other.subject for _, other in nearest)
    yield from ((one, other) for one, other in nearest if claims[other.subject] == 1)


def _places(serving: Serving) -> set[tuple[str, str, int]]:
    """Return the settings of a serving with where each is written."""
    return {(field, one.location.path, one.location.start) for field, one in serving.settings.items()}


@dataclass(frozen=True, slots=True)
class Unseen:
    """A chart of which rendering showed nothing.

    Attributes:
        path: The file that declares its release, else the chart's folder.
        release: The release's name.
        reason: Why it could not be rendered.
    """

    path: str
    release: str
    reason: str


def unseen(workspace: Workspace) -> tuple[Unseen, ...]:
    """Return the charts of a repository that could not be rendered, and why; what was rendered is not done again."""
    said = ((target, workspace.render(target)) for target in workspace.targets.charts())
    return tuple(
        Unseen(target.values[0] or target.path or ".", target.release, found.reason)
        for target, found in said
        if isinstance(found, Unrendered)
    )


@dataclass(frozen=True, slots=True)
class Followable:
    """How far the values of a chart were followed; leaves are JSON pointers (RFC 6901) into them.

    Attributes:
        path: The file that declares its release, else the chart's folder.
        release: The release's name.
        leaves: How many values there are.
        driving: How many drive a field as things are.
        behind: By leaf that drives nothing as things are, the switch that must be turned first.
        silent: Leaves that drive nothing.
        untried: Leaves of which no other value was tried.
    """

    path: str
    release: str
    leaves: int
    driving: int
    behind: Mapping[str, str]
    silent: tuple[str, ...]
    untried: tuple[str, ...]


def followable(workspace: Workspace) -> tuple[Followable, ...]:
    """Return of every chart that was traced how far its values were followed."""
    return tuple(
        Followable(
            target.values[0] or target.path or ".",
            target.release,
            sum(map(len, (found.drives, found.behind, found.silent, found.untried))),
            len(found.drives),
            {_pointer(leaf): _pointer(one.switch) for leaf, one in found.behind.items()},
            tuple(map(_pointer, found.silent)),
            tuple(map(_pointer, found.untried)),
        )
        for target, found in tracings_of(workspace).answers.items()
    )


def _pointer(leaf: Leaf) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in leaf)
