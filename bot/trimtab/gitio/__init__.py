"""Git by its plumbing: branches of a remote are read, and commits are made and pushed, without a work tree."""

from trimtab.gitio.checkout import opened, origin_of
from trimtab.gitio.commit import Commit, PathError, holds, write_commit
from trimtab.gitio.push import Pushed, Refused, Update, push
from trimtab.gitio.repo import GitError, Remote, Repo

__all__ = [
    "Commit",
    "GitError",
    "PathError",
    "Pushed",
    "Refused",
    "Remote",
    "Repo",
    "Update",
    "holds",
    "opened",
    "origin_of",
    "push",
    "write_commit",
]
