"""SHOW and DESCRIBE, as far as they help to see what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors
from .account import kind_of
from .catalog import DEPTH, Table
from .results import Result, text_result
from .scanner import Scanner, Value

if TYPE_CHECKING:
    from .session import Session


def show(session: Session, scanner: Scanner) -> Result:
    """SHOW kinds [IN SCHEMA | DATABASE name]: name, database_name, schema_name, owner."""
    kind = next((one for one in DEPTH if scanner.accept(*f"{one}S".split())), None)
    if kind is None:
        raise scanner.unexpected()
    within: tuple[str, ...] = ()
    if scanner.accept("IN"):
        container = kind_of(scanner)
        if container not in ("SCHEMA", "DATABASE"):
            raise scanner.unexpected()
        within = session.context.full_name(container, scanner.name())
    scanner.end()
    context = session.context
    found = [
        item for item in context.catalog.all(kind, within)
        if context.access.visible(context.role, item)
    ]
    parts = [(None,) * (3 - len(item.name)) + item.name for item in found]
    return text_result({
        "name": [item.name[-1] for item in found],
        "database_name": [part[-3] for part in parts],
        "schema_name": [part[-2] for part in parts],
        "owner": [item.owner for item in found],
    })


def describe(session: Session, scanner: Scanner) -> Result:
    """DESCRIBE TABLE name: name, type, kind, null?; DESCRIBE INTEGRATION name: its options."""
    if scanner.accept("INTEGRATION") or scanner.accept("STORAGE", "INTEGRATION"):
        return _integration(session, scanner)
    scanner.expect("TABLE")
    table = session.context.relation(scanner.name(), "SELECT", ("TABLE",))
    scanner.end()
    if not isinstance(table, Table):
        raise errors.missing("Table", table.label())
    return text_result({
        "name": [column.name for column in table.columns],
        "type": [column.snowflake_type for column in table.columns],
        "kind": ["COLUMN" for _ in table.columns],
        "null?": ["Y" if column.nullable else "N" for column in table.columns],
    })


def _integration(session: Session, scanner: Scanner) -> Result:
    item = session.context.lookup("INTEGRATION", scanner.name(), "USAGE")
    scanner.end()
    shown = item.options | {
        "STORAGE_AWS_IAM_USER_ARN": "arn:aws:iam::123456789012:user/local",
        "STORAGE_AWS_EXTERNAL_ID": "LOCAL_SFCRole=1",
    }
    return text_result({
        "property": list(shown),
        "property_type": [type(value).__name__.capitalize() for value in shown.values()],
        "property_value": [_text(value) for value in shown.values()],
        "property_default": [None for _ in shown],
    })


def _text(value: Value) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
