"""INFORMATION_SCHEMA.COLUMNS and TABLES: what the role can see of its database."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

from . import errors
from .bindings import quote
from .catalog import Column, Object, Table, View
from .context import Context

SCHEMA = "INFORMATION_SCHEMA"

_COLUMNS = (
    "TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "ORDINAL_POSITION",
    "IS_NULLABLE", "DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "NUMERIC_PRECISION", "NUMERIC_SCALE",
)
_TABLES = ("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_OWNER", "TABLE_TYPE")


def query(context: Context, database: str | None, name: str) -> exp.Subquery:
    """The rows of one of its views, as a subquery of constants."""
    database = database or context.full_name("SCHEMA", (SCHEMA,))[0]
    context.lookup("DATABASE", (database,), "USAGE")
    items = [
        item for kind in ("TABLE", "VIEW") for item in context.catalog.all(kind, (database,))
        if context.access.visible(context.role, item)
    ]
    if name == "COLUMNS":
        rows = [row for item in items for row in _describe(item)]
        return _constants(_COLUMNS, rows)
    if name == "TABLES":
        kinds = {"TABLE": "BASE TABLE", "VIEW": "VIEW"}
        return _constants(_TABLES, [(*item.name, item.owner, kinds[item.kind]) for item in items])
    raise errors.missing("Object", f"{database}.{SCHEMA}.{name}")


def _describe(item: Object) -> list[tuple[object, ...]]:
    columns: list[Column] = item.columns if isinstance(item, (Table, View)) else []
    return [
        (*item.name, column.name, position, "YES" if column.nullable else "NO", *_type(column))
        for position, column in enumerate(columns, 1)
    ]


def _type(column: Column) -> tuple[str, int | None, int | None, int | None]:
    name, *numbers = re.findall(r"\w+", column.snowflake_type)
    if name == "NUMBER":
        return name, None, int(numbers[0]), int(numbers[1])
    if name == "VARCHAR":
        return "TEXT", int(numbers[0]), None, None
    return name, None, None, None


def _constants(names: tuple[str, ...], rows: list[tuple[object, ...]]) -> exp.Subquery:
    values = [f"({', '.join(_constant(value) for value in row)})" for row in rows]
    values = values or [f"({', '.join('null' for _ in names)})"]
    columns = ", ".join(f'"{name}"' for name in names)
    where = "" if rows else " where false"
    sql = f"select * from (values {', '.join(values)}) as v({columns}){where}"
    return exp.Subquery(this=sqlglot.parse_one(sql, read="snowflake"))


def _constant(value: object) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else quote(str(value))
