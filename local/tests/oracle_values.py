"""Values of records, read independently of the pipeline: what an oracle of any dataset is made of.

Written from docs/schema.md with the standard library only. Each reader of a value takes a JSON value
that is not null and returns it, normalised, or raises `Refused`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any
from uuid import UUID

MAX_RECORD_BYTES = 1 << 20
JSON_SPACE = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))?", re.ASCII
)


@dataclass(frozen=True)
class Reject:
    """Why a line is no row: exactly one rule, and the column it is about, if it is about one."""

    rule: str
    column: str | None = None


class Refused(Exception):
    """A value breaks this rule."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def text(
    value: Any,
    *,
    max_chars: int,
    min_chars: int = 0,
    normalise: Callable[[str], str] = str,
) -> str:
    if not isinstance(value, str):
        raise Refused("type")
    normalised = normalise(value)
    if len(normalised) < min_chars:
        raise Refused("min_length")
    if len(normalised) > max_chars:
        raise Refused("max_length")
    return normalised


def uuid(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("type")
    try:
        canonical = str(UUID(value))
    except ValueError:
        raise Refused("format") from None
    # UUID() also reads braces, URNs and digits without hyphens.
    if value.lower() != canonical:
        raise Refused("format")
    return value


def timestamp(value: Any) -> datetime:
    match = TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused("type")
    day, time, fraction, sign, hours, minutes = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        local = datetime.strptime(f"{day} {time}.{micros}", "%Y-%m-%d %H:%M:%S.%f")
        offset = timedelta()
        if sign:
            if int(minutes) > 59:
                raise ValueError(minutes)
            offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
        return local.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("type") from None


def exact(value: Any, unit: str, digits: int) -> Decimal:
    """The number as a multiple of unit with so many digits; it is never rounded."""
    if not isinstance(value, Decimal):
        raise Refused("type")
    context = Context(prec=digits, traps=[Inexact, InvalidOperation])
    try:
        return value.quantize(Decimal(unit), context=context)
    except (Inexact, InvalidOperation):
        raise Refused("precision") from None


def one_of(
    allowed: frozenset[str], max_chars: int, normalise: Callable[[str], str] = str
) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        word = text(value, max_chars=max_chars, normalise=normalise)
        if word not in allowed:
            raise Refused("one_of")
        return word

    return check


def trim(text: str) -> str:
    return text.strip(" \t\r\n")


def upper(text: str) -> str:
    """ASCII letters only, unlike str.upper: `ß` stays `ß`."""
    return re.sub("[a-z]", lambda letter: letter[0].upper(), text)


def lower(text: str) -> str:
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


def parse_json(text: str) -> Any:
    """Reads JSON as RFC 8259 has it, numbers as Decimal. Raises ValueError."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        value = json.loads(text, parse_int=Decimal, parse_float=Decimal, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if "\\u" in text:
        # Half of a surrogate pair stands for no character; encoding refuses it.
        json.dumps(value, default=str, ensure_ascii=False).encode()
    return value


def read_record(line: bytes) -> dict[str, Any] | Reject:
    """Reads one line, its line end aside, that is not blank."""
    if len(line) > MAX_RECORD_BYTES:
        return Reject("record_too_long")
    try:
        record = parse_json(line.decode())
    except UnicodeDecodeError:
        return Reject("utf8")
    except ValueError:
        return Reject("json")
    return record if isinstance(record, dict) else Reject("not_an_object")


def lines_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank; lines count from 1, blank ones included."""
    for number, line in enumerate(data.removeprefix(BYTE_ORDER_MARK).split(b"\n"), start=1):
        if line.strip(JSON_SPACE):
            yield number, line.removesuffix(b"\r")
