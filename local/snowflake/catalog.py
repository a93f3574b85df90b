"""The objects of the account: what exists, who owns it, with which options."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from . import errors
from .scanner import Value

Name = tuple[str, ...]

SYSTEM_ROLES = ("ACCOUNTADMIN", "SECURITYADMIN", "SYSADMIN", "USERADMIN", "PUBLIC")

RELATIONS = ("TABLE", "VIEW", "STREAM")

DEPTH = {
    "WAREHOUSE": 1,
    "ROLE": 1,
    "USER": 1,
    "INTEGRATION": 1,
    "DATABASE": 1,
    "SCHEMA": 2,
    "TABLE": 3,
    "VIEW": 3,
    "STREAM": 3,
    "STAGE": 3,
    "FILE FORMAT": 3,
}
"""How many parts the full name of an object of each kind has."""


@dataclass
class Object:
    """Anything that has a name, an owner and options."""

    kind: str
    name: Name
    owner: str
    options: dict[str, Value] = field(default_factory=dict)
    created: float = field(default_factory=time.time)

    def label(self) -> str:
        return ".".join(self.name)


@dataclass(frozen=True)
class Column:
    """A table's column: its declared Snowflake type and the DuckDB type that stores it.

    `default` is a DuckDB expression.
    """

    name: str
    snowflake_type: str
    duckdb_type: str
    nullable: bool
    max_chars: int | None = None
    default: str | None = None


@dataclass(frozen=True)
class Segments:
    """Where a table keeps files as they came, and which of its columns tell when COPY began to read one."""

    directory: Path
    scanned: frozenset[str]


@dataclass
class Table(Object):
    """A table; a DuckDB view of the same name shows its rows."""

    columns: list[Column] = field(default_factory=list)
    modified: float = field(default_factory=time.time)
    renumbered: bool = False
    """Rows were changed or taken out: DuckDB's row ids do not tell when a row was appended."""
    segments: Segments | None = None
    last_segment: int = 0


@dataclass
class View(Object):
    """A view, and the streams it reads (a statement that reads it reads them)."""

    columns: list[Column] = field(default_factory=list)
    streams: list[Name] = field(default_factory=list)


class Offset(NamedTuple):
    """Up to where a stream was consumed: the first row id of DuckDB and the first segment that are not."""

    row: int = 0
    segment: int = 0


@dataclass
class Stream(Object):
    """An append-only stream.

    Not yet consumed are the rows of `changes_table`, those of segments from `since` on and, while its
    table is not renumbered, those with row ids from `since` on.
    """

    table: Name = ()
    changes_table: str = ""
    since: Offset = Offset()
    stale: bool = False


class Catalog:
    """All objects by kind and full name; names are compared exactly, as Snowflake does."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, Name], Object] = {}
        for role in SYSTEM_ROLES:
            self.add(Object("ROLE", (role,), owner="ACCOUNTADMIN"))

    def add(self, item: Object) -> None:
        self._objects[self._key(item.kind, item.name)] = item

    def find(self, kind: str, name: Name) -> Object | None:
        """The object of this kind and name; tables, views and streams share their names."""
        item = self._objects.get(self._key(kind, name))
        return item if item and item.kind == kind else None

    def relation(self, name: Name) -> Object | None:
        """The table, view or stream of this name."""
        return self._objects.get(("RELATION", name))

    def taken(self, kind: str, name: Name) -> Object | None:
        """What stands in the way of creating this object."""
        return self._objects.get(self._key(kind, name))

    def get(self, kind: str, name: Name) -> Object:
        item = self.find(kind, name)
        if item is None:
            raise errors.missing(kind.capitalize(), ".".join(name))
        return item

    def remove(self, item: Object) -> None:
        """Removes an object and everything inside it."""
        inside = [
            other for other in self._objects.values()
            if DEPTH[item.kind] < 3 and item.kind in ("DATABASE", "SCHEMA")
            and other.kind not in ("WAREHOUSE", "ROLE", "USER", "INTEGRATION")
            and other.name[: len(item.name)] == item.name
        ]
        for other in [item, *inside]:
            self._objects.pop(self._key(other.kind, other.name), None)

    def all(self, kind: str, within: Name = ()) -> Iterator[Object]:
        """The objects of a kind inside a database or schema."""
        for item in list(self._objects.values()):
            if item.kind == kind and item.name[: len(within)] == within:
                yield item

    def parents(self, item: Object) -> list[Object]:
        """The database and schema an object lives in, outermost first."""
        if item.kind in ("WAREHOUSE", "ROLE", "USER", "INTEGRATION", "DATABASE"):
            return []
        found = [self.get("DATABASE", item.name[:1])]
        if DEPTH[item.kind] == 3:
            found.append(self.get("SCHEMA", item.name[:2]))
        return found

    @staticmethod
    def _key(kind: str, name: Name) -> tuple[str, Name]:
        return ("RELATION" if kind in RELATIONS else kind, name)
