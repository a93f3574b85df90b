"""Snowflake's types: the DuckDB type that stores each, and how result columns describe them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from . import errors

_INTEGERS = {
    exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT,
    exp.DataType.Type.TINYINT,
}
_SIMPLE = {
    exp.DataType.Type.DOUBLE: ("FLOAT", "DOUBLE"),
    exp.DataType.Type.FLOAT: ("FLOAT", "DOUBLE"),
    exp.DataType.Type.BOOLEAN: ("BOOLEAN", "BOOLEAN"),
    exp.DataType.Type.DATE: ("DATE", "DATE"),
    exp.DataType.Type.BINARY: ("BINARY", "BLOB"),
    exp.DataType.Type.VARBINARY: ("BINARY", "BLOB"),
    exp.DataType.Type.VARIANT: ("VARIANT", "JSON"),
    exp.DataType.Type.OBJECT: ("OBJECT", "JSON"),
    exp.DataType.Type.ARRAY: ("ARRAY", "JSON"),
}
_MOMENTS = {
    exp.DataType.Type.TIME: ("TIME", "TIME"),
    exp.DataType.Type.TIMESTAMP: ("TIMESTAMP_NTZ", "TIMESTAMP"),
    exp.DataType.Type.TIMESTAMPNTZ: ("TIMESTAMP_NTZ", "TIMESTAMP"),
    exp.DataType.Type.DATETIME: ("TIMESTAMP_NTZ", "TIMESTAMP"),
    exp.DataType.Type.TIMESTAMPLTZ: ("TIMESTAMP_LTZ", "TIMESTAMPTZ"),
}
MAX_CHARS = 16_777_216
"""The length of a VARCHAR that gives none."""


@dataclass(frozen=True)
class StoredType:
    """A declared type, the DuckDB type of its values and the length limit of its text."""

    snowflake: str
    duckdb: str
    max_chars: int | None = None


def stored(data_type: exp.DataType) -> StoredType:
    """How a declared type is stored. Timestamps and times hold microseconds whatever their precision."""
    kind = data_type.this
    parameters = [int(one.name) for one in data_type.expressions if one.name.isdigit()]
    if kind in _INTEGERS:
        return StoredType("NUMBER(38,0)", "DECIMAL(38,0)")
    if kind == exp.DataType.Type.DECIMAL:
        precision, scale = (parameters + [38, 0][len(parameters):])[:2]
        if not 1 <= precision <= 38 or scale > precision:
            raise errors.syntax(f"Invalid number precision: {precision}. Must be between 0 and 38.")
        return StoredType(f"NUMBER({precision},{scale})", f"DECIMAL({precision},{scale})")
    if data_type.is_type(*exp.DataType.TEXT_TYPES):
        if not parameters:
            return StoredType(f"VARCHAR({MAX_CHARS})", "VARCHAR")
        return StoredType(f"VARCHAR({parameters[0]})", "VARCHAR", parameters[0])
    if kind in _MOMENTS:
        name, duckdb = _MOMENTS[kind]
        precision = parameters[0] if parameters else 9
        if precision not in (6, 9):
            raise errors.not_supported(f"{name}({precision}), only 6 and 9")
        return StoredType(f"{name}({precision})", duckdb)
    if kind in _SIMPLE:
        return StoredType(*_SIMPLE[kind])
    raise errors.not_supported(f"the data type {data_type.sql('snowflake')}")


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result, as `rowType` describes it."""

    name: str
    type: str
    nullable: bool = True
    precision: int | None = None
    scale: int | None = None
    length: int | None = None

    def describe(self) -> dict[str, object]:
        return {
            "name": self.name,
            "database": "",
            "schema": "",
            "table": "",
            "type": self.type,
            "nullable": self.nullable,
            "precision": self.precision,
            "scale": self.scale,
            "length": self.length,
            "byteLength": None if self.length is None else min(self.length * 4, MAX_CHARS),
            "collation": None,
        }


_RESULT_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "real",
    "FLOAT": "real",
    "JSON": "variant",
    "BLOB": "binary",
}
_INTEGER_DIGITS = {
    "TINYINT": 3, "UTINYINT": 3, "SMALLINT": 5, "USMALLINT": 5, "INTEGER": 10, "UINTEGER": 10,
    "BIGINT": 19, "UBIGINT": 20, "HUGEINT": 38, "UHUGEINT": 38,
}


def result_column(name: str, duckdb_type: str) -> ResultColumn:
    """Describes a result column from the DuckDB type it came back with."""
    if match := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type):
        return ResultColumn(name, "fixed", precision=int(match[1]), scale=int(match[2]))
    if duckdb_type in _INTEGER_DIGITS:
        return ResultColumn(name, "fixed", precision=_INTEGER_DIGITS[duckdb_type], scale=0)
    if duckdb_type == "VARCHAR":
        return ResultColumn(name, "text", length=MAX_CHARS)
    if duckdb_type == "TIMESTAMP WITH TIME ZONE":
        return ResultColumn(name, "timestamp_ltz", precision=0, scale=9)
    if duckdb_type.startswith("TIMESTAMP"):
        return ResultColumn(name, "timestamp_ntz", precision=0, scale=9)
    if duckdb_type == "TIME":
        return ResultColumn(name, "time", precision=0, scale=9)
    if duckdb_type == '"NULL"' or duckdb_type == "NULL":
        return ResultColumn(name, "text", length=MAX_CHARS)
    if duckdb_type in _RESULT_TYPES:
        return ResultColumn(name, _RESULT_TYPES[duckdb_type])
    raise errors.not_supported(f"a result column of type {duckdb_type}")


def snowflake_type(duckdb_type: str) -> str:
    """The declared type of a column that a query made."""
    column = result_column("", duckdb_type)
    match column.type:
        case "fixed":
            return f"NUMBER({column.precision},{column.scale})"
        case "text":
            return f"VARCHAR({column.length})"
        case "real":
            return "FLOAT"
        case "timestamp_ntz" | "timestamp_ltz" | "time":
            return f"{column.type.upper()}(9)"
    return column.type.upper()
