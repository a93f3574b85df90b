"""CREATE TABLE and VIEW, and the DuckDB relations behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from . import datatypes, errors, options, segments, translate
from .catalog import Column, Name, Object, Table, View
from .context import quoted
from .resolve import Reads, resolve, table_name
from .results import Result, status
from .state import rows_of

if TYPE_CHECKING:
    from .session import Session

_TABLE_PROPERTIES = (exp.SchemaCommentProperty, exp.ClusterProperty, exp.TransientProperty)
_VIEW_PROPERTIES = (exp.SchemaCommentProperty, exp.SecureProperty, exp.CopyGrantsProperty)


def create(session: Session, text: str) -> Result:
    """CREATE [OR REPLACE] [TRANSIENT] TABLE and CREATE [OR REPLACE] [SECURE] VIEW."""
    tree = translate.parse(text)
    if not isinstance(tree, exp.Create) or tree.kind not in ("TABLE", "VIEW"):
        raise errors.not_supported(f"this statement: {text[:80]}")
    session.commit()
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    name = session.context.full_name(tree.kind, table_name(target))
    if kept := session.engine.before_create(
        session, tree.kind, name, bool(tree.args.get("replace")), bool(tree.args.get("exists"))
    ):
        return kept
    if tree.kind == "VIEW":
        return _create_view(session, tree, name)
    if tree.expression:
        return _create_table_as(session, tree, name)
    columns = _columns(tree, session)
    _check_properties(tree, _TABLE_PROPERTIES, options.TABLE)
    table = Table("TABLE", name, session.owner(), columns=columns)
    with session.statement():
        session.execute(table_ddl(name, columns))
        show(session, table)
    return _register(session, table)


def _register(session: Session, item: Object) -> Result:
    session.engine.created(item)
    return status(f"{item.kind.capitalize()} {item.name[-1]} successfully created.")


def _create_table_as(session: Session, tree: exp.Create, name: Name) -> Result:
    _check_properties(tree, _TABLE_PROPERTIES, options.TABLE)
    if isinstance(tree.this, exp.Schema):
        raise errors.not_supported("column lists in CREATE TABLE AS")
    session.context.require_warehouse()
    query = tree.expression
    reads = resolve(query, session.context)
    sql = translate.duckdb_sql(query, session.context)
    with session.statement() as transaction:
        transaction.consumed |= reads.streams
        session.execute(f"create or replace table {quoted(rows_of(name))} as {sql}")
        table = Table("TABLE", name, session.owner(), columns=_described(session, rows_of(name)))
        show(session, table)
    return _register(session, table)


def _described(session: Session, name: Name) -> list[Column]:
    """The columns of a relation made by a query."""
    found = session.execute(f"describe {quoted(name)}").fetchall()
    return [
        Column(one[0], datatypes.snowflake_type(one[1]), one[1], one[2] == "YES") for one in found
    ]


def show(session: Session, table: Table) -> None:
    """Makes the DuckDB view of a table's rows, wherever they are."""
    names = ", ".join(quoted((column.name,)) for column in table.columns)
    rows = f"select {names} from {quoted(rows_of(table.name))}"
    if table.segments is not None:
        rows += f" union all {segments.select(table)}"
    session.execute(f"create or replace view {quoted(table.name)} as {rows}")


def _create_view(session: Session, tree: exp.Create, name: Name) -> Result:
    _check_properties(tree, _VIEW_PROPERTIES, set())
    names = ""
    if isinstance(tree.this, exp.Schema):
        written = [quoted((column.name,)) for column in tree.this.expressions]
        names = f" ({', '.join(written)})"
    query = tree.expression
    reads: Reads = resolve(query, session.context)
    sql = translate.duckdb_sql(query, session.context)
    with session.statement():
        session.execute(f"create or replace view {quoted(name)}{names} as {sql}")
        columns = _described(session, name)
    view = View("VIEW", name, session.owner(), columns=columns, streams=sorted(reads.streams))
    return _register(session, view)


def _check_properties(
    tree: exp.Create, kinds: tuple[type[exp.Expression], ...], named: set[str]
) -> None:
    properties = tree.args.get("properties")
    for one in properties.expressions if properties else []:
        if type(one) is exp.Property:
            options.check(tree.kind, named, {one.name.upper(): one.args["value"].name})
        elif not isinstance(one, kinds):
            raise errors.not_supported(f"{one.sql('snowflake')} of a {tree.kind.lower()}")


def _columns(tree: exp.Create, session: Session) -> list[Column]:
    if not isinstance(tree.this, exp.Schema):
        raise errors.syntax("a table needs columns")
    definitions = [one for one in tree.this.expressions if isinstance(one, exp.ColumnDef)]
    key = _primary_key(tree.this)
    columns: list[Column] = []
    for definition in definitions:
        column = defined_column(definition, key, session)
        if any(other.name == column.name for other in columns):
            raise errors.compilation("002025", "42S21", f"duplicate column name '{column.name}'")
        columns.append(column)
    return columns


def _primary_key(schema: exp.Schema) -> set[str]:
    """Columns of an out-of-line primary key. Snowflake enforces no more of it than NOT NULL."""
    key: set[str] = set()
    for one in schema.expressions:
        if isinstance(one, exp.ColumnDef):
            continue
        constraint = one.expressions[0] if isinstance(one, exp.Constraint) else one
        if isinstance(constraint, exp.PrimaryKey):
            key |= {part.name for part in constraint.expressions}
        elif not isinstance(constraint, (exp.UniqueColumnConstraint, exp.ForeignKey)):
            raise errors.not_supported(f"the constraint {one.sql('snowflake')}")
    return key


def defined_column(definition: exp.ColumnDef, key: set[str], session: Session) -> Column:
    """The column a definition declares; those of a primary key are never null."""
    if definition.kind is None:
        raise errors.syntax(f"column '{definition.name}' has no type")
    stored = datatypes.stored(definition.kind)
    nullable, default = definition.name not in key, None
    for constraint in definition.constraints:
        kind = constraint.kind
        if isinstance(kind, exp.NotNullColumnConstraint):
            nullable = nullable and bool(kind.args.get("allow_null"))
        elif isinstance(kind, exp.PrimaryKeyColumnConstraint):
            nullable = False
        elif isinstance(kind, exp.DefaultColumnConstraint):
            default = translate.duckdb_sql(kind.this, session.context)
        elif not isinstance(kind, (exp.CommentColumnConstraint, exp.UniqueColumnConstraint)):
            raise errors.not_supported(f"{kind.sql('snowflake')} of a column")
    return Column(
        definition.name, stored.snowflake, stored.duckdb, nullable, stored.max_chars, default
    )


def table_ddl(name: Name, columns: list[Column]) -> str:
    """The DuckDB table with the rows of a table, which enforces what Snowflake enforces."""
    definitions = ", ".join(_column_ddl(column) for column in columns)
    return f"create or replace table {quoted(rows_of(name))} ({definitions})"


def _column_ddl(column: Column) -> str:
    name = quoted((column.name,))
    parts = [name, column.duckdb_type]
    if not column.nullable:
        parts.append("not null")
    if column.default:
        parts.append(f"default ({column.default})")
    if column.max_chars is not None:
        parts.append(f"check (length({name}) <= {column.max_chars})")
    return " ".join(parts)
