"""COPY INTO table: staged files, each loaded once, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from . import copy_checks, copy_options, errors, load_metadata, relations, segments, staged_rows, streams
from .catalog import Table
from .context import quoted
from .copy_checks import FILE, ROW, RowError, Target
from .copy_options import CopyStatement
from .datatypes import ResultColumn
from .lanes import Lane
from .results import Result, text_result
from .scanner import Scanner
from .staged import Location, StagedFile, StagedFiles
from .state import rows_of

if TYPE_CHECKING:
    from .session import Session, Transaction

_RELATION = "staged_rows"


@dataclass
class Outcome:
    """What became of one file: a row of the result."""

    file: StagedFile
    rows_parsed: int = 0
    rows_loaded: int = 0
    status: str = "LOADED"
    errors_seen: int = 0
    error: RowError | None = None
    error_row: int | None = None
    error_column: str | None = None


def run(session: Session, scanner: Scanner) -> Result:
    """Runs COPY INTO; the statement is one transaction with the load history it writes."""
    statement = copy_options.read(session, scanner)
    session.context.require_warehouse()
    if segments.wanted(session, statement):
        _prepare(session, statement)
    with session.statement((Lane.COPY,)) as transaction:
        stage = session.engine.storage.files(statement.role_arn)
        files = _files(stage, statement)
        fresh = load_metadata.unloaded(session, statement, files)
        if not fresh:
            return text_result({"status": ["Copy executed with 0 files processed."]})
        outcomes = _load(session, transaction, statement, stage, fresh)
        loaded = [outcome.file for outcome in outcomes if outcome.status == "LOADED"]
        load_metadata.remember(session, statement.table, loaded)
    by_file = {outcome.file: outcome for outcome in outcomes}
    return _result([by_file.get(file) or _skipped(file) for file in files])


def _prepare(session: Session, statement: CopyStatement) -> None:
    """Lets the table keep files from now on, before the transaction that brings the first."""
    with session.statement() as transaction:
        if statement.table.segments is None:
            table = replace(statement.table, segments=segments.create(session, statement))
            transaction.keeping.append((statement.table, table.segments))
            relations.show(session, table)
            for stream in session.engine.streams_on(table.name):
                streams.show(session, transaction, stream, table)


def _files(stage: StagedFiles, statement: CopyStatement) -> list[StagedFile]:
    """The listed files, or all of the stage's. Names are appended to the URL as they are."""
    prefix = statement.prefix
    if statement.files is None:
        files = stage.list(prefix)
        if statement.pattern:
            files = [one for one in files if statement.pattern.fullmatch(one.location.key)]
    else:
        names = dict.fromkeys(statement.files)
        places = [Location(prefix.bucket, prefix.key + name) for name in names]
        files = stage.describe(places)
    for file in files:
        if any(file.location.url().startswith(one) for one in statement.blocked):
            message = f"Location '{file.location.url()}' is blocked by the storage integration."
            raise errors.SqlError("003167", "42601", message)
    return files


def _load(
    session: Session, transaction: Transaction, statement: CopyStatement, stage: StagedFiles, files: list[StagedFile]
) -> list[Outcome]:
    """Keeps files as they are, or else reads them and loads those of the same columns together."""
    started = datetime.fromtimestamp(session.engine.clock(), UTC)
    outcomes = [Outcome(file) for file in files]
    groups: dict[pa.Schema, list[tuple[int, pa.Table]]] = {}
    for index, body in enumerate(stage.read(files)):
        session.check_canceled()
        try:
            if not transaction.explicit and _keep(session, statement, body, outcomes[index], started):
                transaction.written.append(statement.table)
                continue
            rows = staged_rows.read(body, statement.file_format)
        except staged_rows.UnreadableFile as error:
            _fail(outcomes[index], statement, RowError("100171", "22000", str(error)))
            continue
        outcomes[index].rows_parsed = rows.num_rows
        schema = rows.schema.remove_metadata()
        groups.setdefault(schema, []).append((index, rows.replace_schema_metadata(None)))
    for members in groups.values():
        rows = pa.concat_tables(
            _with_metadata(rows, index, files[index], started) for index, rows in members
        )
        indices = [index for index, _ in members]
        _load_group(session, transaction, statement, indices, rows, outcomes)
    return outcomes


def _keep(
    session: Session, statement: CopyStatement, body: bytes, outcome: Outcome, started: datetime
) -> bool:
    """Makes a file that can be kept a segment, unless one of its rows is refused. Raises `UnreadableFile`."""
    if statement.table.segments is None:
        return False
    file = staged_rows.parquet(body)
    if not segments.fits(session, statement, file.schema_arrow):
        return False
    outcome.rows_parsed = file.metadata.num_rows
    with segments.incoming(session, statement.table, body) as incoming:
        if refused := incoming.refused():
            outcome.errors_seen, firsts = refused
            _refuse(session, outcome, statement, incoming.relation, incoming.targets, 0, firsts)
        else:
            incoming.keep(started)
            outcome.rows_loaded = outcome.rows_parsed
    return True


def _with_metadata(rows: pa.Table, index: int, file: StagedFile, started: datetime) -> pa.Table:
    count = rows.num_rows
    moment = pa.timestamp("us", "UTC")
    numbers = pa.array(np.arange(1, count + 1))
    extra = {
        FILE: pa.repeat(pa.scalar(index, pa.int32()), count),
        ROW: numbers,
        "METADATA$FILENAME": pa.repeat(file.location.key, count),
        "METADATA$FILE_CONTENT_KEY": pa.repeat(file.etag, count),
        "METADATA$FILE_LAST_MODIFIED": pa.repeat(
            pa.scalar(file.modified.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us")), count
        ),
        "METADATA$START_SCAN_TIME": pa.repeat(pa.scalar(started, moment), count),
        "METADATA$FILE_ROW_NUMBER": numbers,
    }
    for name, column in extra.items():
        rows = rows.append_column(name, column)
    return rows


def _load_group(
    session: Session,
    transaction: Transaction,
    statement: CopyStatement,
    members: list[int],
    rows: pa.Table,
    outcomes: list[Outcome],
) -> None:
    found = copy_checks.targets(
        statement.table, rows.schema, statement.metadata, statement.case_sensitive,
        is_json=statement.file_format["TYPE"] == "JSON",
    )
    session.register(_RELATION, rows)
    try:
        for index, refused, *firsts in session.execute(
            copy_checks.refused_query(_RELATION, found)
        ).fetchall():
            outcomes[index].errors_seen = refused
            _refuse(session, outcomes[index], statement, _RELATION, found, index, firsts)
        good = [index for index in members if not outcomes[index].error]
        if good:
            _append(session, transaction, statement.table, found, good if len(good) < len(members) else None)
    finally:
        session.unregister(_RELATION)
    for index in good:
        outcomes[index].rows_loaded = outcomes[index].rows_parsed


def _append(
    session: Session, transaction: Transaction, table: Table, found: list[Target], files: list[int] | None
) -> None:
    insert = copy_checks.insert_query(_RELATION, quoted(rows_of(table.name)), found, files)
    transaction.written.append(table)
    if streams.wants_rows(session, transaction, table):
        streams.record_appended(session, transaction, table, session.arrow(f"{insert} returning *"))
    else:
        session.execute(insert)


def _refuse(
    session: Session,
    outcome: Outcome,
    statement: CopyStatement,
    relation: str,
    found: list[Target],
    index: int,
    firsts: list[int | None],
) -> None:
    """Finds the first refused value of a file and its reason."""
    row, position = min((row, at) for at, row in enumerate(firsts) if row is not None)
    target = found[position]
    where = f'"{FILE}" = {index} and "{ROW}" = {row}'
    sql = f"select {target.source}::varchar, {target.source} is null from {relation} where {where}"
    value, is_null = session.execute(sql).fetchone() or (None, True)
    outcome.error_row = row
    outcome.error_column = (
        f'"{statement.table.name[-1]}"["{target.column.name}":{position + 1}]'
    )
    _fail(outcome, statement, target.error(value, is_null))


def _fail(outcome: Outcome, statement: CopyStatement, error: RowError) -> None:
    outcome.status = "LOAD_FAILED"
    outcome.error = error
    outcome.errors_seen = max(outcome.errors_seen, 1)
    if statement.skip_file:
        return
    where = f"  File '{outcome.file.location.key}', line {outcome.error_row or 1}, character 1\n"
    if outcome.error_column:
        where += f"  Row {outcome.error_row}, column {outcome.error_column}\n"
    advice = (
        "  If you would like to continue loading when an error is encountered, use other values"
        " such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option."
    )
    raise errors.SqlError(error.code, error.sql_state, f"{error.message}\n{where}{advice}")


def _skipped(file: StagedFile) -> Outcome:
    error = RowError("", "", "File was loaded before.")
    return Outcome(file, status="LOAD_SKIPPED", error=error)


def _result(outcomes: list[Outcome]) -> Result:
    columns: dict[str, tuple[pa.DataType, list[object]]] = {
        "file": (pa.string(), [one.file.location.url() for one in outcomes]),
        "status": (pa.string(), [one.status for one in outcomes]),
        "rows_parsed": (pa.int64(), [one.rows_parsed for one in outcomes]),
        "rows_loaded": (pa.int64(), [one.rows_loaded for one in outcomes]),
        "error_limit": (pa.int64(), [1 for _ in outcomes]),
        "errors_seen": (pa.int64(), [one.errors_seen for one in outcomes]),
        "first_error": (pa.string(), [one.error and one.error.message for one in outcomes]),
        "first_error_line": (pa.int64(), [one.error_row for one in outcomes]),
        "first_error_character": (pa.int64(), [one.error_row and 1 for one in outcomes]),
        "first_error_column_name": (pa.string(), [one.error_column for one in outcomes]),
    }
    described = [
        ResultColumn(name, "text", length=16_777_216) if kind == pa.string()
        else ResultColumn(name, "fixed", precision=19, scale=0)
        for name, (kind, _) in columns.items()
    ]
    rows = pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()})
    return Result(described, rows, {"numRowsInserted": sum(one.rows_loaded for one in outcomes)})
