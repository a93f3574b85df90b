"""The statements of an account that have ended, as lines of JSON in a file: for whoever runs it as a process."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from .jobs import Job


@dataclass(frozen=True)
class Ended:
    """A statement that has ended; times are Unix times.

    `kind` is its first word. `loaded` are the files a COPY loaded, each with its rows; `counts` what
    a DML statement changed. `cpu_s` is as in `Job`.
    """

    kind: str
    query_tag: str
    created_on: float
    ended_on: float
    cpu_s: float
    error: str | None
    loaded: dict[str, int]
    counts: dict[str, int]


class History:
    """Appends to a file; each line is written at once and whole."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._file.close()

    def append(self, job: Job) -> None:
        """Adds a statement that has ended."""
        line = json.dumps(asdict(ended(job)))
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def read(line: str) -> Ended:
    """The statement of a line."""
    return Ended(**json.loads(line))


def ended(job: Job) -> Ended:
    """What there is to say of a statement that has ended."""
    lines = (line.strip() for line in job.statement.splitlines())
    kind = next((line.split()[0].lower() for line in lines if line and not line.startswith("--")), "")
    return Ended(
        kind=kind,
        query_tag=job.query_tag,
        created_on=job.created_on,
        ended_on=job.ended_on or job.created_on,
        cpu_s=job.cpu_s,
        error=None if job.error is None else job.error.message,
        loaded=_loaded(job),
        counts=dict(job.result.stats or {}) if job.result else {},
    )


def _loaded(job: Job) -> dict[str, int]:
    columns = [column.name for column in job.result.columns] if job.result else []
    if job.result is None or columns[:2] != ["file", "status"]:
        return {}
    rows = job.result.rows.select(["file", "status", "rows_loaded"]).to_pylist()
    return {row["file"]: row["rows_loaded"] for row in rows if row["status"] == "LOADED"}
