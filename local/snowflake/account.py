"""CREATE, ALTER and DROP of everything but tables, views and streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors, options
from .catalog import DEPTH, Name, Object
from .results import Result, status
from .scanner import Scanner, Value

if TYPE_CHECKING:
    from .session import Session

_KINDS: list[tuple[tuple[str, ...], str]] = [
    (("STORAGE", "INTEGRATION"), "INTEGRATION"),
    (("FILE", "FORMAT"), "FILE FORMAT"),
    *(((kind,), kind) for kind in DEPTH if " " not in kind),
]


def kind_of(scanner: Scanner) -> str:
    """Reads the kind of object a statement is about."""
    for words, kind in _KINDS:
        if scanner.accept(*words):
            return kind
    raise scanner.unexpected()


def create(session: Session, scanner: Scanner, replace: bool) -> Result:
    """CREATE [OR REPLACE] kind [IF NOT EXISTS] name options."""
    transient = scanner.accept("TRANSIENT")
    kind = kind_of(scanner)
    if transient and kind not in ("DATABASE", "SCHEMA"):
        raise scanner.unexpected()
    exists = scanner.accept("IF", "NOT", "EXISTS")
    if exists and replace:
        raise errors.syntax("OR REPLACE and IF NOT EXISTS are mutually exclusive")
    name = session.context.full_name(kind, scanner.name())
    if kind == "WAREHOUSE":
        scanner.accept("WITH")
    given = _checked(session, kind, scanner.options())
    scanner.end()
    session.commit()
    engine = session.engine
    if kept := engine.before_create(session, kind, name, replace, exists):
        return kept
    if kind == "DATABASE":
        engine.create_database(name[0])
    elif kind == "SCHEMA":
        engine.create_schema(name)
    engine.created(Object(kind, name, session.owner(), given))
    if kind == "DATABASE":
        engine.create_schema((name[0], "PUBLIC"))
        engine.created(Object("SCHEMA", (name[0], "PUBLIC"), session.owner()))
        session.context.database, session.context.schema = name[0], "PUBLIC"
    elif kind == "SCHEMA":
        session.context.database, session.context.schema = name
    elif kind == "WAREHOUSE":
        session.context.warehouse = name[0]
    return status(f"{kind.capitalize()} {name[-1]} successfully created.")


def alter(session: Session, scanner: Scanner) -> Result:
    """ALTER kind [IF EXISTS] name SET options; ALTER WAREHOUSE RESUME or SUSPEND."""
    if scanner.accept("SESSION", "SET"):
        return _alter_session(session, scanner.options())
    kind = kind_of(scanner)
    if kind in ("VIEW", "STREAM"):
        raise errors.not_supported(f"ALTER {kind}")
    exists = scanner.accept("IF", "EXISTS")
    name = session.context.full_name(kind, scanner.name())
    item = session.context.catalog.find(kind, name)
    if item is None and exists:
        return status("Statement executed successfully.")
    item = session.context.catalog.get(kind, name)
    session.context.access.require_owner(session.context.role, item)
    if kind == "WAREHOUSE" and (scanner.accept("RESUME") or scanner.accept("SUSPEND")):
        scanner.accept("IF", "SUSPENDED")
        given: dict[str, Value] = {}
    else:
        scanner.expect("SET")
        given = scanner.options()
    scanner.end()
    session.commit()
    item.options = _checked(session, kind, item.options | given)
    return status("Statement executed successfully.")


def drop(session: Session, scanner: Scanner) -> Result:
    """DROP kind [IF EXISTS] name."""
    kind = kind_of(scanner)
    exists = scanner.accept("IF", "EXISTS")
    name = session.context.full_name(kind, scanner.name())
    scanner.accept("CASCADE")
    scanner.end()
    session.commit()
    item = session.context.catalog.find(kind, name)
    if item is None:
        if not exists:
            raise errors.missing(kind.capitalize(), ".".join(name))
        done = "Drop statement executed successfully"
        return status(f"{done} ({name[-1]} already dropped).")
    session.context.access.require_owner(session.context.role, item)
    session.engine.drop(session, item)
    return status(f"{name[-1]} successfully dropped.")


def _alter_session(session: Session, given: dict[str, Value]) -> Result:
    for name, value in given.items():
        if name == "TIMEZONE":
            session.set_timezone(str(value))
        elif name == "QUERY_TAG":
            session.context.query_tag = str(value)
        else:
            raise errors.not_supported(f"the session parameter {name}")
    return status("Statement executed successfully.")


def _checked(session: Session, kind: str, given: dict[str, Value]) -> dict[str, Value]:
    match kind:
        case "WAREHOUSE":
            return options.check(kind, options.WAREHOUSE, given)
        case "ROLE":
            return options.check(kind, options.ROLE, given)
        case "DATABASE" | "SCHEMA":
            return options.check(kind, options.DATABASE, given)
        case "USER":
            return options.user(given)
        case "INTEGRATION":
            return options.integration(given)
        case "FILE FORMAT":
            return options.file_format(given)
        case "STAGE":
            return _stage(session, given)
    raise errors.not_supported(f"CREATE {kind}")


def _stage(session: Session, given: dict[str, Value]) -> dict[str, Value]:
    """An external stage on S3, inside the locations its integration allows."""
    options.check("STAGE", options.STAGE, given)
    url = str(given.get("URL", ""))
    if not url.startswith("s3://"):
        raise errors.not_supported("stages other than external ones on s3://")
    if not isinstance(given.get("STORAGE_INTEGRATION"), str):
        raise errors.not_supported("stages without a storage integration")
    name: Name = (str(given["STORAGE_INTEGRATION"]),)
    integration = session.context.lookup("INTEGRATION", name, "USAGE")
    allowed = integration.options["STORAGE_ALLOWED_LOCATIONS"]
    blocked = integration.options.get("STORAGE_BLOCKED_LOCATIONS", [])
    within = any(one == "*" or url.startswith(one) for one in allowed)
    if not within or any(url.startswith(one) for one in blocked):
        message = f"Location '{url}' is not allowed by integration '{name[0]}'."
        raise errors.SqlError("003167", "42601", message)
    if not integration.options["ENABLED"]:
        raise errors.SqlError("003167", "42601", f"Integration '{name[0]}' is not enabled.")
    return given
