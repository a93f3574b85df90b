"""PARSE_JSON and TRY_PARSE_JSON, as functions of DuckDB that return JSON text in one form.

No blanks, names in order, numbers without needless zeros: so equal variants are equal texts, which
`=`, GROUP BY and DISTINCT compare.

Guesses, where Snowflake's documentation says nothing: numbers of more than 38 digits become doubles,
and one beyond a double's range cannot be parsed; neither can half of a surrogate pair (`"\\ud800"`).
Stricter than Snowflake, which also takes trailing commas and `FALSE`: here JSON is RFC 8259.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import duckdb
import pyarrow as pa

MAX_DIGITS = 38
"""Most digits of an exact number."""

PARSERS = {
    (False, False): "PARSE_JSON_STRICT", (False, True): "PARSE_JSON_LAST",
    (True, False): "TRY_PARSE_JSON_STRICT", (True, True): "TRY_PARSE_JSON_LAST",
}
"""DuckDB's names of the parsers: whether they are safe, and whether names may repeat."""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives a DuckDB database the parsers that the translation names."""
    for (safe, repeat), name in PARSERS.items():
        function = partial(_parse_all, safe, repeat)
        connection.create_function(name, function, ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special")


def _parse_all(safe: bool, repeat: bool, texts: pa.ChunkedArray) -> pa.Array:
    return pa.array([_parse(text, safe, repeat) for text in texts.to_pylist()], pa.string())


def _parse(text: str | None, safe: bool, repeat: bool) -> str | None:
    if text is None or not text.strip(" \t\r\n"):
        return None
    try:
        parsed = _written(_DECODERS[repeat].decode(text))
        parsed.encode()
    except (ValueError, ArithmeticError, RecursionError) as error:
        if safe:
            return None
        raise ValueError(f"Error parsing JSON: {error}") from error
    return parsed


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'duplicate object attribute "{name}"')
        found[name] = value
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


@dataclass(frozen=True)
class _Number:
    """A number that is no whole one and that a double does not write with the same digits."""

    text: str


def _whole_number(text: str) -> int | float | _Number:
    return int(text) if len(text) <= MAX_DIGITS else _number(text)


def _number(text: str) -> int | float | _Number:
    exact = Decimal(text)
    _, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    double = float(text)
    if len(digits) + max(exponent, 0) > MAX_DIGITS or exponent <= -MAX_DIGITS:
        if math.isinf(double):
            raise ValueError(f"{text[:40]} is out of range")
        return double
    if exact == exact.to_integral_value():
        return int(exact)
    plain = f"{exact:f}".rstrip("0")
    return double if repr(double) == plain else _Number(plain)


_DECODERS = {
    repeat: json.JSONDecoder(
        object_pairs_hook=pairs, parse_int=_whole_number, parse_float=_number, parse_constant=_refuse
    )
    for repeat, pairs in ((False, _distinct), (True, None))
}
"""Readers of JSON by whether names may repeat; then the last one counts, as in Python."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _written(value: object) -> str:
    """A value in the one form."""
    try:
        return _ENCODER.encode(value)
    except TypeError:  # there is a number among it that the encoder does not know
        return _spelled_out(value)


def _spelled_out(value: object) -> str:
    if isinstance(value, _Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{_ENCODER.encode(name)}:{_spelled_out(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spelled_out, value)) + "]"
    return _ENCODER.encode(value)
