"""Runs statements one after the other as one user, in DuckDB transactions."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from . import bindings, dispatch, errors, streams
from .catalog import Name, Offset, Segments, Stream, Table
from .context import Context, quoted
from .datatypes import result_column
from .lanes import ALL, Lane
from .results import Result

if TYPE_CHECKING:
    from .engine import Engine


_LOOK_S = 0.02
"""How often one that waits for a lane looks whether it was cancelled."""


@dataclass
class Transaction:
    """What takes effect when the transaction commits, and not before.

    The rows it appends reach the streams on its tables only then, and so does the offset of the
    streams it read: reading a stream twice in a transaction gives the same rows.
    """

    explicit: bool
    lanes: tuple[Lane, ...]
    consumed: set[Name] = field(default_factory=set)
    offsets: dict[Name, tuple[Stream, Offset]] = field(default_factory=dict)
    settled: dict[Name, Table] = field(default_factory=dict)
    appended: list[tuple[Table, pa.Table]] = field(default_factory=list)
    written: list[Table] = field(default_factory=list)
    keeping: list[tuple[Table, Segments | None]] = field(default_factory=list)


class Session:
    """The statements of one request share a session; it ends with the request."""

    def __init__(self, engine: Engine, context: Context, cancel: threading.Event) -> None:
        self.engine = engine
        self.context = context
        self.transaction: Transaction | None = None
        self._cancel = cancel
        self._commit_guard = threading.Lock()
        self._committing = False
        self._cursor = engine.connection.cursor()
        self.set_timezone(context.timezone)

    def set_timezone(self, timezone: str) -> None:
        try:
            self._cursor.execute("set TimeZone = ?", [timezone])
        except duckdb.Error as error:
            message = f"invalid value '{timezone}' for parameter 'TIMEZONE'"
            raise errors.SqlError("001007", "22023", message) from error
        self.context.timezone = timezone

    def close(self) -> None:
        """Rolls back what was not committed, as Snowflake does when a session ends."""
        if self.transaction:
            self.rollback()
        self._cursor.close()

    def owner(self) -> str:
        """The role that owns what this session creates."""
        return self.context.role or "ACCOUNTADMIN"

    def interrupt(self) -> None:
        """Stops the running query, from another thread; a commit under way takes place."""
        with self._commit_guard:
            if self._committing:
                return
            try:
                self._cursor.interrupt()
            except duckdb.Error:
                pass  # the session has just ended

    def run(self, text: str, values: list[bindings.Binding]) -> Result:
        """Runs one statement."""
        self.check_canceled()
        return dispatch.run(self, bindings.substitute(text, values))

    def check_canceled(self) -> None:
        if self._cancel.is_set():
            raise errors.canceled()

    def wait(self, seconds: float) -> None:
        """Sleeps without holding anything, until canceled."""
        self._cancel.wait(seconds)
        self.check_canceled()

    def begin(self, explicit: bool, lanes: tuple[Lane, ...] = ALL) -> None:
        if self.transaction:
            return
        taken: list[Lane] = []
        try:
            for lane in lanes:
                while not self.engine.lanes[lane].acquire(timeout=_LOOK_S):
                    self.check_canceled()
                taken.append(lane)
            self._cursor.begin()
        except BaseException:
            self._leave(taken)
            raise
        self.transaction = Transaction(explicit, lanes)

    def commit(self) -> None:
        transaction = self.transaction
        if transaction is None:
            return
        try:
            streams.before_commit(self, transaction)
            with self._commit_guard:
                self.check_canceled()
                self._committing = True
            self._cursor.commit()
        except duckdb.Error as error:
            self.rollback()
            raise errors.from_duckdb(error) from error
        except errors.SqlError:
            self.rollback()
            raise
        finally:
            self._committing = False
        streams.after_commit(transaction)
        for table, segments in transaction.keeping:
            table.segments = segments
        for table in transaction.written:
            table.modified = self.engine.clock()
        self._end()

    def rollback(self) -> None:
        if self.transaction:
            try:
                self._cursor.rollback()
            except duckdb.Error:
                pass  # DuckDB already rolled back when the statement failed
            self._end()

    def _end(self) -> None:
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            self._leave(transaction.lanes)

    def _leave(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            self.engine.lanes[lane].release()

    @contextmanager
    def statement(self, lanes: tuple[Lane, ...] = ALL) -> Iterator[Transaction]:
        """A statement inside the open transaction, or in one of its own that holds these lanes."""
        self.begin(explicit=False, lanes=lanes)
        transaction = self.transaction
        assert transaction is not None
        try:
            yield transaction
        except BaseException:
            self.rollback()
            raise
        if not transaction.explicit:
            self.commit()

    def execute(self, sql: str, parameters: list[object] | None = None) -> duckdb.DuckDBPyConnection:
        """Runs DuckDB SQL; its errors come back as Snowflake's."""
        self.check_canceled()
        try:
            return self._cursor.execute(sql, parameters)
        except duckdb.Error as error:
            raise errors.from_duckdb(error) from error

    def arrow(self, sql: str) -> pa.Table:
        cursor = self.execute(sql)
        try:
            return cursor.to_arrow_table()
        except duckdb.Error as error:
            raise errors.from_duckdb(error) from error

    def query(self, sql: str) -> Result:
        """Runs a DuckDB query and describes its columns."""
        cursor = self.execute(sql)
        columns = [result_column(one[0], str(one[1])) for one in cursor.description or []]
        try:
            return Result(columns, cursor.to_arrow_table())
        except duckdb.Error as error:
            raise errors.from_duckdb(error) from error

    def register(self, name: str, rows: pa.Table) -> None:
        self._cursor.register(name, rows)

    def unregister(self, name: str) -> None:
        self._cursor.unregister(name)

    def insert_arrow(self, table: str, rows: pa.Table) -> None:
        """Appends rows by column name."""
        names = ", ".join(quoted((name,)) for name in rows.column_names)
        self._cursor.register("appended_rows", rows)
        try:
            self._cursor.execute(f"insert into {table} ({names}) select * from appended_rows")
        finally:
            self._cursor.unregister("appended_rows")
