"""ALTER TABLE ... ADD COLUMN: a table grows while its stream, views and load history go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from . import errors, streams, translate
from .catalog import Column, Table
from .context import quoted
from .relations import defined_column, show, table_ddl
from .resolve import table_name
from .results import Result, status
from .state import rows_of

if TYPE_CHECKING:
    from .session import Session, Transaction

_OLD_ROWS = "old_rows"


def run(session: Session, text: str) -> Result:
    """ALTER TABLE [IF EXISTS] name ADD [COLUMN] [IF NOT EXISTS] name type ..., for its owner."""
    tree = translate.parse(text)
    additions = tree.args.get("actions") or []
    if not additions or not all(isinstance(one, exp.ColumnDef) for one in additions):
        raise errors.not_supported("ALTER TABLE other than ADD COLUMN")
    session.commit()
    context = session.context
    name = context.full_name("TABLE", table_name(tree.this))
    table = context.catalog.find("TABLE", name)
    if not isinstance(table, Table):
        if tree.args.get("exists"):
            return status("Statement executed successfully.")
        raise errors.missing("Table", ".".join(name))
    context.access.require_owner(context.role, table)
    with session.statement() as transaction:
        added = _new_columns(session, table, additions)
        if added:
            transaction.written.append(table)
            _add(session, transaction, table, added)
    return status("Statement executed successfully.")


def _new_columns(
    session: Session, table: Table, definitions: list[exp.ColumnDef]
) -> list[Column]:
    """The columns the table lacks; one it has is an error unless IF NOT EXISTS stands with it."""
    taken = {column.name for column in table.columns}
    added = []
    for definition in definitions:
        column = defined_column(definition, set(), session)
        _check_combination(definition, column)
        if column.name in taken:
            if definition.args.get("exists"):
                continue
            raise errors.compilation("001430", "42601", f"column '{column.name}' already exists")
        taken.add(column.name)
        added.append(column)
    for column in added:
        if not column.nullable and not column.default:
            _require_empty(session, table, column)
    return added


def _check_combination(definition: exp.ColumnDef, column: Column) -> None:
    """IF NOT EXISTS goes with neither a default nor a key, says Snowflake's ALTER TABLE page."""
    keys = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint)
    has_key = any(isinstance(one.kind, keys) for one in definition.constraints)
    if definition.args.get("exists") and (column.default or has_key):
        raise errors.syntax(f"IF NOT EXISTS cannot stand with a default or key of '{column.name}'")


def _require_empty(session: Session, table: Table, column: Column) -> None:
    if session.execute(f"select 1 from {quoted(table.name)} limit 1").fetchone():
        message = (
            f"Non-nullable column '{column.name}' cannot be added to non-empty table"
            f" '{table.name[-1]}' unless it has a non-null default value."
        )
        # The wording is Snowflake's; the code is chosen.
        raise errors.compilation("002263", "22000", message)


def _add(session: Session, transaction: Transaction, table: Table, added: list[Column]) -> None:
    """Makes the table anew, since DuckDB adds no column that has a constraint."""
    streams.settle(session, transaction, table)
    grown = [*table.columns, *added]
    names = ", ".join(quoted((column.name,)) for column in table.columns)
    session.execute(f"create temp table {_OLD_ROWS} as select * from {quoted(rows_of(table.name))}")
    session.execute(table_ddl(table.name, grown))
    session.execute(f"insert into {quoted(rows_of(table.name))} ({names}) select {names} from {_OLD_ROWS}")
    session.execute(f"drop table {_OLD_ROWS}")
    table.columns, table.segments = grown, None
    show(session, table)
    for stream in session.engine.streams_on(table.name):
        for column in added:
            default = f" default ({column.default})" if column.default else ""
            definition = f"{quoted((column.name,))} {column.duckdb_type}{default}"
            session.execute(f"alter table {stream.changes_table} add column {definition}")
        streams.show(session, transaction, stream, table)
