"""Results: rows in Arrow, and the SQL API's text form of every value."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from .datatypes import ResultColumn

Row = list[str | None]


@dataclass
class Result:
    """What a statement returned, and for DML how many rows it changed."""

    columns: list[ResultColumn]
    rows: pa.Table
    stats: dict[str, int] | None = None
    children: list[str] = field(default_factory=list)

    def python_rows(self) -> list[tuple[object, ...]]:
        """The rows as Python values: Decimal, datetime, date, str, bool, None."""
        columns = [column.to_pylist() for column in self.rows.columns]
        return list(zip(*columns, strict=True))

    def encoded(self, start: int, stop: int) -> list[Row]:
        """Rows `start` to `stop` as the API sends them: every value a string or null."""
        part = self.rows.slice(start, stop - start)
        columns = [_encode(column.combine_chunks()) for column in part.columns]
        return [list(row) for row in zip(*columns, strict=True)]


def status(message: str) -> Result:
    """What DDL returns: one row that says what happened."""
    return text_result({"status": [message]})


def text_result(columns: dict[str, list[str | None]]) -> Result:
    return Result(
        [ResultColumn(name, "text", length=16_777_216) for name in columns],
        pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}),
    )


def dml(counts: dict[str, int], stats: dict[str, int]) -> Result:
    """What DML returns: one row of counts."""
    return Result(
        [ResultColumn(name, "fixed", nullable=False, precision=19, scale=0) for name in counts],
        pa.table({name: pa.array([value], pa.int64()) for name, value in counts.items()}),
        {"numRowsInserted": 0, "numRowsUpdated": 0, "numRowsDeleted": 0,
         "numDuplicateRowsUpdated": 0} | stats,
    )


def partitions(rows: int, partition_rows: int) -> list[tuple[int, int]]:
    """The row ranges of a result's partitions; there is always a first one."""
    starts = range(0, max(rows, 1), partition_rows)
    return [(start, min(start + partition_rows, rows)) for start in starts]


def partition_body(result: Result, bounds: tuple[int, int]) -> bytes:
    """A partition after the first: gzip, rows only, no metadata."""
    return gzip.compress(json.dumps({"data": result.encoded(*bounds)}).encode(), 1)


def _encode(column: pa.Array) -> Row:
    kind = column.type
    if pa.types.is_timestamp(kind):
        micros = column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
        return [None if value is None else _seconds(value) for value in micros.to_pylist()]
    if pa.types.is_time(kind):
        micros = column.cast(pa.time64("us")).cast(pa.int64())
        return [None if value is None else _seconds(value) for value in micros.to_pylist()]
    if pa.types.is_date(kind):
        return column.cast(pa.int32()).cast(pa.string()).to_pylist()
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "true", "false").to_pylist()
    if pa.types.is_floating(kind):
        return [None if value is None else repr(value) for value in column.to_pylist()]
    if pa.types.is_decimal(kind):  # never in scientific notation
        return [None if value is None else f"{value:f}" for value in column.to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [None if value is None else value.hex().upper() for value in column.to_pylist()]
    return column.cast(pa.string()).to_pylist()


def _seconds(micros: int) -> str:
    """`seconds.nnnnnnnnn`; before 1970 the whole number carries the sign."""
    sign = "-" if micros < 0 else ""
    seconds, rest = divmod(abs(micros), 1_000_000)
    return f"{sign}{seconds}.{rest:06d}000"
