"""What the command line asks of the flow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimtab.config import Config
from trimtab.progress import Progress


@dataclass(frozen=True, slots=True)
class Call:
    """What one run is asked for.

    Attributes:
        config: The configuration.
        base: The folder that paths in it are relative to.
        now_s: End of the window, Unix seconds.
        workdir: A folder for checkouts; the caller removes it.
        progress: Told of long work.
        facts: A folder of recorded facts to judge again; read anew where it is None.
        record: A folder to record the facts in; none where it is None.
    """

    config: Config
    base: Path
    now_s: int
    workdir: Path
    progress: Progress
    facts: Path | None = None
    record: Path | None = None
