"""DuckDB: read_json with the types given, COPY to Parquet.

Rows may leave in another order than they came: that is faster and takes less memory. TIMESTAMP
would be faster than TIMESTAMPTZ, and wrong: it ignores the offsets of times.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from bench.measure import ready
from bench.orders import AMOUNT, COLUMNS, INTEGER, TEXT, TIMESTAMP

TYPES = {TEXT: "varchar", TIMESTAMP: "timestamptz", AMOUNT: "decimal(12,2)", INTEGER: "bigint"}


def convert(records: str, parquet: str, threads: int, kinds: dict[str, str]) -> None:
    """Converts a file of records that have these columns."""
    columns = ", ".join(f"{name}: '{TYPES[kind]}'" for name, kind in kinds.items())
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.execute(f"""
        copy (from read_json('{records}', format = 'newline_delimited', columns = {{{columns}}}))
        to '{parquet}' (format parquet, compression zstd, compression_level 1)
    """)


if __name__ == "__main__":
    ready()
    kinds = json.loads(Path(sys.argv[4]).read_text()) if len(sys.argv) > 4 else COLUMNS
    convert(sys.argv[1], sys.argv[2], int(sys.argv[3]), kinds)
