"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from . import errors, translate
from .catalog import Table
from .context import quoted
from .lanes import Lane
from .resolve import resolve, set_name, table_name
from .results import Result, dml, status
from .state import load_history

if TYPE_CHECKING:
    from .session import Session, Transaction


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
            return _merge(session, tree)
        case exp.TruncateTable():
            return _truncate(session, tree)
    raise errors.not_supported(f"this statement: {text[:80]}")


def record_appended(
    session: Session, transaction: Transaction, table: Table, rows: pa.Table
) -> None:
    """Notes that rows were appended: streams deliver them once the transaction has committed."""
    transaction.written.append(table)
    if rows.num_rows:
        for stream in session.engine.streams_on(table.name):
            transaction.appended.append((stream, rows))


def _target(session: Session, node: exp.Expression, *privileges: str) -> tuple[exp.Table, Table]:
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
    node, table = _target(session, schema.this if schema else tree.this, "INSERT")
    reads = resolve(tree, session.context, (node,))
    _check_width(tree, table, schema)
    set_name(node, table.name)
    node.set("alias", None)
    names = [one.name for one in schema.expressions] if schema else [one.name for one in table.columns]
    source = tree.expression.copy()
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        _check_variants(session, table, names, source)
        rows = session.arrow(f"{sql} returning *")
        record_appended(session, transaction, table, rows)
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


def _check_variants(session: Session, table: Table, names: list[str], source: exp.Expression) -> None:
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
    node, table = _target(session, tree.this, "UPDATE")
    reads = resolve(tree, session.context, (node,))
    set_name(node, table.name)
    for assignment in tree.expressions:
        assignment.this.set("table", None)
    names = [assignment.this.name for assignment in tree.expressions]
    source = exp.select(*(one.expression.copy() for one in tree.expressions)).from_(node.copy())
    if more := tree.args.get("from_"):
        source = source.join(more.this.copy(), join_type="cross")
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        _check_variants(session, table, names, source)
        transaction.written.append(table)
        (count,) = session.execute(sql).fetchone() or (0,)
    counts = {"number of rows updated": count, "number of multi-joined rows updated": 0}
    return dml(counts, {"numRowsUpdated": count})


def _delete(session: Session, tree: exp.Delete) -> Result:
    node, table = _target(session, tree.this, "DELETE")
    reads = resolve(tree, session.context, (node,))
    set_name(node, table.name)
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        transaction.written.append(table)
        (count,) = session.execute(sql).fetchone() or (0,)
    return dml({"number of rows deleted": count}, {"numRowsDeleted": count})


def _truncate(session: Session, tree: exp.TruncateTable) -> Result:
    """Empties a table and forgets what COPY loaded into it, so that files load again."""
    (node,) = tree.expressions
    _, table = _target(session, node, "TRUNCATE")
    with session.statement() as transaction:
        transaction.written.append(table)
        session.execute(f"delete from {quoted(table.name)}")
        forget = f"delete from {load_history(table.name)} where table_name = ?"
        session.execute(forget, [table.label()])
    return status("Statement executed successfully.")


_MERGE_PRIVILEGES = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}


def _merge(session: Session, tree: exp.Merge) -> Result:
    whens = tree.args["whens"].expressions
    actions = [_action(when) for when in whens]
    privileges = sorted({_MERGE_PRIVILEGES[action] for action in actions})
    node, table = _target(session, tree.this, "SELECT", *privileges)
    reads = resolve(tree, session.context, (node,))
    set_name(node, table.name)
    duplicates = _duplicates_query(session, tree, node, whens, actions)
    assigned = [pair for when in whens for pair in _assigned(when.args["then"], table)]
    names = [name for name, _ in assigned]
    source = _joined(tree, node, [value.copy() for _, value in assigned])
    for when in whens:
        if isinstance(when.args["then"], exp.Update):
            for assignment in when.args["then"].expressions:
                assignment.this.set("table", None)
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement((Lane.MERGE,)) as transaction:
        transaction.consumed |= reads.streams
        _check_variants(session, table, names, source)
        if duplicates and session.execute(duplicates).fetchone():
            message = "Duplicate row detected during DML action"
            raise errors.SqlError("100090", "42P18", message)
        followed = bool(session.engine.streams_on(table.name))
        columns = f", {_columns(table)}" if followed else ""
        changed = session.arrow(f"{sql} returning merge_action{columns}")
        kinds = changed.column(0)
        transaction.written.append(table)
        if followed:
            inserted = changed.filter(pc.equal(kinds, "INSERT")).remove_column(0)
            record_appended(session, transaction, table, inserted)
    return _merge_result(set(actions), kinds)


def _assigned(then: exp.Expression, table: Table) -> list[tuple[str, exp.Expression]]:
    """The columns that a clause sets, and to what."""
    if isinstance(then, exp.Update):
        return [(one.this.name, one.expression) for one in then.expressions]
    if isinstance(then, exp.Insert):
        names = [one.name for one in (then.this.expressions if then.this else table.columns)]
        return list(zip(names, then.expression.expressions, strict=False))
    return []


def _joined(tree: exp.Merge, node: exp.Table, columns: list[exp.Expression]) -> exp.Select:
    """Expressions over the target's rows joined with those of the source."""
    source, condition = tree.args["using"].copy(), tree.args["on"].copy()
    return exp.select(*columns).from_(node.copy()).join(source, on=condition, join_type="inner")


def _columns(table: Table) -> str:
    return ", ".join(quoted((column.name,)) for column in table.columns)


def _action(when: exp.When) -> str:
    then = when.args["then"]
    if when.args.get("source"):
        raise errors.not_supported("WHEN NOT MATCHED BY SOURCE")
    if isinstance(then, exp.Insert) and not when.args.get("matched"):
        return "insert"
    if isinstance(then, exp.Update) and when.args.get("matched"):
        return "update"
    if isinstance(then, exp.Var) and then.name.upper() == "DELETE" and when.args.get("matched"):
        return "delete"
    raise errors.not_supported(f"the clause {when.sql('snowflake')}")


def _merge_result(actions: set[str], kinds: pa.ChunkedArray) -> Result:
    """One column for each kind of clause the statement has."""
    counted = {
        action: pc.sum(pc.equal(kinds, action.upper())).as_py() or 0
        for action in ("insert", "update", "delete")
    }
    columns = {
        "insert": "number of rows inserted", "update": "number of rows updated",
        "delete": "number of rows deleted",
    }
    return dml(
        {name: counted[action] for action, name in columns.items() if action in actions},
        {
            "numRowsInserted": counted["insert"], "numRowsUpdated": counted["update"],
            "numRowsDeleted": counted["delete"],
        },
    )


def _duplicates_query(
    session: Session, tree: exp.Merge, node: exp.Table, whens: list[exp.When], actions: list[str]
) -> str | None:
    """Finds a target row that several source rows would change, which Snowflake refuses.

    Each joined row takes the first WHEN MATCHED clause whose condition holds. Several deletes of
    one row agree; an update together with anything else does not.
    """
    matched = [(w, a) for w, a in zip(whens, actions, strict=True) if w.args.get("matched")]
    if not matched:
        return None
    clause = exp.Case()
    for when, action in matched:
        condition = when.args.get("condition") or exp.true()
        clause = clause.when(condition.copy(), exp.Literal.string(action))
    alias = node.alias or node.name
    rowid = exp.column("rowid", table=alias)
    rowid.args["table"].set("quoted", True)
    joined = _joined(tree, node, [exp.alias_(rowid, "target_row"), exp.alias_(clause, "action")])
    sql = translate.duckdb_sql(joined, session.context)
    return (
        f"select 1 from ({sql}) as joined where action is not null group by target_row"
        " having count(*) > 1 and count(*) filter (action = 'update') > 0 limit 1"
    )
