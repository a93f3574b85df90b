"""Bind variables: the API's `{"1": {"type": "TEXT", "value": "..."}}` put in place of each `?`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlglot.tokens import TokenType

from . import errors
from .scanner import tokenize

_NANOS_PER_SECOND = 1_000_000_000
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Binding:
    """One value; `None` is SQL NULL."""

    type: str
    value: str | None


def parse(body: object) -> list[Binding]:
    """The bindings of a request, in order. Their values are strings or null, nothing else."""
    if body is None:
        return []
    if not isinstance(body, dict):
        raise errors.ApiError(400, "390142", "bindings must be an object")
    found = []
    for position in range(1, len(body) + 1):
        one = body.get(str(position))
        if not isinstance(one, dict) or set(one) - {"type", "value", "fmt"}:
            raise errors.ApiError(400, "390142", f"binding {position} is missing or malformed")
        value = one.get("value")
        if one.get("type") not in _LITERALS or not (value is None or isinstance(value, str)):
            raise errors.ApiError(400, "390142", f"binding {position} has a wrong type or value")
        found.append(Binding(one["type"], value))
    return found


def substitute(text: str, values: list[Binding]) -> str:
    """The statement with a literal of the right type in place of every `?`."""
    if "?" not in text:
        return text
    parts: list[str] = []
    position = used = 0
    for token in tokenize(text):
        if token.token_type not in (TokenType.PLACEHOLDER, TokenType.QDCOLON):
            continue
        if used == len(values):
            raise errors.compilation("002049", "42601", "error: Bind variable ? not set.")
        parts += [text[position : token.start], _literal(values[used])]
        position = token.start + 1
        used += 1
    return "".join(parts) + text[position:]


def _literal(binding: Binding) -> str:
    convert, snowflake_type = _LITERALS[binding.type]
    if binding.value is None:
        return f"cast(null as {snowflake_type})"
    try:
        text = convert(binding.value)
    except ValueError as error:
        message = f"Invalid value '{binding.value}' for binding type {binding.type}"
        raise errors.SqlError("100046", "22018", message) from error
    if binding.type == "TEXT":
        return quote(text)
    if binding.type == "FIXED":
        return f"({text})"
    return f"cast({quote(text)} as {snowflake_type})"


def quote(text: str) -> str:
    """A Snowflake string constant."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise ValueError(value)
    return value


def _boolean(value: str) -> str:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower()


def _date(value: str) -> str:
    """Milliseconds since the epoch."""
    return _calendar(int(value) * 1_000_000)[:10]


def _timestamp(value: str) -> str:
    """Nanoseconds since the epoch."""
    return _calendar(int(value))


def _calendar(nanos: int) -> str:
    seconds, rest = divmod(nanos, _NANOS_PER_SECOND)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{rest // 1000:06d}"


_LITERALS = {
    "TEXT": (str, "varchar"),
    "FIXED": (_number, "number(38, 0)"),
    "REAL": (_number, "float"),
    "BOOLEAN": (_boolean, "boolean"),
    "DATE": (_date, "date"),
    "TIMESTAMP_NTZ": (_timestamp, "timestamp_ntz"),
}
