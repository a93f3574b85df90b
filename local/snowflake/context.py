"""What a statement runs as: user, role, warehouse, default names and session parameters."""

from __future__ import annotations

from dataclasses import dataclass

from . import errors
from .access import Access
from .catalog import DEPTH, RELATIONS, Catalog, Name, Object

DEFAULT_TIMEZONE = "America/Los_Angeles"
"""Snowflake's default of the session parameter TIMEZONE."""


@dataclass
class Context:
    """The session of one request. A role of `None` may do everything (a test's own access)."""

    catalog: Catalog
    access: Access
    user: str
    role: str | None
    database: str | None = None
    schema: str | None = None
    warehouse: str | None = None
    timezone: str = DEFAULT_TIMEZONE
    query_tag: str = ""

    def full_name(self, kind: str, parts: Name) -> Name:
        """Completes a name with the session's database and schema."""
        missing = DEPTH[kind] - len(parts)
        if missing < 0:
            raise errors.syntax(f"too many parts in the name '{'.'.join(parts)}'")
        if missing == 0:
            return parts
        if self.database is None:
            raise self._no_current("database")
        if missing == 1 and kind != "DATABASE" and DEPTH[kind] == 2:
            return (self.database, *parts)
        if missing == 1:
            return (self.database, *parts)
        if self.schema is None:
            raise self._no_current("schema")
        return (self.database, self.schema, *parts)

    def lookup(self, kind: str, parts: Name, privilege: str) -> Object:
        """An object the role may use in this way."""
        item = self.catalog.get(kind, self.full_name(kind, parts))
        self.access.require(self.role, privilege, item)
        return item

    def relation(self, parts: Name, privilege: str, kinds: tuple[str, ...] = RELATIONS) -> Object:
        """A table, view or stream the role may use in this way."""
        name = self.full_name("TABLE", parts)
        item = self.catalog.relation(name)
        if item is None or item.kind not in kinds:
            raise errors.missing("Object", ".".join(name))
        self.access.require(self.role, privilege, item)
        return item

    def use(self, kind: str, parts: Name) -> None:
        """USE DATABASE, SCHEMA, WAREHOUSE or ROLE."""
        if kind == "ROLE":
            self.assume(parts[0])
            return
        item = self.lookup(kind, parts, "USAGE")
        if kind == "WAREHOUSE":
            self.warehouse = item.name[0]
        elif kind == "DATABASE":
            self.database, self.schema = item.name[0], "PUBLIC"
        else:
            self.database, self.schema = item.name

    def assume(self, role: str) -> None:
        if self.catalog.find("ROLE", (role,)) is None or not self.access.may_assume(self.user, role):
            raise errors.role_not_authorized(role)
        self.role = role

    def require_warehouse(self) -> None:
        """Whatever reads or writes rows needs a warehouse that the role may use."""
        item = self.catalog.find("WAREHOUSE", (self.warehouse or "",))
        if self.role is None:
            return
        if item is None or not self.access.has(self.role, "USAGE", item):
            message = (
                "No active warehouse selected in the current session.  Select an active warehouse"
                " with the 'use warehouse' command."
            )
            raise errors.SqlError("000606", "57P03", message)

    def _no_current(self, what: str) -> errors.SqlError:
        message = (
            f"This session does not have a current {what}."
            f" Call 'USE {what.upper()}', or use a qualified name."
        )
        return errors.SqlError("090105", "22000", message)


def quoted(name: Name) -> str:
    """A full name as DuckDB text."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name)
