"""Turns the columns of staged files into those of the table, and finds the rows that do not fit."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from .catalog import Column, Table
from .context import quoted

FILE, ROW = "$file", "$row"
"""Columns that the rows of staged files carry along: position of the file, row from 1."""


@dataclass(frozen=True)
class RowError:
    """Why a row does not fit: the error as COPY words it."""

    code: str
    sql_state: str
    message: str


@dataclass(frozen=True)
class Target:
    """A column of the table and the DuckDB expressions of its value and of what came in."""

    column: Column
    source: str
    value: str

    def refusals(self) -> str:
        """The condition under which a row is refused because of this column."""
        conditions = []
        if not self.column.nullable:
            conditions.append(f"{self.value} is null")
        elif self.value != self.source:
            conditions.append(f"({self.source} is not null and {self.value} is null)")
        if self.column.max_chars is not None:
            conditions.append(f"length({self.value}) > {self.column.max_chars}")
        return f"coalesce({' or '.join(conditions)}, false)" if conditions else "false"

    def error(self, source: object, is_null: bool) -> RowError:
        """The error of a refused row whose source value is given."""
        if is_null:
            return RowError("100072", "22000", "NULL result in a non-nullable column")
        kind = self.column.snowflake_type
        if kind.startswith("VARCHAR"):
            limit = self.column.max_chars
            message = f"User character length limit ({limit}) exceeded by string '{source}'"
            return RowError("100078", "22000", message)
        if kind.startswith("NUMBER"):
            message = f"Numeric value '{source}' is not recognized or out of range for {kind}"
            return RowError("100038", "22018", message)
        if kind.startswith("TIMESTAMP"):
            return RowError("100035", "22007", f"Timestamp '{source}' is not recognized")
        if kind == "DATE":
            return RowError("100040", "22007", f"Date '{source}' is not recognized")
        if kind.startswith("TIME("):
            return RowError("100108", "22007", f"Time '{source}' is not recognized")
        return RowError("100071", "22000", f"Failed to cast variant value {source} to {kind}")


def targets(
    table: Table, schema: pa.Schema, metadata: dict[str, str], case_sensitive: bool, is_json: bool
) -> list[Target]:
    """Every column of the table: from metadata, from the file's column of its name, or null.

    Of a JSON file nested values come as JSON text.
    """
    def fold(name: str) -> str:
        return name if case_sensitive else name.upper()

    sources = {fold(field.name): field for field in reversed(list(schema))}
    found = []
    for column in table.columns:
        field = sources.get(fold(column.name))
        if column.name in metadata:
            source = quoted((metadata[column.name],))
            found.append(Target(column, source, f"try_cast({source} as {column.duckdb_type})"))
        elif field is None:
            found.append(Target(column, "null", f"cast(null as {column.duckdb_type})"))
        else:
            found.append(_matched(column, field, is_json))
    return found


def _matched(column: Column, field: pa.Field, is_json: bool) -> Target:
    source = quoted((field.name,))
    if pa.types.is_string(field.type) and column.duckdb_type == "VARCHAR":
        return Target(column, source, source)
    if pa.types.is_string(field.type) and column.snowflake_type.startswith("TIMESTAMP_NTZ"):
        # Text with an offset keeps its wall-clock time in TIMESTAMP_NTZ.
        plain = f"regexp_replace({source}, '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$', '')"
        return Target(column, source, f"try_cast({plain} as timestamp)")
    if pa.types.is_binary(field.type) and column.duckdb_type != "BLOB":
        return Target(column, source, f"cast(null as {column.duckdb_type})")
    if column.duckdb_type == "JSON":
        value = f"to_json({source})"
        if is_json and pa.types.is_string(field.type):
            value = f"coalesce(try_cast({source} as json), {value})"
        return Target(column, source, value)
    return Target(column, source, f"try_cast({source} as {column.duckdb_type})")


def refused_query(relation: str, found: list[Target]) -> str:
    """For each file with refused rows: how many, and each column's first."""
    firsts = ", ".join(
        f"min({quoted((ROW,))}) filter ({target.refusals()})" for target in found
    )
    any_refused = " or ".join(target.refusals() for target in found)
    return (
        f"select {quoted((FILE,))}, count(*), {firsts} from {relation} where {any_refused}"
        f" group by {quoted((FILE,))}"
    )


def insert_query(relation: str, into: str, found: list[Target], files: list[int] | None) -> str:
    """Appends the rows, or those of some files only, to a table, given as DuckDB names it."""
    names = ", ".join(quoted((target.column.name,)) for target in found)
    values = ", ".join(target.value for target in found)
    insert = f"insert into {into} ({names}) select {values} from {relation}"
    if files is None:
        return insert
    return f"{insert} where {quoted((FILE,))} in ({', '.join(map(str, files))})"
