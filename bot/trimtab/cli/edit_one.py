"""One edit as it is asked for, how it is made, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from trimtab.errors import UsageError
from trimtab.manifest import EditResult, Refusal, Tree, edit, scalar_edit
from trimtab.manifest.disk import named_file

if TYPE_CHECKING:
    from trimtab.render import Workspace

SCHEMA = "trimtab/edit/v1"


@dataclass(frozen=True, slots=True)
class Request:
    """One edit as it was asked for.

    Attributes:
        subject: The serving's address; empty for a scalar.
        values: New values as text, by the vocabulary's word.
        file: The scalar's file.
        at: Its JSON pointer, with `,document`.
        value: Its new value.
        selector_key: Node label for `gpu_product` where no selector stands.
    """

    subject: str = ""
    values: Mapping[str, str] | None = None
    file: str = ""
    at: str = ""
    value: str = ""
    selector_key: str = ""


class Editor:
    """Makes edits of one tree; a context manager, for what rendering leaves on disk."""

    def __init__(self, root: Path, tree: Tree, *, render: bool = False, charts: str = "") -> None:
        """Take the tree as it was read below a root.

        Args:
            root: The folder.
            tree: Its files.
            render: Whether servings are those that rendering shows, and edits of their settings are proven by it.
            charts: A folder of charts that the root does not hold; empty for none.
        """
        self.root = root
        self.tree = tree
        self._render = render
        self._charts = charts
        self._open = ExitStack()
        self._workspace: Workspace | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was rendered in."""
        self._open.close()

    def edit(self, request: Request) -> EditResult | Refusal:
        """Return one edit made in memory, or why not.

        Raises:
            UsageError: The request makes no sense.
        """
        if request.file:
            self._find(request.file.removeprefix("./"))
            return scalar_edit(self.tree, request.file, request.at, request.value)
        if self._render:
            return self._rendered(request)
        return edit(self.tree, request.subject, request.values or {}, request.selector_key)

    def _find(self, path: str) -> None:
        """Add a file to the tree that is named itself, though no manifest is called so."""
        if path not in self.tree and path not in self.tree.left_out:
            with suppress(OSError, ValueError):
                data = named_file(self.root, path)
                self.tree = self.tree if data is None else self.tree.replaced({path: data})

    def take(self, files: Mapping[str, bytes]) -> None:
        """Go on from files that were written."""
        if files:
            self.tree = self.tree.replaced(files)
            self._open.close()
            self._workspace = None

    def _rendered(self, request: Request) -> EditResult | Refusal:
        from trimtab.render import Workspace, edit_rendered, find_tools  # noqa: PLC0415 - most edits render nothing

        if request.selector_key:
            raise UsageError("--render goes with --subject and --set alone")
        if self._workspace is None:
            tools = replace(find_tools(os.environ), charts=self._charts)
            self._workspace = self._open.enter_context(Workspace(self.root, self.tree, tools))
        return edit_rendered(self._workspace, request.subject, request.values or {})


def document(result: EditResult) -> dict[str, object]:
    """Return the document of an edit that was made."""
    edits = [
        {"path": one.path, "line": one.line, "before": one.before, "after": one.after, "field": one.field}
        for one in result.edits
    ]
    return {"schema": SCHEMA, "status": "edited" if result.files else "unchanged", "edits": edits, "diff": result.diff}


def refused(refusal: Refusal) -> dict[str, object]:
    """Return the document of an edit that was refused."""
    return {"schema": SCHEMA, "status": "refused", "reason": refusal.reason, "hint": refusal.hint or None, "edits": []}
