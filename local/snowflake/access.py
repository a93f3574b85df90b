"""Roles and grants: who may do what, as Snowflake decides it.

A role holds what was granted to it or to a role granted to it, and owns what those roles
created. Secondary roles are not applied: a request has the privileges of its one role, which is
the stricter reading and the one that shows a missing grant.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from . import errors
from .catalog import DEPTH, Catalog, Name, Object

PRIVILEGES: dict[str, set[str]] = {
    "ACCOUNT": {
        "CREATE DATABASE", "CREATE WAREHOUSE", "CREATE ROLE", "CREATE USER",
        "CREATE INTEGRATION", "MANAGE GRANTS", "EXECUTE TASK", "EXECUTE MANAGED TASK",
        "MONITOR USAGE",
    },
    "WAREHOUSE": {"USAGE", "OPERATE", "MONITOR", "MODIFY"},
    "INTEGRATION": {"USAGE", "USE_ANY_ROLE"},
    "DATABASE": {"USAGE", "MONITOR", "MODIFY", "CREATE SCHEMA", "IMPORTED PRIVILEGES"},
    "SCHEMA": {
        "USAGE", "MONITOR", "MODIFY", "CREATE TABLE", "CREATE VIEW", "CREATE STREAM",
        "CREATE STAGE", "CREATE FILE FORMAT", "CREATE TASK", "CREATE PIPE",
    },
    "TABLE": {
        "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "EVOLVE SCHEMA",
        "REBUILD",
    },
    "VIEW": {"SELECT", "REFERENCES"},
    "STREAM": {"SELECT"},
    "STAGE": {"USAGE"},
    "FILE FORMAT": {"USAGE"},
    "USER": {"MONITOR"},
    "ROLE": set(),
}


@dataclass(frozen=True)
class FutureGrant:
    """A privilege that objects created later in a database or schema receive."""

    privilege: str
    kind: str
    within: Name
    role: str


class Access:
    """Grants on top of a catalog. A role of `None` is the test's own access: all is allowed."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._grants: dict[str, set[tuple[str, str, Name]]] = defaultdict(set)
        self._future: set[FutureGrant] = set()
        self._inherits: dict[str, set[str]] = defaultdict(set)
        self._roles_of_user: dict[str, set[str]] = defaultdict(set)
        for role, granted in [
            ("ACCOUNTADMIN", "SECURITYADMIN"), ("ACCOUNTADMIN", "SYSADMIN"),
            ("SECURITYADMIN", "USERADMIN"),
        ]:
            self._inherits[role].add(granted)
        for role, privilege in [
            ("ACCOUNTADMIN", "CREATE INTEGRATION"), ("SYSADMIN", "CREATE DATABASE"),
            ("SYSADMIN", "CREATE WAREHOUSE"), ("USERADMIN", "CREATE ROLE"),
            ("USERADMIN", "CREATE USER"), ("SECURITYADMIN", "MANAGE GRANTS"),
        ]:
            self._grants[role].add((privilege, "ACCOUNT", ()))

    def grant(self, role: str, privilege: str, kind: str, name: Name) -> None:
        self._grants[role].add((privilege, kind, name))

    def revoke(self, role: str, privilege: str, kind: str, name: Name) -> None:
        self._grants[role].discard((privilege, kind, name))

    def grant_future(self, grant: FutureGrant) -> None:
        self._future.add(grant)

    def revoke_future(self, grant: FutureGrant) -> None:
        self._future.discard(grant)

    def grant_role_to_role(self, role: str, to: str) -> None:
        if to in self.closure(role):
            raise errors.compilation("003013", "42710", "Role grant would create a cycle.")
        self._inherits[to].add(role)

    def revoke_role_from_role(self, role: str, of: str) -> None:
        self._inherits[of].discard(role)

    def grant_role_to_user(self, role: str, user: str) -> None:
        self._roles_of_user[user].add(role)

    def revoke_role_from_user(self, role: str, user: str) -> None:
        self._roles_of_user[user].discard(role)

    def may_assume(self, user: str, role: str) -> bool:
        """Whether the user holds the role, directly or through another."""
        held = self._roles_of_user[user]
        return role == "PUBLIC" or any(role in self.closure(one) for one in held)

    def closure(self, role: str) -> set[str]:
        """The role, the roles granted to it, and PUBLIC."""
        found = {"PUBLIC"}
        pending = [role]
        while pending:
            one = pending.pop()
            if one not in found:
                found.add(one)
                pending.extend(self._inherits[one])
        return found

    def created(self, item: Object) -> None:
        """Applies the future grants to a new object; those of its schema win over the database's."""
        matching = [
            grant for grant in self._future
            if grant.kind == item.kind and item.name[: len(grant.within)] == grant.within
        ]
        deepest = max((len(grant.within) for grant in matching), default=0)
        for grant in matching:
            if len(grant.within) == deepest:
                self.grant(grant.role, grant.privilege, item.kind, item.name)

    def dropped(self, item: Object) -> None:
        """Grants end with their object: a new object of the same name starts without them."""
        for held in self._grants.values():
            held -= {
                one for one in held
                if one[2][: len(item.name)] == item.name
                and (one[1] == item.kind or item.kind in ("DATABASE", "SCHEMA"))
                and DEPTH.get(one[1], 0) >= len(item.name)
            }

    def has_account(self, role: str | None, privilege: str) -> bool:
        return role is None or any(
            (privilege, "ACCOUNT", ()) in self._grants[one] for one in self.closure(role)
        )

    def owns(self, role: str | None, item: Object) -> bool:
        return role is None or item.owner in self.closure(role)

    def has(self, role: str | None, privilege: str, item: Object) -> bool:
        if self.owns(role, item):
            return True
        wanted = (privilege, item.kind, item.name)
        return any(wanted in self._grants[one] for one in self.closure(role or ""))

    def visible(self, role: str | None, item: Object) -> bool:
        """Whether the role holds any privilege on the object and can reach it."""
        if not all(self._any(role, parent) for parent in self.catalog.parents(item)):
            return False
        return self._any(role, item)

    def require(self, role: str | None, privilege: str, item: Object) -> None:
        """Refuses unless the role may; an object it holds nothing on does not exist for it."""
        self._require_reachable(role, item)
        if not self.has(role, privilege, item):
            raise errors.insufficient(item.kind.lower(), item.name[-1])

    def require_owner(self, role: str | None, item: Object) -> None:
        """Refuses unless the role owns the object, itself or through a role granted to it."""
        self._require_reachable(role, item)
        if not self.owns(role, item):
            raise errors.insufficient(item.kind.lower(), item.name[-1])

    def dependent_grant(self, item: Object) -> tuple[str, str] | None:
        """A privilege on the object and a role that holds it, if there is any."""
        for role, held in self._grants.items():
            for privilege, kind, name in held:
                if (kind, name) == (item.kind, item.name):
                    return privilege, role
        return None

    def revoke_all(self, item: Object) -> None:
        """Takes every privilege on the object away; its owner keeps it."""
        for held in self._grants.values():
            held -= {one for one in held if one[1:] == (item.kind, item.name)}

    def _require_reachable(self, role: str | None, item: Object) -> None:
        reachable = all(
            self.has(role, "USAGE", parent) for parent in self.catalog.parents(item)
        )
        if not reachable or not self.visible(role, item):
            kind = "Object" if item.kind in ("TABLE", "VIEW", "STREAM") else item.kind.capitalize()
            raise errors.missing(kind, item.label())

    def _any(self, role: str | None, item: Object) -> bool:
        if self.owns(role, item):
            return True
        return any(
            (kind, name) == (item.kind, item.name)
            for one in self.closure(role or "")
            for _, kind, name in self._grants[one]
        )
