"""The way of every landing object, and what was under way at any moment."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from local.aws.events import Delivery as Notification
from local.aws.firehose import Delivery
from local.snowflake.history import Ended

BATCHED = ("final_", "ledger_")


@dataclass(frozen=True)
class Passage:
    """The way of one landing object with accepted rows; times are Unix times, None not yet reached.

    `arrived`: its oldest record came to Firehose. `closed`: Firehose takes no more for it. `landed`:
    complete in the lake. `transformed`: its rows are complete in the lake as Parquet. `copying`: the
    COPY that names them was received. `queryable`: that COPY had committed. `size` is that of
    its records as Firehose took them, `object_size` that of the object.
    """

    key: str
    size: int
    object_size: int
    arrived: float
    closed: float
    landed: float
    transformed: float | None = None
    copying: float | None = None
    queryable: float | None = None
    rows: int = 0


@dataclass(frozen=True)
class Merged:
    """A merge: when it began and ended, Unix times."""

    began: float
    ended: float


def object_id(bucket: str, key: str, version: str) -> str:
    """The name by which the outputs of a landing object go: see functions/lake/src/keys.rs."""
    return hashlib.sha256(f"{bucket}\n{key}\n{version}".encode()).hexdigest()[:16]


class Passages:
    """Puts passages together out of lists that grow, of which it reads each entry once."""

    def __init__(self) -> None:
        self._notifications = self._statements = 0
        self._ids: dict[str, str] = {}
        self._written: dict[str, float] = {}
        self._copies: dict[str, tuple[Ended, int]] = {}
        self._complete: dict[str, Passage] = {}

    def follow(
        self, deliveries: Sequence[Delivery], notifications: Sequence[Notification], statements: Sequence[Ended]
    ) -> list[Passage]:
        """The passage of every landing object, in the order of landing. The lists are those of the last call,
        and what has come since."""
        for notification in notifications[self._notifications :]:
            self._note(notification)
        for statement in statements[self._statements :]:
            loaded = ((_id(file), rows) for file, rows in statement.loaded.items() if "/final_" in file)
            self._copies.update((name, (statement, rows)) for name, rows in loaded)
        self._notifications, self._statements = len(notifications), len(statements)
        return [self._complete.get(one.key) or self._passage(one) for one in deliveries]

    def _note(self, notification: Notification) -> None:
        key, record = notification.key, notification.record
        stored = record["s3"]["object"]
        if key.startswith("landing/"):
            version = stored.get("versionId") or stored["eTag"]
            self._ids[key] = object_id(notification.route.bucket, key, version)
        elif "/final_" in key:
            self._written.setdefault(_id(key), datetime.fromisoformat(record["eventTime"]).timestamp())

    def _passage(self, one: Delivery) -> Passage:
        name = self._ids.get(one.key, "")
        copy, rows = self._copies.get(name, (None, 0))
        passage = Passage(
            one.key, one.size, one.object_size, one.arrival, one.closed, one.landed, self._written.get(name),
            copy and copy.created_on, copy and copy.ended_on, rows,
        )
        if copy and passage.transformed is not None:
            self._complete[one.key] = passage
        return passage


def _id(key: str) -> str:
    return key.rpartition("_")[2].removesuffix(".parquet")


def merges(statements: Iterable[Ended]) -> list[Merged]:
    """The merges that took place, in order."""
    return [Merged(one.created_on, one.ended_on) for one in statements if one.kind == "merge" and not one.error]


@dataclass(frozen=True)
class Backlog:
    """What was under way at moments: objects waiting for or in the transform, objects whose files wait
    for or are in a COPY, rows staged and not merged. `merged` are all rows merged by then."""

    to_transform: list[int]
    to_load: list[int]
    staged: list[int]
    merged: list[int]


class Flow:
    """Counts over passages and merges."""

    def __init__(self, passages: list[Passage], merges: list[Merged]) -> None:
        self._passages = passages
        self._landed = sorted(one.landed for one in passages)
        self._transformed = sorted(one.transformed for one in passages if one.transformed is not None)
        queryable = sorted((one.queryable, one.rows) for one in passages if one.queryable is not None)
        self._queryable = [at for at, _ in queryable]
        self._rows = [0, *accumulate(rows for _, rows in queryable)]
        self._merges = merges

    def staged_by(self, moment: float) -> int:
        """Rows that had been queryable in staging by a moment."""
        return self._rows[bisect_right(self._queryable, moment)]

    def merged_by(self, moment: float) -> int:
        """Rows merged by a moment: a merge takes what was queryable when it began."""
        began = max((one.began for one in self._merges if one.ended <= moment), default=None)
        return 0 if began is None else self.staged_by(began)

    def bytes_waiting(self, moment: float) -> int:
        """Bytes of records, as Firehose took them, that had landed and were not queryable yet."""
        return sum(
            one.size for one in self._passages
            if one.landed <= moment and (one.queryable is None or one.queryable > moment)
        )

    def backlog(self, moments: list[float]) -> Backlog:
        """What was under way at each moment."""
        merged = [self.merged_by(moment) for moment in moments]
        transformed = [bisect_right(self._transformed, moment) for moment in moments]
        return Backlog(
            [bisect_right(self._landed, moment) - done for moment, done in zip(moments, transformed, strict=True)],
            [done - bisect_right(self._queryable, moment) for moment, done in zip(moments, transformed, strict=True)],
            [self.staged_by(moment) - done for moment, done in zip(moments, merged, strict=True)],
            merged,
        )
