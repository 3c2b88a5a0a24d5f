"""What a forge keeps, over a real bare repository: pull requests, comments, members; people act on it directly."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

BOT = "trimtab-bot"
BOT_ID = 4242
NOW = "2026-11-21T00:00:00Z"
LATER = "2026-11-21T00:05:00Z"

PERSON, ADDRESS = "Ada Person", "ada@example.com"
WHEN_S = 1_795_132_800
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", PERSON), ("EMAIL", ADDRESS), ("DATE", f"{WHEN_S} +0000"))
}


def git(folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
    """Run git as a person would, in a folder, and return what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**clean, **IDENTITY, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **(env or {})},
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def make_repository(folder: Path, files: dict[str, str]) -> Path:
    """Return a bare repository with one commit of these files on `main`."""
    git(folder.parent, "init", "-q", "--bare", "--template=", "-b", "main", str(folder))
    with (folder / "config").open("a") as config:  # it lives for one test
        config.write("[receive]\n\tautogc = false\n[core]\n\tfsync = none\n")
    commit_to(folder, "main", files, "Start")
    return folder


def commit_to(bare: Path, branch: str, files: dict[str, str], message: str) -> str:
    """Commit new content to a branch of a bare repository, as a person, and return the commit."""
    parent = tip(bare, branch)
    lines = [f"commit refs/heads/{branch}", f"committer {PERSON} <{ADDRESS}> {WHEN_S} +0000", _data(message)]
    lines += [f"from {parent}"] if parent else []
    lines += [f"M 100644 inline {path}\n{_data(content)}" for path, content in files.items()]
    git(bare, "fast-import", "--quiet", stdin="\n".join((*lines, "")).encode())
    return tip(bare, branch)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def heads(bare: Path) -> dict[str, str]:
    """Return the branches with their heads, as git keeps them: nothing packs those of a repository made for a test."""
    folder, found = bare / "refs" / "heads", {}
    for file in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError, IsADirectoryError):  # a branch may go meanwhile
            found[file.relative_to(folder).as_posix()] = file.read_text().strip()
    return {name: head for name, head in found.items() if not name.endswith(".lock")}


def tip(bare: Path, branch: str) -> str:
    """Return a branch's head, empty where there is none."""
    return heads(bare).get(branch, "")


def show(bare: Path, branch: str, path: str) -> str:
    """Return a file's content on a branch."""
    return git(bare, "show", f"{branch}:{path}")


@dataclass(frozen=True, slots=True)
class Said:
    """A comment."""

    id: int
    login: str
    user_id: int
    body: str
    updated: str = NOW
    edited: bool = False
    created: str = NOW


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as a forge keeps it."""

    number: int
    title: str
    body: str
    branch: str
    base: str
    state: str = "open"
    head: str = ""
    merge_commit: str = ""
    author: tuple[str, int] = (BOT, BOT_ID)
    ended_by: tuple[str, int] = ("", 0)
    fork: bool = False
    comments: tuple[Said, ...] = ()
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    updated: str = NOW


@dataclass(frozen=True, slots=True)
class Board:
    """An issue as a forge keeps it."""

    number: int
    title: str
    body: str
    author: tuple[str, int]
    labels: tuple[str, ...] = ()
    state: str = "open"


class DeclinedError(Exception):
    """The forge declines, with the text it would answer."""


@dataclass(slots=True)
class ForgeState:
    """A repository on a forge.

    Attributes:
        bare: The real repository.
        pulls: By number.
        levels: What accounts may do: `read`, `write`, `admin`.
        users: Numeric ids by login.
        bots: Accounts that are machines.
        issues: By number; pull requests and issues share their numbers.
        teams: Members by `organisation/team`.
        reactions: Comment and reaction, in order.
        labels: Those that the repository knows, where a forge wants them made first.
    """

    bare: Path
    pulls: dict[int, Pull] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=lambda: {"ada": "write", "eve": "read", BOT: "write"})
    users: dict[str, int] = field(default_factory=lambda: {"ada": 7, "eve": 66, BOT: BOT_ID})
    bots: frozenset[str] = frozenset({BOT})
    next_comment: int = 9001
    issues: dict[int, Board] = field(default_factory=dict)
    teams: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"acme/ml": ("ada",)})
    reactions: list[tuple[int, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=lambda: ["bug"])

    def all(self) -> list[Pull]:
        """Return the pull requests as they stand, heads and closings by git included."""
        tips = heads(self.bare)
        for pull in list(self.pulls.values()):
            if pull.state == "open" and not pull.fork:
                gone = pull.branch not in tips
                state, head = ("closed", pull.head) if gone else ("open", tips[pull.branch])
                self.pulls[pull.number] = replace(pull, state=state, head=head)
        return [self.pulls[number] for number in sorted(self.pulls)]

    def get(self, number: int) -> Pull:
        """Return one pull request."""
        return next(pull for pull in self.all() if pull.number == number)

    def number(self) -> int:
        """Return the next number."""
        return max((*self.pulls, *self.issues), default=0) + 1

    def found(self, title: str, body: str, labels: tuple[str, ...], login: str = BOT) -> Board:
        """Open an issue."""
        board = Board(self.number(), title, body, (login, self.users[login]), labels)
        self.issues[board.number] = board
        return board

    def merge_as_bot(self, number: int, head: str) -> bool:
        """Merge as the bot's token does; not where the head is another one."""
        if self.get(number).head != head:
            return False
        self.merge(number, BOT)
        return True

    def create(self, branch: str, base: str, title: str, body: str, author: str = BOT, *, draft: bool = False) -> Pull:
        """Open a pull request, with the refusals that forges give."""
        head = tip(self.bare, branch)
        if not head:
            raise DeclinedError("head sha can't be blank")
        if any(pull.branch == branch and pull.state == "open" and not pull.fork for pull in self.all()):
            raise DeclinedError(f"A pull request already exists for acme:{branch}.")
        if not git(self.bare, "rev-list", f"{base}..{branch}"):
            raise DeclinedError(f"No commits between {base} and {branch}")
        number = self.number()
        pull = Pull(number, title, body, branch, base, head=head, author=(author, self.users[author]), draft=draft)
        self.pulls[number] = pull
        return pull

    def edit(self, number: int, **values: str | tuple[str, ...]) -> Pull:
        """Set title, body, state, labels or reviewers as the bot's token does."""
        pull = replace(self.get(number), **values)  # type: ignore[arg-type]  # each field gets its own kind
        if values.get("state") == "closed" and not pull.ended_by[1]:
            pull = replace(pull, ended_by=(BOT, BOT_ID))
        self.pulls[number] = pull
        return pull

    def say(self, number: int, login: str, body: str) -> Said:
        """Add a comment by anyone."""
        said = Said(self.next_comment, login, self.users[login], body)
        self.next_comment += 1
        self.pulls[number] = replace(self.get(number), comments=(*self.get(number).comments, said))
        return said

    def react(self, comment: int, content: str) -> bool:
        """Add the bot's reaction to a comment; return whether it was not there yet."""
        new = (comment, content) not in self.reactions
        self.reactions += [(comment, content)] if new else []
        return new

    def rewrite(self, number: int, comment: int, body: str) -> None:
        """Edit a comment, as its author or an administrator may."""
        comments = tuple(
            replace(said, body=body, updated=LATER, edited=True) if said.id == comment else said
            for said in self.get(number).comments
        )
        self.pulls[number] = replace(self.get(number), comments=comments)

    def take_back(self, comment: int) -> bool:
        """Delete a comment; return whether it was there."""
        for pull in self.all():
            left = tuple(said for said in pull.comments if said.id != comment)
            if len(left) < len(pull.comments):
                self.pulls[pull.number] = replace(pull, comments=left)
                return True
        return False

    def merge(self, number: int, login: str = "ada", *, squash: bool = False) -> str:
        """Merge as a person, by a real merge in the repository, and return the base's new head."""
        pull = self.get(number)
        tree = git(self.bare, "merge-tree", "--write-tree", pull.base, pull.branch)
        parents = ["-p", tip(self.bare, pull.base)] + ([] if squash else ["-p", pull.head])
        commit = git(self.bare, "commit-tree", tree, *parents, "-m", f"Merge #{number}")
        git(self.bare, "update-ref", f"refs/heads/{pull.base}", commit)
        self.pulls[number] = replace(pull, state="merged", merge_commit=commit, ended_by=(login, self.users[login]))
        return commit

    def close(self, number: int, login: str = "ada") -> None:
        """Close without a merge, as a person."""
        self.pulls[number] = replace(self.get(number), state="closed", ended_by=(login, self.users[login]))

    def reopen(self, number: int) -> None:
        """Open again, restoring the branch where it was deleted, as a person."""
        pull = self.pulls[number]
        git(self.bare, "update-ref", f"refs/heads/{pull.branch}", pull.head)
        self.pulls[number] = replace(pull, state="open", ended_by=("", 0))
