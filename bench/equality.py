"""Whether all engines wrote the same values, told by DuckDB and pyarrow from the files alone.

A process of its own, `python -m bench.equality OURS PEER...`, because it needs memory that must not
count for what is measured: OURS is our folder, a PEER is name=file. Prints rows and what was
compared as JSON; exit code 1 and the first differences when something differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import pyarrow
from pyarrow import parquet

from bench.orders import AMOUNT, COLUMNS, INTEGER, TEXT, TIMESTAMP

NORMALISED = {
    "currency": r"upper(trim(currency, e' \t'))",
    "shipping_country": r"upper(trim(shipping_country, e' \t'))",
    "customer_email": r"lower(trim(customer_email, e' \t'))",
}
"""What the contract's `normalise` makes of a column that a plain conversion leaves alone."""

BAND = "case when order_amount <= 500 then 'Low' when order_amount <= 1000 then 'Medium' else 'High' end"
DERIVED = {
    "order_date": "order_timestamp::date",
    "order_hour": "date_trunc('hour', order_timestamp)",
    "order_value_band": BAND,
}
# Only inserts count; an absent op is one.
AGGREGATE = """
    select date_trunc('hour', order_timestamp) as order_hour, product_category, shipping_country,
        count(*) as order_count, sum(order_amount)::decimal(38, 2) as total_amount,
        min(order_amount) as min_amount, max(order_amount) as max_amount
    from processing where coalesce(op, 'I') = 'I' group by all
"""


class Differs(Exception):
    """Two things that must be equal are not."""


def compare(ours: Path, peers: dict[str, Path]) -> dict[str, object]:
    """Compares our files with one another and with those of the peers.

    Raises Differs at the first difference.
    """
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for view, zone in (("processing", "processing/processed"), ("processed", "processed/final")):
        connection.execute(f"create view {view} as from read_parquet('{ours}/{zone}_*.parquet')")
    connection.execute(f"create view aggregate as from read_parquet('{ours}/processed/orders_hourly_*.parquet')")
    rows = _zones(connection)
    for name, path in {"snowline": next(ours.glob("processing/*.parquet")), **peers}.items():
        _types(name, path)
    columns = ", ".join(COLUMNS)
    normalised = ", ".join(f"{NORMALISED[name]} as {name}" if name in NORMALISED else name for name in COLUMNS)
    for name, path in peers.items():
        plain = f"select {normalised} from read_parquet('{path}')"
        _equal(connection, f"the rows of {name} and of snowline", plain, f"select {columns} from processing")
    return {"rows": rows, "compared": [*peers, "both zones", "the aggregate"]}


def _zones(connection: duckdb.DuckDBPyConnection) -> int:
    """Our zones: each line once in both, derived columns and aggregate recomputed."""
    lines = "select count(*), count(distinct _source_line), min(_source_line), max(_source_line)"
    [(rows, *distinct_min_max)] = connection.execute(f"{lines} from processing").fetchall()
    if distinct_min_max != [rows, 1, rows]:
        raise Differs(f"{rows} rows of distinct, first and last lines {distinct_min_max}")
    shared = [name for name in COLUMNS if name != "customer_email"] + ["_source_line", "_source_object", "_extra"]
    names = ", ".join(shared)
    derived = ", ".join(f"{expression} as {name}" for name, expression in DERIVED.items())
    wanted = f"select {names}, {derived}, customer_email is null as anonymous from processing"
    found = f"select {names}, {', '.join(DERIVED)}, customer_email_hash is null as anonymous from processed"
    _equal(connection, "the rows of both zones", wanted, found)
    measures = "order_count, total_amount, min_amount, max_amount"
    groups = f"select order_hour, product_category, shipping_country, {measures} from aggregate"
    _equal(connection, "the aggregate and its rows", AGGREGATE, groups)
    return rows


def _equal(connection: duckdb.DuckDBPyConnection, what: str, one: str, other: str) -> None:
    """Compares two queries as bags of rows: exact values, nulls equal, each row as often."""
    for here, there in ((one, other), (other, one)):
        difference = f"(({here}) except all ({there}))"
        [(count,)] = connection.execute(f"select count(*) from {difference}").fetchall()
        if count:
            examples = connection.execute(f"select columns(*)::varchar from {difference} limit 3").fetchall()
            raise Differs(f"{what} differ in {count}:\n" + "\n".join(map(str, examples)))


def _types(name: str, path: Path) -> None:
    """Compares types and compression of a file with what the contract's columns are."""
    file = parquet.ParquetFile(path)
    for column, kind in COLUMNS.items():
        found = file.schema_arrow.field(column).type
        if not _is(found, kind):
            raise Differs(f"{name}: {column} is {found}, not {kind}")
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        compressions = {group.column(at).compression for at in range(group.num_columns)}
        if compressions != {"ZSTD"}:
            raise Differs(f"{name}: compressed with {compressions}")


def _is(found: pyarrow.DataType, kind: str) -> bool:
    types = pyarrow.types
    if kind == TEXT:
        return types.is_string(found) or types.is_large_string(found) or types.is_string_view(found)
    if kind == TIMESTAMP:
        return found in (pyarrow.timestamp("us", "UTC"), pyarrow.timestamp("us", "+00:00"))
    return found == {AMOUNT: pyarrow.decimal128(12, 2), INTEGER: pyarrow.int64()}[kind]


def main() -> int:
    """Compares what the arguments name."""
    ours, *peers = sys.argv[1:]
    paths = dict(peer.split("=", 1) for peer in peers)
    try:
        compared = compare(Path(ours), {name: Path(path) for name, path in paths.items()})
    except Differs as difference:
        sys.stderr.write(f"{difference}\n")
        return 1
    print(json.dumps(compared))
    return 0


if __name__ == "__main__":
    sys.exit(main())
