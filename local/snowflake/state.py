"""Where the account keeps what users see through something else: rows, undelivered ones, load history."""

from __future__ import annotations

from .catalog import Name
from .context import quoted

HIDDEN_SCHEMA = "$STATE"
"""A DuckDB schema in each database that the catalog does not know, so no statement reaches it."""

CREATE = "(table_name varchar, path varchar, etag varchar, loaded_at double)"
"""What COPY has loaded and when: Snowflake keys on the path and on the bytes, for each table."""


def rows_of(table: Name) -> Name:
    """The DuckDB table with the rows of a table, but for those in segments."""
    return (table[0], HIDDEN_SCHEMA, f"{table[1]}.{table[2]}")


def segments_of(table: Name) -> Name:
    """The index of a table's segments."""
    return (table[0], HIDDEN_SCHEMA, f"{table[1]}.{table[2]}.segments")


def load_history(name: Name) -> str:
    """The load history of the database that this name is in."""
    return quoted((name[0], HIDDEN_SCHEMA, "LOAD_HISTORY"))
