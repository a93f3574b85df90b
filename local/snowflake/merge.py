"""MERGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from . import dml, errors, late, streams, translate
from .catalog import Table
from .context import quoted
from .lanes import ALL, Lane
from .resolve import resolve, set_name
from .results import Result
from .results import dml as dml_result

if TYPE_CHECKING:
    from .session import Session

_SOURCE, _MATCHED = 'temp.main."$merge_source"', 'temp.main."$merge_matched"'
_MERGE_PRIVILEGES = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}


def run(session: Session, tree: exp.Merge) -> Result:
    """Runs a MERGE: what matches is found first, then changed, and what does not is inserted.

    As one statement of DuckDB it would read the whole target into memory, every time.
    """
    whens = tree.args["whens"].expressions
    actions = [_action(when) for when in whens]
    privileges = sorted({_MERGE_PRIVILEGES[action] for action in actions})
    node, table = dml.target(session, tree.this, "SELECT", *privileges)
    reads = resolve(tree, session.context, (node,))
    late.narrow(tree, reads.streams)
    set_name(node, table.name)
    assigned = [pair for when in whens for pair in _assigned(when.args["then"], table)]
    names = [name for name, _ in assigned]
    source = _joined(tree, node, [value.copy() for _, value in assigned])
    for when in whens:
        if isinstance(when.args["then"], exp.Update):
            for assignment in when.args["then"].expressions:
                assignment.this.set("table", None)
    # What streams on the target have not delivered is copied, before a COPY beside it appends to it.
    lanes = ALL if session.engine.streams_on(table.name) else (Lane.MERGE,)
    with session.statement(lanes) as transaction:
        transaction.consumed |= reads.streams
        transaction.written.append(table)
        if set(actions) != {"insert"}:
            streams.settle(session, transaction, table)
        dml.check_variants(session, table, names, source)
        _stage(session, tree, node)
        _refuse_duplicates(session, tree, node, whens, actions)
        wants_rows = streams.wants_rows(session, transaction, table)
        changed = _change(session, tree, whens, table if wants_rows else None)
        kinds = changed.column(0)
        inserted = changed.filter(pc.equal(kinds, "INSERT")).remove_column(0)
        streams.record_appended(session, transaction, table, inserted)
    return _merge_result(set(actions), kinds)


def _stage(session: Session, tree: exp.Merge, node: exp.Table) -> None:
    """Keeps the source's rows, which take its place in the statement, and which of them match what."""
    using = tree.args["using"]
    rows = translate.duckdb_sql(exp.select("*").from_(using.copy()), session.context)
    session.execute(f"create or replace temp table {_SOURCE} as {rows}")
    name = using.alias or using.name
    tree.set("using", _staged(name, "select *, rowid as \"$row\" from {source}"))
    target = node.alias or node.name
    pairs = [exp.alias_(_column(name, "$row"), "source_row"), exp.alias_(_column(target, "rowid"), "target_row")]
    matched = translate.duckdb_sql(_joined(tree, node, pairs), session.context)
    session.execute(f"create or replace temp table {_MATCHED} as {matched}")


def _staged(name: str, query: str) -> exp.Subquery:
    select = sqlglot.parse_one(query.format(source=_SOURCE, matched=_MATCHED), read="duckdb")
    return exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def _column(table: str, name: str) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier(table, quoted=True))


def _refuse_duplicates(
    session: Session, tree: exp.Merge, node: exp.Table, whens: list[exp.When], actions: list[str]
) -> None:
    several = f"select 1 from {_MATCHED} group by target_row having count(*) > 1 limit 1"
    duplicates = _duplicates_query(session, tree, node, whens, actions)
    if duplicates and session.execute(several).fetchone() and session.execute(duplicates).fetchone():
        raise errors.SqlError("100090", "42P18", "Duplicate row detected during DML action")


def _change(session: Session, tree: exp.Merge, whens: list[exp.When], wanted: Table | None) -> pa.Table:
    """Carries the clauses out; returns the kind of each change and the columns of the table that is wanted."""
    columns = f", {_columns(wanted)}" if wanted else ""
    name = tree.args["using"].alias
    changed = []
    for is_matched, which in ((True, "in"), (False, "not in")):
        clauses = [when.copy() for when in whens if bool(when.args.get("matched")) == is_matched]
        if not clauses:
            continue
        part = tree.copy()
        rows = f"select * from {{source}} where rowid {which} (select source_row from {{matched}})"
        part.set("using", _staged(name, rows))
        part.set("whens", exp.Whens(expressions=clauses))
        if not is_matched:
            part.set("on", exp.false())
        sql = translate.duckdb_sql(part, session.context)
        changed.append(session.arrow(f"{sql} returning merge_action{columns}"))
    return pa.concat_tables(changed)


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
    return dml_result(
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
    rowid = _column(alias, "rowid")
    joined = _joined(tree, node, [exp.alias_(rowid, "target_row"), exp.alias_(clause, "action")])
    sql = translate.duckdb_sql(joined, session.context)
    return (
        f"select 1 from ({sql}) as joined where action is not null group by target_row"
        " having count(*) > 1 and count(*) filter (action = 'update') > 0 limit 1"
    )
