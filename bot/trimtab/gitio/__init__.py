"""Git by its plumbing: branches of a remote are read, and commits are made and pushed, without a work tree."""

from trimtab.gitio.blobs import blob_sizes, read_blobs
from trimtab.gitio.checkout import address_of, opened, origin_of
from trimtab.gitio.commit import Commit, PathError, holds, write_commit
from trimtab.gitio.push import Pushed, Refused, Update, push
from trimtab.gitio.remote import TOKENS, folder_for, remote_of
from trimtab.gitio.repo import GitError, Remote, Repo
from trimtab.gitio.series import Step, messages, series, trees
from trimtab.gitio.undo import undo

__all__ = [
    "TOKENS",
    "Commit",
    "GitError",
    "PathError",
    "Pushed",
    "Refused",
    "Remote",
    "Repo",
    "Step",
    "Update",
    "address_of",
    "blob_sizes",
    "folder_for",
    "holds",
    "messages",
    "opened",
    "origin_of",
    "push",
    "read_blobs",
    "remote_of",
    "series",
    "trees",
    "undo",
    "write_commit",
]
