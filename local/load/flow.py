"""The way of every landing object, and what was under way at any moment."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
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
    its records, `object_size` that of the object.
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


def passages(
    deliveries: Iterable[Delivery], notifications: Iterable[Notification], statements: Iterable[Ended]
) -> list[Passage]:
    """The passage of every landing object, in the order of landing."""
    ids: dict[str, str] = {}
    written: dict[str, float] = {}
    for one in notifications:
        stored = one.record["s3"]["object"]
        if one.key.startswith("landing/"):
            ids[one.key] = object_id(one.route.bucket, one.key, stored.get("versionId") or stored["eTag"])
        elif "/final_" in one.key:
            written.setdefault(_id(one.key), datetime.fromisoformat(one.record["eventTime"]).timestamp())
    copies = {
        _id(file): (statement, rows)
        for statement in statements for file, rows in statement.loaded.items() if "/final_" in file
    }
    found = []
    for one in deliveries:
        name = ids.get(one.key, "")
        copy, rows = copies.get(name, (None, 0))
        found.append(Passage(
            one.key, one.size, one.object_size, one.arrival, one.closed, one.landed, written.get(name),
            copy and copy.created_on, copy and copy.ended_on, rows,
        ))
    return found


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
        """Bytes of records that had landed and were not queryable yet."""
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
