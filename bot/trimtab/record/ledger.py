"""Reads and extends the ledger branch: one commit for each write, compared and swapped against races."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tenacity import RetryError, retry, retry_if_exception_type, stop_after_attempt, wait_incrementing

from trimtab.errors import ForgeError
from trimtab.gitio import Commit, Pushed, Repo, Update, push, write_commit
from trimtab.life import COMMAND, Draft, Entry, State, histories, step
from trimtab.record.chain import Broken, path_of
from trimtab.record.clone import BRANCH, entries_at
from trimtab.record.codec import START, decode, seal
from trimtab.record.verify import Verified, verify

_TRIES = 40
"""Writers that race win one each round, so this is also about the number that may write at once."""


class _RacedError(Exception):
    """Another writer was first."""


class Ledger:
    """The ledger of one repository; a `Journal`.

    Every entry that this object writes carries the time that it was made with: nothing here reads a clock.
    """

    def __init__(self, repo: Repo, now_s: int, pause: Callable[[], None] = lambda: None) -> None:
        """Open the ledger.

        Args:
            repo: A scratch repository whose remote holds the branch.
            now_s: The time of writing, Unix seconds.
            pause: Called before each write, to keep writes apart.
        """
        self._repo = repo
        self._now_s = now_s
        self._pause = pause
        self._tip = ""
        self._entries: tuple[Entry, ...] = ()
        self._read = False

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest first, as of the first look or the last write.

        Raises:
            ForgeError: The branch cannot be read.
            RefusedError: The ledger is damaged.
        """
        if not self._read:
            self._refresh()
        return self._entries

    def prove(self) -> Verified | Broken:
        """Return whether the ledger holds, or the first entry that does not.

        Raises:
            ForgeError: The branch cannot be read.
        """
        return verify(self._repo, self._fetched())

    def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Record drafts in one commit; those that another run overtook are left out.

        Raises:
            ForgeError: The branch cannot be written.
            RefusedError: The ledger is damaged.
            TrimtabError: A draft's step is not legal.
        """
        if not drafts:
            return ()
        self.entries()
        again = retry(
            stop=stop_after_attempt(_TRIES),
            wait=wait_incrementing(start=0.05, increment=0.05, max=1.0),
            retry=retry_if_exception_type(_RacedError),
        )
        try:
            return again(self._append_once)(tuple(drafts))
        except RetryError:
            raise ForgeError(f"{BRANCH}: other writers were faster {_TRIES} times", "run again") from None

    def _append_once(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        sealed = self._seal(drafts)
        if not sealed:
            return ()
        added = tuple(decode(data) for data in sealed)
        files = {path_of(entry.seq): data for entry, data in zip(added, sealed, strict=True)}
        commit = write_commit(self._repo, Commit(self._tip, files, _message(added), self._now_s))
        self._pause()
        outcome = push(self._repo, [Update(BRANCH, commit, self._tip)])[BRANCH]
        if not isinstance(outcome, Pushed):
            if not outcome.stale:
                raise ForgeError(f"{BRANCH}: not written: {outcome.reason}", "let the token push to this branch")
            self._refresh()
            if self._tip == commit or self._repo.contains(self._tip, commit):
                return added  # the push went through although its answer was lost
            raise _RacedError
        self._tip, self._entries = commit, (*self._entries, *added)
        return added

    def _seal(self, drafts: Sequence[Draft]) -> tuple[bytes, ...]:
        """Return the bytes of the entries to add, in order, leaving out drafts that were overtaken.

        What one command asks of several recommendations is recorded for all of them, or for none.
        """
        last = {identity: history[-1] for identity, history in histories(self._entries).items()}
        commands = {_command(entry) for entry in self._entries if entry.command}
        prev = self._entries[-1].digest if self._entries else START
        at = datetime.fromtimestamp(self._now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        late = {_command(draft) for draft in drafts if _seq(last.get(draft.recommendation)) != draft.expects}
        sealed: list[bytes] = []
        for draft in drafts:
            before = last.get(draft.recommendation)
            overtaken = _seq(before) != draft.expects or (draft.command and _command(draft) in late)
            if overtaken or _command(draft) in commands:
                continue
            came_from = before.step if before else ""
            _check(came_from, draft.step)
            sealed.append(seal(draft, len(self._entries) + len(sealed) + 1, at, came_from, prev))
            entry = decode(sealed[-1])
            prev = entry.digest
            if entry.recommendation:
                last[entry.recommendation] = entry
        return tuple(sealed)

    def _refresh(self) -> None:
        tip = self._fetched()
        if not self._read or tip != self._tip:
            self._tip, self._entries, self._read = tip, entries_at(self._repo, tip), True

    def _fetched(self) -> str:
        """Return the branch's head on the remote, with everything below it here; empty where there is no branch."""
        if not self._repo.heads(BRANCH):
            return ""
        self._repo.fetch(BRANCH, blobs=True)
        return self._repo.first_of(f"refs/heads/{BRANCH}")


def _command(draft: Draft) -> tuple[str, int, int]:
    """Return which command of which comment a draft is the record of."""
    return (draft.repository, draft.command, draft.line)


def _seq(entry: Entry | None) -> int:
    return entry.seq if entry else 0


def _check(came_from: str, after: str) -> None:
    """Raise where a step is not legal."""
    if came_from and after != COMMAND:
        step(State(came_from), State(after))


def _message(entries: Sequence[Entry]) -> str:
    """Return the commit message: what happened, for a person who reads `git log`."""
    span = f"{entries[0].seq}" if len(entries) == 1 else f"{entries[0].seq} to {entries[-1].seq}"
    lines = [f"{entry.seq}: {entry.step} {entry.rule} {entry.recommendation}".rstrip() for entry in entries]
    return f"Record {span}\n\n" + "\n".join(lines) + "\n"
