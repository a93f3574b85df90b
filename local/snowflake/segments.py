"""Segments: staged Parquet files that a table keeps as they are, as Snowflake keeps files of its own.

To take the rows of a file over costs several times what checking them does. So a file is checked and kept
if it has the columns of the table, in the types that Parquet has for them. An index, which is a DuckDB
table, lists the files: who sees the entry of a file sees its rows, and without one it is not read.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from .catalog import Column, Segments, Table
from .context import quoted
from .copy_checks import FILE, ROW, Target, refused_query
from .copy_options import CopyStatement
from .staged_rows import UnreadableFile
from .state import rows_of, segments_of

if TYPE_CHECKING:
    from .session import Session

_PARQUET_TYPES = {
    "VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us", "UTC"), "DATE": pa.date32(), "TIME": pa.time64("us"),
    "BOOLEAN": pa.bool_(), "DOUBLE": pa.float64(),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_INT64_DIGITS = 19
_NAMES_OF_DUCKDB = {"FILENAME", "FILE_ROW_NUMBER"}
"""Of columns that DuckDB adds to those of a file."""


def wanted(session: Session, statement: CopyStatement) -> bool:
    """Whether a table that keeps no files yet could keep those of a COPY, which begins its transaction."""
    columns = _read(statement.table, statement.metadata)
    return (
        statement.table.segments is None and session.transaction is None and _is_plain(session, statement)
        and all(_parquet_type(column) for column in columns)
        and _NAMES_OF_DUCKDB.isdisjoint(column.name.upper() for column in columns)
    )


def create(session: Session, statement: CopyStatement) -> Segments:
    """Makes the index, the folder, and a file without rows that tells DuckDB the columns of all others."""
    directory = session.engine.files / uuid.uuid4().hex
    directory.mkdir(parents=True)
    columns = [(column.name, _parquet_type(column)) for column in _read(statement.table, statement.metadata)]
    pq.write_table(pa.schema(columns).empty_table(), directory / "0.parquet")
    index = quoted(segments_of(statement.table.name))
    session.execute(f"create or replace table {index} (segment bigint, file varchar, scanned timestamp)")
    return Segments(directory, frozenset(statement.metadata))


def fits(session: Session, statement: CopyStatement, schema: pa.Schema) -> bool:
    """Whether a file can be kept: it has all columns, in the expected types, and no name twice."""
    segments = statement.table.segments
    if segments is None or segments.scanned != set(statement.metadata) or not _is_plain(session, statement):
        return False
    names = [name.upper() for name in schema.names]
    if len(set(names)) < len(names) or not _NAMES_OF_DUCKDB.isdisjoint(names):
        return False
    found = dict(zip(schema.names if statement.case_sensitive else names, schema.types, strict=True))
    return all(
        found.get(column.name if statement.case_sensitive else column.name.upper()) == _parquet_type(column)
        for column in _read(statement.table, segments.scanned)
    )


class Incoming:
    """A file on its way into a table, which nothing shows yet."""

    def __init__(self, session: Session, table: Table, segments: Segments, path: Path) -> None:
        sources = {quoted((column.name,)): column for column in _read(table, segments.scanned)}
        self.targets = [Target(column, source, _known(column, source)) for source, column in sources.items()]
        self.relation = (
            f'(select *, 0 as "{FILE}", file_row_number + 1 as "{ROW}"'
            f" from read_parquet({_literal(path)}, file_row_number = true))"
        )
        self._session, self._table, self._path = session, table, path

    def refused(self) -> tuple[int, list[int | None]] | None:
        """How many rows do not fit, and the first for each target. Raises `UnreadableFile`."""
        # The query would not read these, and only what is read shows that it can be.
        unmeasured = [target.source for target in self.targets if target.column.max_chars is None]
        hashes = "".join(f", bit_xor(hash({source}))" for source in unmeasured)
        try:
            # In a transaction of its own, which an unreadable file ends.
            with self._session.engine.connection.cursor() as cursor:
                cursor.execute(f"select count(*){hashes} from {self.relation}").fetchall()
                found = cursor.execute(refused_query(self.relation, self.targets)).fetchone()
        except duckdb.Error as error:
            raise UnreadableFile(f"Error parsing the parquet file: {error}") from error
        return (found[1], list(found[2:])) if found else None

    def keep(self, scanned: datetime) -> None:
        """Makes the file a segment, once the transaction commits."""
        self._table.last_segment += 1
        file = self._path.with_name(f"{self._table.last_segment:09}.parquet")
        self._path.rename(file)
        entry = [self._table.last_segment, str(file), scanned.astimezone(UTC).replace(tzinfo=None)]
        self._session.execute(f"insert into {quoted(segments_of(self._table.name))} values (?, ?, ?)", entry)


@contextmanager
def incoming(session: Session, table: Table, body: bytes) -> Iterator[Incoming]:
    """Writes the bytes of a file to disk; they are gone afterwards unless they were kept."""
    assert table.segments is not None
    path = table.segments.directory / f"{uuid.uuid4().hex}.incoming"
    try:
        path.write_bytes(body)
        yield Incoming(session, table, table.segments, path)
    finally:
        path.unlink(missing_ok=True)


def select(table: Table, row_id: str | None = None, where: str = "true") -> str:
    """DuckDB's query of a table's rows that are in segments `s`; `row_id` is an expression to add."""
    assert table.segments is not None
    values = [_value(column, table.segments) for column in table.columns] + ([row_id] if row_id else [])
    files = _literal(table.segments.directory / "*.parquet")
    return (
        f"select {', '.join(values)} from read_parquet({files}, filename = true, file_row_number = true) as p"
        f" join {quoted(segments_of(table.name))} as s on p.filename = s.file where {where}"
    )


def absorb(session: Session, table: Table) -> None:
    """Takes the rows of segments over into the table's own, where they can be changed."""
    if table.segments is not None:
        session.execute(f"insert into {quoted(rows_of(table.name))} {select(table)}")
        session.execute(f"delete from {quoted(segments_of(table.name))}")


def _is_plain(session: Session, statement: CopyStatement) -> bool:
    """Whether values need no more than their type, and metadata columns nothing but when COPY began."""
    kinds = {column.name: column.duckdb_type for column in statement.table.columns}
    return (
        statement.file_format["TYPE"] == "PARQUET"
        and bool(statement.file_format["USE_LOGICAL_TYPE"])
        and session.context.timezone == "UTC"
        and all(
            source == "METADATA$START_SCAN_TIME" and kinds[name] == "TIMESTAMP"
            for name, source in statement.metadata.items()
        )
    )


def _read(table: Table, scanned: Container[str]) -> list[Column]:
    """The columns that come from files."""
    return [column for column in table.columns if column.name not in scanned]


def _parquet_type(column: Column) -> pa.DataType | None:
    """The type that a column has in a file that can be kept, if there is one."""
    if match := _DECIMAL.fullmatch(column.duckdb_type):
        precision, scale = int(match[1]), int(match[2])
        return pa.int64() if scale == 0 and precision >= _INT64_DIGITS else pa.decimal128(precision, scale)
    return _PARQUET_TYPES.get(column.duckdb_type)


def _known(column: Column, source: str) -> str:
    """A value of a file, or null where Snowflake knows none: its years are those of four digits."""
    if column.duckdb_type != "TIMESTAMP":
        return source
    years = "timestamptz '0001-01-01 00:00:00+00' and timestamptz '9999-12-31 23:59:59.999999+00'"
    return f"case when {source} between {years} then {source} end"


def _value(column: Column, segments: Segments) -> str:
    name = quoted((column.name,))
    if column.name in segments.scanned:
        return f"s.scanned as {name}"
    match _parquet_type(column):
        case kind if kind == pa.int64():
            return f"p.{name}::{column.duckdb_type} as {name}"
        case kind if pa.types.is_timestamp(kind):
            # A cast would go by the time zone of who reads it, and take three times as long.
            return f"make_timestamp(epoch_us(p.{name})) as {name}"
    return f"p.{name}"


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
