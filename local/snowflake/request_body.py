"""What a request to the SQL API must look like, before anything runs."""

from __future__ import annotations

import json

from . import bindings, errors
from .auth import Identity
from .catalog import Object
from .context import DEFAULT_TIMEZONE, Context
from .engine import Engine
from .errors import ApiError
from .jobs import MAX_TIMEOUT_S, Request
from .scanner import Scanner

_FIELDS = {
    "statement", "timeout", "database", "schema", "warehouse", "role", "bindings", "parameters",
    "resultSetMetaData",
}
_PARAMETERS = {
    "MULTI_STATEMENT_COUNT", "QUERY_TAG", "TIMEZONE", "USE_CACHED_RESULT", "ROWS_PER_RESULTSET",
    "CLIENT_RESULT_CHUNK_SIZE",
}
"""Snowflake's allow-list without the output formats, which this stand-in does not apply."""

MAX_QUERY_TAG_CHARS = 2000


def read_body(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise _bad("the body is not JSON") from error
    if not isinstance(parsed, dict):
        raise _bad("the body is not an object")
    if unknown := set(parsed) - _FIELDS:
        raise _bad(f"unknown field {sorted(unknown)[0]}")
    for name in ("statement", "database", "schema", "warehouse", "role"):
        if not isinstance(parsed.get(name), (str, type(None))):
            raise _bad(f"{name} is not a string")
    if not parsed.get("statement"):
        raise _bad("statement is missing")
    return parsed


def request(body: dict[str, object], nullable: bool) -> Request:
    timeout = body.get("timeout", 0)
    if isinstance(timeout, bool) or not isinstance(timeout, int) or not 0 <= timeout <= MAX_TIMEOUT_S:
        raise _bad("timeout is not a number of seconds")
    count = parameters(body).get("MULTI_STATEMENT_COUNT", "1")
    if not count.isdigit():
        raise _bad("MULTI_STATEMENT_COUNT is not a number")
    return Request(
        str(body["statement"]), bindings.parse(body.get("bindings")), int(count),
        float(timeout or MAX_TIMEOUT_S), nullable,
    )


def parameters(body: dict[str, object]) -> dict[str, str]:
    given = body.get("parameters", {})
    if not isinstance(given, dict):
        raise _bad("parameters is not an object")
    found = {}
    for name, value in given.items():
        if name.upper() not in _PARAMETERS:
            raise _bad(f"unsupported parameter {name}")
        if not isinstance(value, str):
            raise _bad(f"parameter {name} is not a string")
        found[name.upper()] = value
    if len(found.get("QUERY_TAG", "")) > MAX_QUERY_TAG_CHARS:
        raise _bad(f"QUERY_TAG is longer than {MAX_QUERY_TAG_CHARS} characters")
    return found


def context(engine: Engine, identity: Identity, body: dict[str, object]) -> Context:
    """The session of a request: what it names, else the user's defaults. Names are exact.

    Raises `SqlError` when the user does not hold the role, or signed in for another one.
    """
    account_user: Object = engine.catalog.get("USER", (identity.user,))
    defaults = account_user.options
    given = parameters(body)
    session = engine.context(identity.user, None)
    role = str(body.get("role") or identity.role or defaults.get("DEFAULT_ROLE") or "PUBLIC")
    if identity.role not in (None, role):
        raise errors.role_not_authorized(role)  # the code is chosen
    session.assume(role)
    session.warehouse = _text(body.get("warehouse") or defaults.get("DEFAULT_WAREHOUSE"))
    namespace: tuple[str, ...] = ()
    if name := _text(defaults.get("DEFAULT_NAMESPACE")):
        namespace = Scanner(name).name()
    session.database = _text(body.get("database")) or (namespace[0] if namespace else None)
    session.schema = _text(body.get("schema")) or (namespace[1] if len(namespace) > 1 else "PUBLIC")
    session.timezone = given.get("TIMEZONE") or _text(defaults.get("TIMEZONE")) or DEFAULT_TIMEZONE
    session.query_tag = given.get("QUERY_TAG", "")
    return session


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _bad(detail: str) -> ApiError:
    return ApiError(400, "390142", f"Incoming request does not contain a valid payload: {detail}.")
