"""GRANT and REVOKE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import account, errors
from .access import PRIVILEGES, FutureGrant
from .catalog import Object
from .results import Result, status
from .scanner import Scanner

if TYPE_CHECKING:
    from .session import Session

_PLURALS = {
    "TABLES": "TABLE", "VIEWS": "VIEW", "STREAMS": "STREAM", "STAGES": "STAGE",
    "SCHEMAS": "SCHEMA",
}
_SUCCESS = "Statement executed successfully."


def grant(session: Session, scanner: Scanner) -> Result:
    """GRANT ROLE, GRANT privileges ON object, ON ALL, ON FUTURE ... TO ROLE."""
    _statement(session, scanner, granting=True)
    return status(_SUCCESS)


def revoke(session: Session, scanner: Scanner) -> Result:
    """The same forms with FROM in place of TO."""
    _statement(session, scanner, granting=False)
    return status(_SUCCESS)


def _statement(session: Session, scanner: Scanner, granting: bool) -> None:
    session.commit()
    preposition = "TO" if granting else "FROM"
    if scanner.peek() == "ROLE" and scanner.peek(2) == preposition:
        _role(session, scanner, granting, preposition)
        return
    privileges = _privileges(scanner)
    scanner.expect("ON")
    if scanner.accept("ACCOUNT"):
        _check(privileges, "ACCOUNT")
        role = _grantee(session, scanner, preposition)
        scanner.end()
        _require_manage_grants(session)
        for privilege in privileges:
            _apply(session, granting, role, privilege, "ACCOUNT", ())
    elif scanner.peek() in ("ALL", "FUTURE") and scanner.peek(1) != "PRIVILEGES":
        _many(session, scanner, privileges, granting, preposition)
    else:
        _one(session, scanner, privileges, granting, preposition)


def _role(session: Session, scanner: Scanner, granting: bool, preposition: str) -> None:
    scanner.expect("ROLE")
    role = session.context.catalog.get("ROLE", scanner.name())
    scanner.expect(preposition)
    to_user = scanner.accept("USER")
    if not to_user:
        scanner.expect("ROLE")
    grantee = session.context.catalog.get("USER" if to_user else "ROLE", scanner.name()).name[0]
    scanner.end()
    access = session.context.access
    if not access.owns(session.context.role, role):
        _require_manage_grants(session)
    change = {
        (True, True): access.grant_role_to_user, (True, False): access.grant_role_to_role,
        (False, True): access.revoke_role_from_user, (False, False): access.revoke_role_from_role,
    }[granting, to_user]
    change(role.name[0], grantee)


def _privileges(scanner: Scanner) -> list[str]:
    """Privileges of several words each, comma-separated, up to ON."""
    found, words = [], []
    while not scanner.done() and scanner.peek() != "ON":
        if scanner.accept(","):
            found.append(" ".join(words))
            words = []
        else:
            words.append(scanner.identifier())
    return [*found, " ".join(words)]


def _check(privileges: list[str], kind: str) -> list[str]:
    if privileges in (["ALL"], ["ALL PRIVILEGES"]):
        return sorted(PRIVILEGES[kind])
    for privilege in privileges:
        if privilege != "OWNERSHIP" and privilege not in PRIVILEGES[kind]:
            raise errors.syntax(f"invalid privilege '{privilege}' for a {kind.lower()}")
    return privileges


def _one(
    session: Session, scanner: Scanner, privileges: list[str], granting: bool, preposition: str
) -> None:
    context = session.context
    kind = "INTEGRATION" if scanner.accept("INTEGRATION") else account.kind_of(scanner)
    item = context.catalog.get(kind, context.full_name(kind, scanner.name()))
    role = _grantee(session, scanner, preposition)
    current_grants = _current_grants(scanner, privileges)
    scanner.end()
    if not context.access.owns(context.role, item):
        _require_manage_grants(session)
    for privilege in _check(privileges, kind):
        if privilege == "OWNERSHIP":
            _transfer(session, item, role, granting, current_grants)
        else:
            _apply(session, granting, role, privilege, kind, item.name)


def _many(
    session: Session, scanner: Scanner, privileges: list[str], granting: bool, preposition: str
) -> None:
    """ON ALL kinds IN (now) and ON FUTURE kinds IN (from now on)."""
    context = session.context
    future = scanner.accept("FUTURE")
    if not future:
        scanner.expect("ALL")
    if scanner.accept("FILE", "FORMATS"):
        kind = "FILE FORMAT"
    elif scanner.peek() in _PLURALS:
        kind = _PLURALS[scanner.identifier()]
    else:
        raise scanner.unexpected()
    scanner.expect("IN")
    container = "SCHEMA" if scanner.accept("SCHEMA") else "DATABASE"
    if container == "DATABASE":
        scanner.expect("DATABASE")
    within = context.catalog.get(container, context.full_name(container, scanner.name()))
    role = _grantee(session, scanner, preposition)
    scanner.end()
    if privileges == ["OWNERSHIP"]:
        raise errors.not_supported("OWNERSHIP ON ALL and ON FUTURE")
    if future or not context.access.owns(context.role, within):
        _require_manage_grants(session)
    for privilege in _check(privileges, kind):
        if future:
            entry = FutureGrant(privilege, kind, within.name, role)
            change = context.access.grant_future if granting else context.access.revoke_future
            change(entry)
            continue
        for item in context.catalog.all(kind, within.name):
            _apply(session, granting, role, privilege, kind, item.name)


def _grantee(session: Session, scanner: Scanner, preposition: str) -> str:
    scanner.expect(preposition, "ROLE")
    role = session.context.catalog.get("ROLE", scanner.name()).name[0]
    scanner.accept("WITH", "GRANT", "OPTION")
    return role


def _current_grants(scanner: Scanner, privileges: list[str]) -> str | None:
    """COPY or REVOKE, what GRANT OWNERSHIP shall do with the other grants on the object."""
    if privileges == ["OWNERSHIP"]:
        for what in ("COPY", "REVOKE"):
            if scanner.accept(what, "CURRENT", "GRANTS"):
                return what
    return None


def _apply(
    session: Session, granting: bool, role: str, privilege: str, kind: str, name: tuple[str, ...]
) -> None:
    access = session.context.access
    (access.grant if granting else access.revoke)(role, privilege, kind, name)


def _transfer(
    session: Session, item: Object, role: str, granting: bool, current_grants: str | None
) -> None:
    """Hands an object over. Grants of others must be copied or revoked explicitly."""
    access = session.context.access
    if not granting:
        raise errors.SqlError("003937", "23001", "SQL execution error: OWNERSHIP can only be transferred.")
    if current_grants is None and (dependent := access.dependent_grant(item)):
        message = (
            f"SQL execution error: Dependent grant of privilege '{dependent[0]}' on securable"
            f" '{item.label()}' to role '{dependent[1]}' exists.  It must be revoked first.  More than one"
            " dependent grant may exist: use 'SHOW GRANTS' command to view them."
        )
        raise errors.SqlError("003036", "23001", message)
    if current_grants == "REVOKE":
        access.revoke_all(item)
    item.owner = role


def _require_manage_grants(session: Session) -> None:
    context = session.context
    if not context.access.has_account(context.role, "MANAGE GRANTS"):
        raise errors.insufficient("account", "LOCAL")
