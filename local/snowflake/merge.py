"""MERGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from . import dml, errors, late, streams, translate
from .catalog import Table
from .context import quoted
from .lanes import ALL, Lane
from .resolve import resolve, set_name
from .results import Result
from .results import dml as dml_result
from .state import rows_of

if TYPE_CHECKING:
    from .session import Session, Transaction

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
    set_name(node, rows_of(table.name))
    assigned = [pair for when in whens for pair in _assigned(when.args["then"], table)]
    names = [name for name, _ in assigned]
    source = _joined(tree, node, [value.copy() for _, value in assigned])
    # What streams on the target have not delivered is copied, before a COPY beside it appends to it.
    lanes = ALL if session.engine.streams_on(table.name) else (Lane.MERGE,)
    counts = dict.fromkeys(_MERGE_PRIVILEGES, 0)
    with session.statement(lanes) as transaction:
        transaction.consumed |= reads.streams
        transaction.written.append(table)
        if set(actions) != {"insert"} or table.segments is not None:
            streams.settle(session, transaction, table)
        dml.check_variants(session, table, names, source)
        _stage(session, tree, node, whens)
        _refuse_duplicates(session, actions)
        for number, (when, action) in enumerate(zip(whens, actions, strict=True)):
            if action == "insert":
                counts[action] += _insert(session, transaction, tree, table, whens[: number + 1])
            else:
                counts[action] += _change(session, tree, node, table, when, number)
    return _merge_result(set(actions), counts)


def _stage(session: Session, tree: exp.Merge, node: exp.Table, whens: list[exp.When]) -> None:
    """Keeps the source's rows, which take its place in the statement, and which of them match what.

    Of each match it keeps the number of the first WHEN MATCHED clause that holds.
    """
    using = tree.args["using"]
    rows = translate.duckdb_sql(exp.select("*").from_(using.copy()), session.context)
    session.execute(f"create or replace temp table {_SOURCE} as {rows}")
    name, target = using.alias or using.name, node.alias or node.name
    tree.set("using", _staged(name, 'select *, rowid as "$row" from {source}'))
    clause = exp.Case()
    for number, when in enumerate(whens):
        if when.args.get("matched"):
            condition = when.args.get("condition") or exp.true()
            clause = clause.when(condition.copy(), exp.Literal.number(number))
    pairs = [
        exp.alias_(_column(name, "$row"), "source_row"), exp.alias_(_column(target, "rowid"), "target_row"),
        exp.alias_(clause if clause.args.get("ifs") else exp.null(), "clause"),
    ]
    matched = translate.duckdb_sql(_joined(tree, node, pairs), session.context)
    session.execute(f"create or replace temp table {_MATCHED} as {matched}")


def _staged(name: str, query: str) -> exp.Subquery:
    select = sqlglot.parse_one(query.format(source=_SOURCE, matched=_MATCHED), read="duckdb")
    return exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def _column(table: str, name: str) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier(table, quoted=True))


def _refuse_duplicates(session: Session, actions: list[str]) -> None:
    """Refuses, as Snowflake does, a target row that several source rows would change.

    Several deletes of one row agree; an update together with anything else does not.
    """
    updates = ", ".join(str(number) for number, action in enumerate(actions) if action == "update")
    if updates and session.execute(
        f"select 1 from {_MATCHED} where clause is not null group by target_row"
        f" having count(*) > 1 and count(*) filter (clause in ({updates})) > 0 limit 1"
    ).fetchone():
        raise errors.SqlError("100090", "42P18", "Duplicate row detected during DML action")


def _change(
    session: Session, tree: exp.Merge, node: exp.Table, table: Table, when: exp.When, number: int
) -> int:
    """Carries out a clause about rows that match; returns how many it changed."""
    chosen = f"select source_row, target_row from {_MATCHED} where clause = {number}"
    then = when.args["then"]
    if not isinstance(then, exp.Update):
        sql = f"delete from {quoted(rows_of(table.name))} where rowid in (select target_row from ({chosen}))"
        return (session.execute(sql).fetchone() or (0,))[0]
    assignments = [one.copy() for one in then.expressions]
    for assignment in assignments:
        assignment.this.set("table", None)
    rows = _staged(
        tree.args["using"].alias,
        f"select s.*, m.target_row as \"$target\" from {{source}} as s join ({chosen}) as m on m.source_row = s.rowid",
    )
    target = exp.EQ(this=_column(node.alias, "rowid"), expression=_column(rows.alias, "$target"))
    update = exp.Update(
        this=node.copy(), expressions=assignments, from_=exp.From(this=rows), where=exp.Where(this=target)
    )
    return (session.execute(translate.duckdb_sql(update, session.context)).fetchone() or (0,))[0]


def _insert(
    session: Session, transaction: Transaction, tree: exp.Merge, table: Table, whens: list[exp.When]
) -> int:
    """Carries out the last of these clauses, for rows that match nothing and that no earlier one took."""
    *earlier, when = [one for one in whens if not one.args.get("matched")]
    assigned = _assigned(when.args["then"], table)
    rows = "select * from {source} where rowid not in (select source_row from {matched})"
    query = exp.select(*(value.copy() for _, value in assigned)).from_(_staged(tree.args["using"].alias, rows))
    for one in earlier:
        taken = one.args.get("condition") or exp.true()
        query = query.where(exp.not_(exp.func("coalesce", taken.copy(), exp.false())))
    if condition := when.args.get("condition"):
        query = query.where(condition.copy())
    names = ", ".join(quoted((name,)) for name, _ in assigned)
    into = f"insert into {quoted(rows_of(table.name))} ({names})"
    sql = f"{into} {translate.duckdb_sql(query, session.context)}"
    if not streams.wants_rows(session, transaction, table):
        return (session.execute(sql).fetchone() or (0,))[0]
    inserted = session.arrow(f"{sql} returning *")
    streams.record_appended(session, transaction, table, inserted)
    return inserted.num_rows


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


def _merge_result(actions: set[str], counts: dict[str, int]) -> Result:
    """One column for each kind of clause the statement has."""
    columns = {
        "insert": "number of rows inserted", "update": "number of rows updated",
        "delete": "number of rows deleted",
    }
    return dml_result(
        {name: counts[action] for action, name in columns.items() if action in actions},
        {
            "numRowsInserted": counts["insert"], "numRowsUpdated": counts["update"],
            "numRowsDeleted": counts["delete"],
        },
    )
