"""What the merge must leave, in plain Python: every arrival in turn, the newest version of a key kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Version = tuple[datetime, datetime, str, int]


@dataclass(frozen=True)
class Arrival:
    """A row of staging, as far as it differs from others; `amount` stands for what it says."""

    key: str
    ordered_at: datetime
    landed_at: datetime
    source_object: str
    source_line: int
    op: str | None
    amount: Decimal
    contract_version: str = "1.0.0"

    @property
    def version(self) -> Version:
        """What decides which of two rows of a key is the newer one."""
        return self.ordered_at, self.landed_at, self.source_object, self.source_line


class Model:
    """Staging as a sequence of arrivals, and the state after the merges so far.

    A version that has been overtaken changes nothing; an equal one, the same line transformed
    again, replaces what is there. A delete is a version like any other: it only shows no row.
    """

    def __init__(self) -> None:
        self.arrived: list[Arrival] = []
        self._pending: list[Arrival] = []
        self._newest: dict[str, Arrival] = {}

    def arrive(self, rows: Iterable[Arrival]) -> None:
        rows = list(rows)
        self.arrived += rows
        self._pending += rows

    def merge(self) -> None:
        self._newest = self._after_merge()
        self._pending = []

    def analytics(self) -> set[Arrival]:
        """The rows after the last merge."""
        return _live(self._newest)

    def live(self) -> set[Arrival]:
        """The rows that the next merge would leave."""
        return _live(self._after_merge())

    def _after_merge(self) -> dict[str, Arrival]:
        newest = dict(self._newest)
        for row in self._pending:
            known = newest.get(row.key)
            if known is None or row.version >= known.version:
                newest[row.key] = row
        return newest


def _live(newest: dict[str, Arrival]) -> set[Arrival]:
    return {row for row in newest.values() if row.op != "D"}
