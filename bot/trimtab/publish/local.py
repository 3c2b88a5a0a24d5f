"""A forge without a server: a git repository, and a folder with a Markdown file for each pull request.

A person merges with git, and closes by writing `state: closed` at the top of the file.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.gitio import Repo
from trimtab.gitio.commit import AUTHOR
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import (
    PLAIN,
    PREFIX,
    Comment,
    Dress,
    Issue,
    NewPull,
    Permission,
    PullRequest,
    PullState,
    Rights,
)
from trimtab.publish.mark import key_of

_ME = Actor("trimtab", 0)
_FENCE = "---\n"
_MOST = 100_000
"""More comments than any pull request has."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What a file says; `state` is `open` or `closed`, as it was last written."""

    number: int
    state: str
    branch: str
    base: str
    head: str
    title: str
    body: str

    def text(self) -> str:
        """Return the file: front matter, then the body."""
        keys = ("number", "state", "branch", "base", "head", "title")
        lines = [f"{key}: {str(getattr(self, key)).replace(chr(10), ' ')}\n" for key in keys]
        return f"{_FENCE}{''.join(lines)}{_FENCE}\n{self.body}"


class LocalForge:
    """A folder that stands in for a forge; a `Forge`."""

    def __init__(self, folder: Path, repo: Repo) -> None:
        """Take the folder for the files, and the repository that the branches are in."""
        self._folder = folder
        self._repo = repo

    def whoami(self) -> Actor:
        """Return the one account there is."""
        return _ME

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Return the pull requests that are neither closed nor merged; of a branch all, newest first."""
        if branch:
            return tuple(reversed([pull for pull in self._all() if pull.branch == branch]))
        return tuple(pull for pull in self._all() if pull.state is PullState.OPEN and pull.branch.startswith(PREFIX))

    def open_pull(self, new: NewPull) -> PullRequest:
        """Write the file of a new pull request; one that is open from the branch already is taken instead."""
        with self._lock():
            for pull in self.pulls():
                if pull.branch == new.branch:
                    return pull
            number = max((page.number for page in self._pages()), default=0) + 1
            head = self._repo.heads(new.branch).get(new.branch, "")
            if not head:
                raise ForgeError(f"{new.branch} does not exist, so nothing can be opened from it")
            self._write(_Page(number, "open", new.branch, new.base, head, new.title, new.body))
            return self._look(number)

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Write the file anew, with the branch's head of now; merging is done with git.

        Raises:
            ForgeError: A merge was asked for.
        """
        del head
        if state is PullState.MERGED:
            raise ForgeError("a local forge does not merge", "merge the branch with git")
        with self._lock():
            page = self._page(self._file(number))
            tip = self._repo.heads(page.branch).get(page.branch, page.head)
            closed = "open" if state is PullState.OPEN else "closed"
            self._write(replace(page, title=title, body=body, state=closed, head=tip, base=dress.base or page.base))
            return self._look(number)

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """Return the comments, one JSON object a line beside the pull request's file; they carry no time."""
        del since
        if not number:
            return tuple(comment for page in self._pages() for comment in self.comments(page.number))
        file = self._comments_file(number)
        try:
            lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
            return tuple(
                _comment(number, index, said["login"], said["body"])
                for index, said in enumerate(map(json.loads, filter(None, lines)), start=1)
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ForgeError(f"{file}: not the comments of a pull request: {error}", "put its lines right") from None

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Say something once for each key line, the latest text in the place of the first; there are no reactions."""
        del answers
        if not body:
            return Unknown("there are no reactions here")
        with self._lock():
            said = [(comment.author.login, comment.body) for comment in self.comments(number)]
            keys = [key_of(text) if login == _ME.login else "" for login, text in said]
            at = keys.index(key_of(body)) if key_of(body) and key_of(body) in keys else len(said)
            if said[at:] and said[at][1] == body:
                return self.comments(number)[at]
            said[at : at + 1] = [(_ME.login, body)]
            lines = (json.dumps({"login": login, "body": text}, ensure_ascii=False) for login, text in said)
            _replace(self._comments_file(number), "".join(f"{line}\n" for line in lines))
            return self.comments(number)[at]

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return write: who may write into the folder may do everything here."""
        return Rights(Permission.WRITE, any(owner.removeprefix("@") == actor.login for owner in owners))

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the file that holds the dashboard; with a body, write it."""
        file = self._folder / "dashboard.md"
        if body:
            with self._lock():
                _replace(file, body)
        if not file.exists():
            return Unknown("there is no dashboard yet")
        return Found(Issue(0, _ME, file.read_text(encoding="utf-8"), str(file)))

    def _all(self) -> list[PullRequest]:
        """Return every pull request by number; the branches are fetched first, for merges are seen in git."""
        pages = self._pages()
        tips: Mapping[str, str] = self._repo.heads("*") if pages else {}
        known = [branch for page in pages for branch in (page.branch, page.base) if branch in tips]
        self._repo.fetch(*sorted(set(known)), blobs=True)
        return [self._pull(page, tips) for page in pages]

    def _look(self, number: int) -> PullRequest:
        return next(pull for pull in self._all() if pull.number == number)

    def _pull(self, page: _Page, tips: Mapping[str, str]) -> PullRequest:
        head = tips.get(page.branch, page.head)
        merged, by = self._merge_of(head, tips.get(page.base, ""))
        gone = page.state == "closed" or page.branch not in tips
        state = PullState.MERGED if merged else PullState.CLOSED if gone else PullState.OPEN
        return PullRequest(
            number=page.number,
            title=page.title,
            body=page.body,
            state=state,
            branch=page.branch,
            head=head,
            base=page.base,
            author=_ME,
            url=str(self._file(page.number)),
            merge_commit=merged,
            ended_by=by,
        )

    def _merge_of(self, head: str, base: str) -> tuple[str, Actor]:
        """Return the commit of the base that brought the head's change in, and who made it; empty where none did."""
        if not (self._repo.has(head) and self._repo.has(base)):
            return "", NOBODY
        if not self._repo.contains(base, head):
            return (base, self._committer(base)) if self._squashed(head, base) else ("", NOBODY)
        path = self._repo.run("rev-list", "--first-parent", "--ancestry-path", f"{head}..{base}").decode().split()
        commit = path[-1] if path else head
        straight = self._repo.run("rev-list", "--parents", "-1", commit).decode().split()[1:2] == [head]
        if commit == head or straight:  # fast-forward: no commit tells who did it
            return head, NOBODY
        return commit, self._committer(commit)

    def _squashed(self, head: str, base: str) -> bool:
        """Return whether the base has the change without the commits: each made anew, or all as one."""
        fork = self._repo.run("merge-base", base, head).decode().strip()
        who = {f"GIT_{role}_{what}": AUTHOR for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        whole = self._repo.run("commit-tree", f"{head}^{{tree}}", "-p", fork, stdin=b"Squashed\n", env=who).decode()
        left = (self._repo.run("cherry", base, tip).decode().split()[0::2] for tip in (head, whole.strip()))
        return any(set(marks) == {"-"} for marks in left)

    def _committer(self, commit: str) -> Actor:
        return Actor(self._repo.run("log", "-1", "--format=%cn", commit).decode().strip(), 0)

    def _pages(self) -> list[_Page]:
        files = sorted(self._folder.glob("[0-9]*.md")) if self._folder.is_dir() else []
        return sorted((self._page(file) for file in files), key=lambda page: page.number)

    def _page(self, file: Path) -> _Page:
        """Return what a file says.

        Raises:
            ForgeError: It is gone, or its front matter is not whole; names the file.
        """
        try:
            text = file.read_text(encoding="utf-8")
            _, front, body = text.split(_FENCE, 2)
            said = dict(line.split(": ", 1) for line in front.splitlines() if line)
            return _Page(
                number=int(said["number"]),
                state=said["state"].strip().strip("'\"").lower(),
                branch=said["branch"],
                base=said["base"],
                head=said["head"],
                title=said["title"],
                body=body.removeprefix("\n"),
            )
        except (OSError, ValueError, KeyError) as error:
            raise ForgeError(f"{file}: not the file of a pull request: {error}", "put its first lines right") from None

    def _write(self, page: _Page) -> None:
        _replace(self._file(page.number), page.text())

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:04d}.md"

    def _comments_file(self, number: int) -> Path:
        return self._folder / f"{number:04d}.comments.jsonl"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other runs out; the system lets go when a run dies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _replace(file: Path, text: str) -> None:
    """Write a file so that it is there whole or as it was."""
    scratch = file.with_suffix(".writing")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(file)


def _comment(number: int, index: int, login: str, body: str) -> Comment:
    """Return a comment; its id tells the pull request too, for ids are the forge's own."""
    return Comment(number * _MOST + index, Actor(login, 0), login == _ME.login, body, edited=False, number=number)
