"""Binds the tables of a query to objects of the catalog, checking that the role may read them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlglot import exp

from . import errors, information_schema
from .catalog import Name, Object, Stream, Table, View
from .context import Context


@dataclass
class Reads:
    """What a statement reads: its streams advance if it is DML and commits."""

    objects: list[Object] = field(default_factory=list)
    streams: set[Name] = field(default_factory=set)


def resolve(tree: exp.Expression, context: Context, targets: tuple[exp.Table, ...] = ()) -> Reads:
    """Replaces every table name by its full name; `targets` are what the statement writes."""
    reads = Reads()
    for node in list(tree.find_all(exp.Table)):
        if not any(node is target for target in targets) and not _is_cte(node):
            _resolve_one(node, context, reads)
    return reads


def table_name(node: exp.Table) -> Name:
    """The parts of a table's name as written."""
    if not isinstance(node.this, exp.Identifier):
        raise errors.not_supported(f"the table expression {node.sql('snowflake')}")
    if node.name.startswith("@") or isinstance(node.this, exp.Parameter):
        raise errors.not_supported("queries of staged files")
    return tuple(part.name for part in node.parts)


def set_name(node: exp.Table, name: Name) -> None:
    """Puts a full name in place of the written one, which stays visible as the alias."""
    if not node.alias:
        written = exp.to_identifier(node.name, quoted=True)
        node.set("alias", exp.TableAlias(this=written))
    for key, part in zip(("catalog", "db", "this"), name, strict=True):
        node.set(key, exp.to_identifier(part, quoted=True))


def _resolve_one(node: exp.Table, context: Context, reads: Reads) -> None:
    name = table_name(node)
    if len(name) > 1 and name[-2] == information_schema.SCHEMA:
        rows = information_schema.query(context, name[0] if len(name) == 3 else None, name[-1])
        alias = node.alias or name[-1]
        rows.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        node.replace(rows)
        return
    item = context.relation(name, "SELECT")
    if isinstance(item, Stream):
        if item.stale:
            message = f"Base table of stream '{item.label()}' was dropped or replaced."
            raise errors.SqlError("091901", "02000", message)
        table = context.catalog.get("TABLE", item.table)
        context.access.require(context.role, "SELECT", table)
        reads.streams.add(item.name)
    elif isinstance(item, View):
        reads.streams.update(item.streams)
    if when := node.args.get("when"):
        _travel(item, when)
        node.set("when", None)
    reads.objects.append(item)
    set_name(node, item.name)


def _travel(item: Object, when: exp.HistoricalData) -> None:
    """`at(offset => -seconds)`: answered only where the past is known without a history.

    A table not written since then reads the same now. Nothing older is kept here, so any other
    moment is refused rather than answered with today's rows.
    """
    if str(when.this).upper() != "AT" or str(when.args["kind"]).upper() != "OFFSET":
        raise errors.not_supported("time travel other than at(offset => ...)")
    try:
        then = time.time() + float(when.expression.sql())
    except ValueError as error:
        raise errors.not_supported("an offset that is not a constant") from error
    if not isinstance(item, Table) or then > time.time():
        raise errors.not_supported("time travel into the future or of a view or stream")
    if item.created > then:
        message = (
            f"Time travel data is not available for table {item.name[-1]}. The requested time is"
            " either beyond the allowed time travel period or before the object creation time."
        )
        raise errors.SqlError("000707", "02000", message)
    if item.modified > then:
        raise errors.not_supported(
            f"time travel to a state of {item.name[-1]} that has been written over since"
        )


def _is_cte(node: exp.Table) -> bool:
    """Whether the name is that of a common table expression in reach."""
    if node.args.get("db"):
        return False
    ancestor = node.parent
    while ancestor is not None:
        clause = ancestor.args.get("with_")
        if clause and any(cte.alias == node.name for cte in clause.expressions):
            return True
        ancestor = ancestor.parent
    return False
