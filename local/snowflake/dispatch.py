"""Tells statements apart by their first words and hands each to its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import account, alter_table, copy_into, dml, errors, grants, queries, relations, show, streams
from .results import Result, status
from .scanner import Scanner

if TYPE_CHECKING:
    from .session import Session

_SUCCESS = "Statement executed successfully."


def run(session: Session, text: str) -> Result:
    """Runs one statement whose bind variables are already in place."""
    scanner = Scanner(text)
    word = scanner.peek()
    if word in ("SELECT", "WITH", "(", "VALUES"):
        return queries.run(session, text)
    if word in ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"):
        return dml.run(session, text)
    if scanner.accept("COPY", "INTO"):
        return copy_into.run(session, scanner)
    if word == "CREATE":
        return _create(session, scanner, text)
    if scanner.accept("GRANT"):
        return grants.grant(session, scanner)
    if scanner.accept("REVOKE"):
        return grants.revoke(session, scanner)
    if scanner.accept("DROP"):
        return account.drop(session, scanner)
    if scanner.accept("ALTER", "TABLE"):
        return alter_table.run(session, text)
    if scanner.accept("ALTER"):
        return account.alter(session, scanner)
    if scanner.accept("USE"):
        return _use(session, scanner)
    if scanner.accept("SHOW"):
        return show.show(session, scanner)
    if scanner.accept("DESCRIBE") or scanner.accept("DESC"):
        return show.describe(session, scanner)
    if word in ("BEGIN", "START", "COMMIT", "ROLLBACK"):
        return _transaction(session, scanner)
    raise scanner.unexpected()


def _create(session: Session, scanner: Scanner, text: str) -> Result:
    scanner.expect("CREATE")
    replace = scanner.accept("OR", "REPLACE")
    kinds = {
        ("TABLE",): relations.create, ("TRANSIENT", "TABLE"): relations.create,
        ("VIEW",): relations.create, ("SECURE", "VIEW"): relations.create,
    }
    for words, create in kinds.items():
        if scanner.accept(*words):
            return create(session, text)
    if scanner.accept("STREAM"):
        return streams.create(session, scanner, replace)
    return account.create(session, scanner, replace)


def _use(session: Session, scanner: Scanner) -> Result:
    for kind in ("WAREHOUSE", "ROLE", "SCHEMA", "DATABASE"):
        if scanner.accept(kind):
            break
    else:
        kind = "DATABASE" if len(scanner.tokens) - scanner.position == 1 else "SCHEMA"
    name = scanner.name()
    scanner.end()
    session.context.use(kind, name)
    return status(_SUCCESS)


def _transaction(session: Session, scanner: Scanner) -> Result:
    if scanner.accept("BEGIN") or scanner.accept("START"):
        if not scanner.accept("TRANSACTION"):
            scanner.accept("WORK")
        scanner.end()
        session.begin(explicit=True)
    elif scanner.accept("COMMIT"):
        scanner.accept("WORK")
        scanner.end()
        session.commit()
    elif scanner.accept("ROLLBACK"):
        scanner.accept("WORK")
        scanner.end()
        session.rollback()
    else:
        raise errors.syntax("syntax error")
    return status(_SUCCESS)


def needs_session(text: str) -> bool:
    """Whether a statement only makes sense together with others of the same request."""
    scanner = Scanner(text)
    return scanner.peek() in ("BEGIN", "START", "COMMIT", "ROLLBACK", "USE", "SET", "UNSET") or (
        scanner.peek() == "ALTER" and scanner.peek(1) == "SESSION"
    )
