"""INSERT, UPDATE, DELETE and TRUNCATE; MERGE has a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from . import errors, merge, streams, translate
from .catalog import Table
from .context import quoted
from .resolve import resolve, set_name, table_name
from .results import Result, dml, status
from .state import load_history, rows_of

if TYPE_CHECKING:
    from .session import Session


def run(session: Session, text: str) -> Result:
    """Runs one statement that changes rows."""
    tree = translate.parse(text)
    match tree:
        case exp.Insert():
            return _insert(session, tree)
        case exp.Update():
            return _update(session, tree)
        case exp.Delete():
            return _delete(session, tree)
        case exp.Merge():
            return merge.run(session, tree)
        case exp.TruncateTable():
            return _truncate(session, tree)
    raise errors.not_supported(f"this statement: {text[:80]}")


def target(session: Session, node: exp.Expression, *privileges: str) -> tuple[exp.Table, Table]:
    """The table a statement writes, for which the role needs all of these privileges."""
    if not isinstance(node, exp.Table):
        raise errors.not_supported(f"{node.sql('snowflake')} as a target")
    for privilege in privileges:
        item = session.context.relation(table_name(node), privilege, ("TABLE",))
    session.context.require_warehouse()
    return node, item


def _insert(session: Session, tree: exp.Insert) -> Result:
    if tree.args.get("overwrite") or tree.args.get("by_name"):
        raise errors.not_supported("INSERT OVERWRITE and INSERT BY NAME")
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    node, table = target(session, schema.this if schema else tree.this, "INSERT")
    reads = resolve(tree, session.context, (node,))
    _check_width(tree, table, schema)
    set_name(node, rows_of(table.name))
    node.set("alias", None)
    names = [one.name for one in schema.expressions] if schema else [one.name for one in table.columns]
    source = tree.expression.copy()
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        check_variants(session, table, names, source)
        transaction.written.append(table)
        rows = session.arrow(f"{sql} returning *")
        streams.record_appended(session, transaction, table, rows)
    count = rows.num_rows
    return dml({"number of rows inserted": count}, {"numRowsInserted": count})


def _check_width(tree: exp.Insert, table: Table, schema: exp.Schema | None) -> None:
    """The number of values must be that of the columns, also where DuckDB would fill in nulls."""
    wanted = len(schema.expressions) if schema else len(table.columns)
    if isinstance(tree.expression, exp.Values):
        for row in tree.expression.expressions:
            if len(row.expressions) != wanted:
                message = (
                    f"Insert value list does not match column list expecting {wanted} but got"
                    f" {len(row.expressions)}"
                )
                raise errors.compilation("002020", "21S01", message)


def check_variants(session: Session, table: Table, names: list[str], source: exp.Expression) -> None:
    """Text does not become a variant by itself, as it would in DuckDB, which would parse it.

    `source` has a column for each name.
    """
    variants = {column.name for column in table.columns if column.duckdb_type == "JSON"}
    if variants.isdisjoint(names):
        return
    if not isinstance(source, exp.Values):
        alias = exp.TableAlias(this=exp.to_identifier("source", quoted=True))
        source = exp.Subquery(this=source, alias=alias)
    described = translate.duckdb_sql(exp.select("*").from_(source).limit(0), session.context)
    columns = session.execute(described).description or []
    for name, (_, kind, *_) in zip(names, columns, strict=False):
        if name in variants and str(kind) == "VARCHAR":
            what = f"expecting VARIANT but got VARCHAR for column {name}"
            raise errors.compilation("002023", "22000", f"Expression type does not match column data type, {what}")


def _update(session: Session, tree: exp.Update) -> Result:
    node, table = target(session, tree.this, "UPDATE")
    reads = resolve(tree, session.context, (node,))
    set_name(node, rows_of(table.name))
    for assignment in tree.expressions:
        assignment.this.set("table", None)
    names = [assignment.this.name for assignment in tree.expressions]
    source = exp.select(*(one.expression.copy() for one in tree.expressions)).from_(node.copy())
    if more := tree.args.get("from_"):
        source = source.join(more.this.copy(), join_type="cross")
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        check_variants(session, table, names, source)
        transaction.written.append(table)
        streams.settle(session, transaction, table)
        (count,) = session.execute(sql).fetchone() or (0,)
    counts = {"number of rows updated": count, "number of multi-joined rows updated": 0}
    return dml(counts, {"numRowsUpdated": count})


def _delete(session: Session, tree: exp.Delete) -> Result:
    node, table = target(session, tree.this, "DELETE")
    reads = resolve(tree, session.context, (node,))
    set_name(node, rows_of(table.name))
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        transaction.written.append(table)
        streams.settle(session, transaction, table)
        (count,) = session.execute(sql).fetchone() or (0,)
    return dml({"number of rows deleted": count}, {"numRowsDeleted": count})


def _truncate(session: Session, tree: exp.TruncateTable) -> Result:
    """Empties a table and forgets what COPY loaded into it, so that files load again."""
    (node,) = tree.expressions
    _, table = target(session, node, "TRUNCATE")
    with session.statement() as transaction:
        transaction.written.append(table)
        streams.settle(session, transaction, table)
        session.execute(f"delete from {quoted(rows_of(table.name))}")
        forget = f"delete from {load_history(table.name)} where table_name = ?"
        session.execute(forget, [table.label()])
    return status("Statement executed successfully.")
