"""pyarrow: the whole file into a table with the schema given, the table into Parquet."""

from __future__ import annotations

import sys

import pyarrow
from pyarrow import json, parquet

from bench.measure import ready
from bench.orders import AMOUNT, COLUMNS, INTEGER, TEXT, TIMESTAMP

TYPES = {
    TEXT: pyarrow.string(),
    TIMESTAMP: pyarrow.timestamp("us", "UTC"),
    AMOUNT: pyarrow.decimal128(12, 2),
    INTEGER: pyarrow.int64(),
}
BLOCK_BYTES = 4 << 20


def convert(orders: str, path: str, threads: int) -> None:
    """Converts a file of orders."""
    pyarrow.set_cpu_count(threads)
    schema = pyarrow.schema([(name, TYPES[kind]) for name, kind in COLUMNS.items()])
    table = json.read_json(
        orders,
        read_options=json.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    parquet.write_table(table, path, compression="zstd", compression_level=1)


if __name__ == "__main__":
    ready()
    convert(sys.argv[1], sys.argv[2], int(sys.argv[3]))
