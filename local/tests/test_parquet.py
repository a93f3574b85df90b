"""Parquet as two independent readers see it, against the oracle's reading of the same lines."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.snowflake import parquet_pages
from local.tests.expected import Landed, comparable, hourly_rows, judge
from local.tests.pipeline import snowline

SALT = b"a salt of the tests"
LANDED_AT = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
ENCODINGS = {"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE"}
LONG_TEXT_BYTES = 256
"""A chunk with longer text goes without statistics, and so do decimals that take more than 64 bits."""

# What a row group holds is bounded by the input's bytes: spaces make several groups of few rows.
# Ids and hashes are compressed in another way where there are many.
SHAPES = {"few rows a group": (3_000, b" " * 16_000), "many rows a group": (9_000, b"")}

ODD_VALUES: list[dict[str, Any]] = [
    {"order_amount": 0, "quantity": 1},
    {"order_amount": Decimal("9999999999.99"), "quantity": 10_000},
    {"order_amount": Decimal("0.01")},
    {"order_amount": Decimal("1E+3"), "quantity": Decimal("1e4")},
    {"order_amount": Decimal("12.3400"), "quantity": Decimal("7.0")},
    {"order_amount": 500},
    {"order_amount": Decimal("500.01")},
    {"order_amount": 1000},
    {"order_amount": Decimal("1000.01")},
    {"order_timestamp": "0001-01-01T00:00:00Z"},
    {"order_timestamp": "9999-12-31T23:59:59.999999Z"},
    {"order_timestamp": "1969-12-31T23:59:59.999999Z"},
    {"order_timestamp": "2024-02-29 23:59:59.1234569+23:59"},
    {"order_timestamp": "2026-11-22T00:30:00-05:30"},
    {"order_timestamp": "2026-11-22T10:00:00"},
    {"payment_method": None, "customer_email": None, "op": None},
    {"customer_email": "  Ada.LOVELACE@Example.COM\t", "currency": " eur ", "shipping_country": "de"},
    {"customer_email": "ünïcode@exämple.org"},
    {"customer_id": "😀" * 64, "product_category": "café ☕ Ω", "product_id": "\u0000\u001f\"\\/"},
    {"note": "long " * 2_000, "nested": {"deep": [1, {"x": None}], "": "empty name"}},
    {"big": Decimal("12345678901234567890.123456789"), "flag": True, "nothing": None},
    {"op": "D"},
    {"op": "U"},
]


@dataclass(frozen=True)
class Transformed:
    """A transformed file: the oracle's rows, and the Parquet files by name."""

    accepted: list[Landed]
    files: dict[str, Path]

    def expected(self, name: str) -> list[dict[str, Any]]:
        match name:
            case "processing":
                return [event.processing_row() for event in self.accepted]
            case "processed":
                return [event.processed_row(SALT) for event in self.accepted]
        return hourly_rows(self.accepted)


@pytest.fixture(scope="module", params=SHAPES.values(), ids=SHAPES)
def transformed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    count, padding = request.param
    folder = tmp_path_factory.mktemp("parquet")
    data = folder / "orders.json"
    generated = snowline("generate", "--count", str(count), "--seed", "11", "--bad", "0.02", "--span", "30h")
    data.write_bytes(input_lines(generated, padding))
    os.utime(data, ns=(0, int(LANDED_AT.timestamp()) * 10**9 + LANDED_AT.microsecond * 1000))
    salt = folder / "salt"
    salt.write_bytes(SALT)
    out = folder / "out"
    snowline("transform", "--contract", "orders", data, "--out", out, "--hash-salt-file", salt)
    accepted, rejects = judge(data.read_bytes(), f"file://{data}", LANDED_AT, region="local")
    assert len(accepted) > count * 0.96 and len(rejects) > count * 0.01
    files = {
        "processing": out / "processing/processed_orders.parquet",
        "processed": out / "processed/final_orders.parquet",
        "orders_hourly": out / "processed/orders_hourly_orders.parquet",
    }
    return Transformed(accepted, files)


def input_lines(generated: bytes, padding: bytes) -> bytes:
    """Generated lines, each made longer by the padding, and one line an odd value."""
    lines = generated.splitlines()
    base = json.loads(next(line for line in lines if b'"op":"I"' in line))
    odd = [json_line(base | {"order_id": str(uuid.UUID(int=at))} | row) for at, row in enumerate(ODD_VALUES)]
    return b"\n".join([line.replace(b"{", b"{" + padding, 1) for line in lines] + odd)


def json_line(row: dict[str, Any]) -> bytes:
    """JSON with its decimals written digit by digit."""
    decimals = {f"@{at}@": value for at, value in enumerate(row.values()) if isinstance(value, Decimal)}
    names = {str(value): name for name, value in decimals.items()}
    text = json.dumps(row, default=lambda value: names[str(value)])
    for name, value in decimals.items():
        text = text.replace(f'"{name}"', str(value))
    return text.encode()


NAMES = ["processing", "processed", "orders_hourly"]


@pytest.mark.parametrize("name", NAMES)
def test_both_readers_read_what_the_oracle_reads(transformed: Transformed, name: str) -> None:
    path, expected = transformed.files[name], transformed.expected(name)
    arrow = pq.read_table(path)
    assert arrow.column_names == list(expected[0])
    assert comparable(arrow.to_pylist()) == comparable(expected)

    duck = duckdb.execute("select * from read_parquet(?)", [str(path)]).to_arrow_table()
    assert comparable(duck.to_pylist()) == comparable(expected)


def test_types_are_exact(transformed: Transformed) -> None:
    types = {name: pq.read_schema(path) for name, path in transformed.files.items()}
    micros = pa.timestamp("us", tz="UTC")
    processed = types["processed"]
    assert processed.field("order_timestamp").type == processed.field("_landed_at").type == micros
    assert processed.field("order_hour").type == micros
    assert processed.field("order_date").type == pa.date32()
    assert processed.field("order_amount").type == pa.decimal128(12, 2)
    assert processed.field("quantity").type == processed.field("_source_line").type == pa.int64()
    assert types["orders_hourly"].field("total_amount").type == pa.decimal128(38, 2)
    required = {field.name for field in processed if not field.nullable}
    assert required >= {"order_id", "order_amount", "order_date", "_source_object"}
    assert not required & {"payment_method", "customer_email_hash", "op", "_extra"}


def test_personal_data_stays_in_processing(transformed: Transformed) -> None:
    columns = {name: pq.read_schema(path).names for name, path in transformed.files.items()}
    assert "customer_email" in columns["processing"] and "customer_email_hash" not in columns["processing"]
    assert "customer_email" not in columns["processed"] and "customer_email_hash" in columns["processed"]


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_of_the_kind_snowflake_reads(transformed: Transformed, name: str) -> None:
    """The page headers themselves tell their version; the footer lists what they are encoded in."""
    path = transformed.files[name]
    metadata = pq.read_metadata(path)
    assert metadata.format_version == "1.0"
    parquet_pages.check(path.read_bytes(), metadata)
    rows = duckdb.execute("select encodings, compression from parquet_metadata(?)", [str(path)]).fetchall()
    encodings = {encoding.strip() for listed, _ in rows for encoding in listed.split(",")}
    assert encodings <= ENCODINGS
    assert {compression for _, compression in rows} == {"ZSTD"}
    if name != "orders_hourly":
        assert metadata.num_row_groups > 1
        assert {"PLAIN", "RLE_DICTIONARY"} <= encodings or {"PLAIN", "PLAIN_DICTIONARY"} <= encodings


@pytest.mark.parametrize("name", NAMES)
def test_statistics_tell_the_truth(transformed: Transformed, name: str) -> None:
    file = pq.ParquetFile(transformed.files[name])
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        for index, column in enumerate(table.column_names):
            check_statistics(column, table.column(column), file.metadata.row_group(group).column(index))


def check_statistics(name: str, column: pa.ChunkedArray, chunk: pq.ColumnChunkMetaData) -> None:
    values = [value for value in column.to_pylist() if value is not None]
    statistics = chunk.statistics
    assert chunk.num_values == len(column), name
    is_wide = pa.types.is_decimal(column.type) and column.type.precision > 18
    is_long = pa.types.is_string(column.type) and any(len(value.encode()) > LONG_TEXT_BYTES for value in values)
    assert (statistics is None) == (is_wide or is_long), name
    if statistics is None:
        return
    assert statistics.has_null_count and statistics.null_count == column.null_count, name
    # pyarrow tells of min and max only when the footer says by which order they are that.
    assert statistics.has_min_max == bool(values), name
    if values:
        assert (statistics.min, statistics.max) == (min(values), max(values)), name
