"""DuckDB: read_json with the types given, COPY to Parquet.

Rows may leave in another order than they came: that is faster and takes less memory. TIMESTAMP
would be faster than TIMESTAMPTZ, and wrong: it ignores the offsets of times.
"""

from __future__ import annotations

import sys

import duckdb

from bench.measure import ready
from bench.orders import AMOUNT, COLUMNS, INTEGER, TEXT, TIMESTAMP

TYPES = {TEXT: "varchar", TIMESTAMP: "timestamptz", AMOUNT: "decimal(12,2)", INTEGER: "bigint"}


def convert(orders: str, parquet: str, threads: int) -> None:
    """Converts a file of orders."""
    columns = ", ".join(f"{name}: '{TYPES[kind]}'" for name, kind in COLUMNS.items())
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.execute(f"""
        copy (from read_json('{orders}', format = 'newline_delimited', columns = {{{columns}}}))
        to '{parquet}' (format parquet, compression zstd, compression_level 1)
    """)


if __name__ == "__main__":
    ready()
    convert(sys.argv[1], sys.argv[2], int(sys.argv[3]))
