"""The rows of a staged file, as an Arrow table with a column for each column of the file."""

from __future__ import annotations

import gzip
import io
import json
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

from . import parquet_pages
from .scanner import Value

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class UnreadableFile(Exception):
    """The file as a whole cannot be loaded; the message becomes `first_error`."""


class _Number(float):
    """A JSON number that remembers how it was written, so that decimals stay exact."""

    text: str

    def __new__(cls, text: str) -> _Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


def read(body: bytes, file_format: dict[str, Value]) -> pa.Table:
    """Reads a file of the format. Raises `UnreadableFile`."""
    if file_format["TYPE"] == "PARQUET":
        return _parquet(body, file_format)
    return _json(body, file_format)


def parquet(body: bytes) -> pq.ParquetFile:
    """A Parquet file with pages that Snowflake reads. Raises `UnreadableFile`."""
    try:
        file = pq.ParquetFile(io.BytesIO(body))
        parquet_pages.check(body, file.metadata)
    except (
        pa.ArrowException, OSError, IndexError, UnicodeDecodeError, parquet_pages.UnsupportedPages,
    ) as error:
        raise UnreadableFile(f"Error parsing the parquet file: {error}") from error
    return file


def _parquet(body: bytes, file_format: dict[str, Value]) -> pa.Table:
    file = parquet(body)
    try:
        rows = file.read(use_threads=False)
        rows.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"Error parsing the parquet file: {error}") from error
    for index, field in enumerate(rows.schema):
        is_moment = pa.types.is_timestamp(field.type) or pa.types.is_time(field.type)
        if is_moment and not file_format["USE_LOGICAL_TYPE"]:
            # Snowflake would take the bare integer for another unit and load a wrong moment.
            raise UnreadableFile(
                f"Failed to cast variant value of column {field.name} to a time or timestamp:"
                " USE_LOGICAL_TYPE is FALSE"
            )
        if pa.types.is_binary(field.type) and file_format["BINARY_AS_TEXT"]:
            rows = rows.set_column(index, field.name, rows.column(index).cast(pa.string()))
    return rows


def _json(body: bytes, file_format: dict[str, Value]) -> pa.Table:
    """JSON values one after the other; every column is text, nested values as JSON text."""
    try:
        if body[:2] == b"\x1f\x8b" and file_format["COMPRESSION"] != "NONE":
            body = gzip.decompress(body)
        text = body.removeprefix(_BYTE_ORDER_MARK).decode("utf-8")
        values = _values(text)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"Error parsing JSON: {error}") from error
    if file_format["STRIP_OUTER_ARRAY"] and len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    columns: dict[str, list[str | None]] = {}
    for row, value in enumerate(values):
        if not isinstance(value, dict):
            raise UnreadableFile(f"Error parsing JSON: value {row + 1} is not an object")
        for name in value:
            columns.setdefault(name, [None] * len(values))[row] = _text(value[name])
    if not columns:
        return pa.table({"": pa.nulls(len(values), pa.string())})
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


def _values(text: str) -> list[object]:
    decoder = json.JSONDecoder(parse_float=_Number)
    found, position = [], 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        if position == len(text):
            return found
        value, position = decoder.raw_decode(text, position)
        found.append(value)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, _Number):
        return value.text
    return json.dumps(value)
