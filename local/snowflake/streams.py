"""Append-only streams.

What a stream delivers are the rows of its table from some segment and some DuckDB row id on: DuckDB
numbers appended rows one after the other, those of a transaction when it commits. That holds until rows
are changed or taken out, for then DuckDB may number the rest anew. Before that happens to a table its
segments are absorbed, what its streams have not delivered is copied, and from then on every row that is
appended to it other than in segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from . import errors, options, segments
from .catalog import Column, Offset, Stream, Table
from .context import quoted
from .results import Result, status
from .scanner import Scanner
from .state import HIDDEN_SCHEMA, rows_of, segments_of

if TYPE_CHECKING:
    from .session import Session, Transaction

_UNCOMMITTED = 36_028_797_018_960_000
"""DuckDB's row ids of rows that the transaction itself has appended begin here (MAX_ROW_ID)."""


def create(session: Session, scanner: Scanner, replace: bool) -> Result:
    """CREATE STREAM name ON TABLE table APPEND_ONLY = TRUE: the offset starts here."""
    exists = scanner.accept("IF", "NOT", "EXISTS")
    context = session.context
    name = context.full_name("STREAM", scanner.name())
    scanner.expect("ON", "TABLE")
    table = context.relation(scanner.name(), "SELECT", ("TABLE",))
    given = options.check("STREAM", options.STREAM, scanner.options())
    scanner.end()
    if given.get("APPEND_ONLY") is not True:
        raise errors.not_supported("streams that are not append-only")
    session.commit()
    if kept := session.engine.before_create(session, "STREAM", name, replace, exists):
        return kept
    changes = quoted((name[0], HIDDEN_SCHEMA, f"{name[1]}.{name[2]}"))
    stream = Stream("STREAM", name, session.owner(), given, table=table.name, changes_table=changes)
    stored = [f"{quoted((column.name,))} {column.duckdb_type}" for column in table.columns]
    with session.statement() as transaction:
        session.execute(
            f"create or replace table {changes} ({', '.join(stored)},"
            ' "METADATA$ROW_ID" varchar default md5(uuid()::varchar))'
        )
        if given.get("SHOW_INITIAL_ROWS"):
            _copy(session, stream, table, _rows(table, stream.since))
        _move_offset(session, transaction, stream, table)
    session.engine.created(stream)
    return status(f"Stream {name[-1]} successfully created.")


def settle(session: Session, transaction: Transaction, table: Table) -> None:
    """Comes before a statement that changes rows of a table, takes some out or makes the table anew.

    The transaction must hold all lanes if there is a stream on the table.
    """
    following = session.engine.streams_on(table.name)
    for stream in following:
        _copy(session, stream, table, _pending(transaction, stream, table))
    segments.absorb(session, table)
    if not _is_settled(transaction, table):
        transaction.settled[table.name] = table
        for stream in following:
            show(session, transaction, stream, table)


def wants_rows(session: Session, transaction: Transaction, table: Table) -> bool:
    """Whether what is appended to the table has to be recorded."""
    is_needed = transaction.explicit or _is_settled(transaction, table)
    return is_needed and bool(session.engine.streams_on(table.name))


def record_appended(session: Session, transaction: Transaction, table: Table, rows: pa.Table) -> None:
    """Notes that rows were appended: streams deliver them once the transaction has committed."""
    if rows.num_rows and wants_rows(session, transaction, table):
        transaction.appended.append((table, rows))


def before_commit(session: Session, transaction: Transaction) -> None:
    """Moves the offsets of the streams that were read; then delivers what was appended."""
    catalog = session.context.catalog
    for name in transaction.consumed:
        stream = catalog.get("STREAM", name)
        session.execute(f"delete from {stream.changes_table}")
        _move_offset(session, transaction, stream, catalog.get("TABLE", stream.table))
    for table, rows in transaction.appended:
        if not _is_settled(transaction, table):
            continue
        for stream in session.engine.streams_on(table.name):
            session.insert_arrow(stream.changes_table, rows)


def after_commit(transaction: Transaction) -> None:
    """Keeps what the transaction changed of streams and tables."""
    for stream, since in transaction.offsets.values():
        stream.since = since
    for table in transaction.settled.values():
        table.renumbered = True


def show(session: Session, transaction: Transaction, stream: Stream, table: Table) -> None:
    """Makes the DuckDB view behind a stream: the rows not yet delivered, and what became of them."""
    rows = f'select {_names(table.columns)}, "METADATA$ROW_ID" from {stream.changes_table}'
    for part in _pending(transaction, stream, table):
        rows += f" union all {part}"
    session.execute(
        f"create or replace view {quoted(stream.name)} as select {_names(table.columns)},"
        " 'INSERT' as \"METADATA$ACTION\", false as \"METADATA$ISUPDATE\","
        f' "METADATA$ROW_ID" from ({rows})'
    )


def _copy(session: Session, stream: Stream, table: Table, queries: list[str]) -> None:
    for query in queries:
        session.execute(f'insert into {stream.changes_table} ({_names(table.columns)}, "METADATA$ROW_ID") {query}')


def _pending(transaction: Transaction, stream: Stream, table: Table) -> list[str]:
    """Queries of what the stream has yet to deliver, but for what was copied."""
    own, *in_segments = _rows(table, _since(transaction, stream))
    return in_segments if _is_settled(transaction, table) else [own, *in_segments]


def _rows(table: Table, since: Offset) -> list[str]:
    """Queries of the committed rows of a table from an offset on: of its own rows, and of its segments."""
    created = table.created.hex()
    own = (
        f"select {_names(table.columns)}, '{created}:' || rowid from {quoted(rows_of(table.name))}"
        f" where rowid >= {since.row} and rowid < {_UNCOMMITTED}"
    )
    if table.segments is None:
        return [own]
    row_id = f"'{created}:' || s.segment || ':' || p.file_row_number"
    return [own, segments.select(table, row_id, f"s.segment >= {since.segment}")]


def _move_offset(session: Session, transaction: Transaction, stream: Stream, table: Table) -> None:
    """To behind the rows of the table that the transaction sees as committed."""
    row, segment = _since(transaction, stream)
    if not _is_settled(transaction, table):
        last = f"select max(rowid) from {quoted(rows_of(table.name))} where rowid >= {row} and rowid < {_UNCOMMITTED}"
        row = _behind(session, last, row)
    if table.segments is not None:
        last = f"select max(segment) from {quoted(segments_of(table.name))} where segment >= {segment}"
        segment = _behind(session, last, segment)
    transaction.offsets[stream.name] = stream, Offset(row, segment)
    show(session, transaction, stream, table)


def _behind(session: Session, last: str, otherwise: int) -> int:
    (found,) = session.execute(last).fetchone() or (None,)
    return otherwise if found is None else found + 1


def _since(transaction: Transaction, stream: Stream) -> Offset:
    _, since = transaction.offsets.get(stream.name, (stream, stream.since))
    return since


def _is_settled(transaction: Transaction, table: Table) -> bool:
    return table.renumbered or table.name in transaction.settled


def _names(columns: list[Column]) -> str:
    return ", ".join(quoted((column.name,)) for column in columns)
