"""Files that the stand-in keeps as they are read, change and fail like rows that it took over."""

from __future__ import annotations

import io
import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.snowflake.catalog import Table
from local.tests.snowflake_account import Account, rows

DECLARED = {
    "id": "number(19, 0) not null", "text": "varchar(5)", "free": "varchar", "amount": "number(12, 2)",
    "wide": "number(38, 5)", "at": "timestamp_ntz(6)", "day": "date", "hour": "time(6)", "flag": "boolean",
    "ratio": "float", "loaded_at": "timestamp_ntz(6) not null",
}
TYPES = {
    "id": pa.int64(), "text": pa.string(), "free": pa.string(), "amount": pa.decimal128(12, 2),
    "wide": pa.decimal128(38, 5), "at": pa.timestamp("us", "UTC"), "day": pa.date32(), "hour": pa.time64("us"),
    "flag": pa.bool_(), "ratio": pa.float64(),
}
VALUES: list[tuple[Any, ...]] = [
    (1, "ééééé", "it's \\ \u2028", Decimal("-9999999999.99"), Decimal("9" * 33 + ".99999"),
     datetime(1, 1, 1, tzinfo=UTC), date(1, 1, 1), time(0), True, -0.5),
    (2, "", "", Decimal("0.00"), Decimal("-0.00001"), datetime(2026, 3, 8, 10, 30, 0, 1, tzinfo=UTC),
     date(2026, 11, 26), time(23, 59, 59, 999_999), False, 1e300),
    (-(2**63), *[None] * 9),
    (2**63 - 1, "x", "y", Decimal("9999999999.99"), Decimal(1), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
     date(9999, 12, 31), time(12), True, 0.1),
]
COPY = (
    "copy into {} from @lake/ files = ('{}') file_format = (format_name = s.parquet_files) on_error = skip_file"
    " match_by_column_name = case_insensitive include_metadata = (loaded_at = metadata$start_scan_time)"
)


def parquet(values: list[tuple[Any, ...]] = VALUES) -> bytes:
    by_column = zip(TYPES.items(), zip(*values, strict=True), strict=True)
    columns = {name: pa.array(column, kind) for (name, kind), column in by_column}
    columns["other"] = pa.array(["no column of the table"] * len(values))
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body, compression="zstd", data_page_version="1.0")
    return body.getvalue()


@pytest.fixture
def both(account: Account) -> Account:
    """Table `kept` with a file of its types, and `copied` with its rows: a transaction keeps no files."""
    columns = ", ".join(f"{name} {kind}" for name, kind in DECLARED.items())
    account.put("all.parquet", parquet())
    for name in ("kept", "copied"):
        account.run(f"create table {name} ({columns}); create stream {name}_stream on table {name} append_only = true")
    load(account, "all.parquet")
    assert [segments(account, name) for name in ("kept", "copied")] == [1, 0]
    return account


def load(account: Account, file: str) -> None:
    assert account.admin.submit(COPY.format("kept", file)).data()[0][1] == "LOADED"
    copy = COPY.format("copied", file)
    account.run(f"use role accountadmin; alter session set timezone = 'UTC'; begin; {copy}; commit")


def segments(account: Account, name: str) -> int:
    """How many files a table has kept."""
    table = account.server.engine.catalog.get("TABLE", ("DB", "S", name.upper()))
    assert isinstance(table, Table)
    return table.last_segment


def same(account: Account, what: str = "{}", timezone: str = "UTC") -> list[tuple[Any, ...]]:
    """The rows of both, but for the time of loading, which must be the same."""
    names = ", ".join(TYPES)
    kept, copied = (
        account.server.query(f"select {names} from db.s.{what.format(name)} order by id", timezone)
        for name in ("kept", "copied")
    )
    assert kept == copied
    return kept


@pytest.mark.parametrize("timezone", ["UTC", "America/Los_Angeles"])
def test_a_kept_file_has_the_values_of_its_rows_whoever_reads_it(both: Account, timezone: str) -> None:
    read = sorted(VALUES, key=lambda row: row[0])
    plain = [tuple(one.replace(tzinfo=None) if isinstance(one, datetime) else one for one in row) for row in read]
    assert same(both, timezone=timezone) == plain
    assert same(both, "{}_stream", timezone) == plain
    (loaded_at,) = {row[-1] for row in rows(both, "kept")}
    assert abs((datetime.now(UTC).replace(tzinfo=None) - loaded_at).total_seconds()) < 60


@pytest.mark.parametrize(
    "statement",
    [
        "delete from {} where id = 2",
        "update {} set text = 'new', amount = amount / 2 where id > 0",
        "truncate table {}",
        "merge into {} as t using (select 1 as id union all select 5) as s on t.id = s.id when matched then"
        " update set t.text = 'one' when not matched then insert (id, loaded_at) values (s.id, sysdate())",
        "merge into {} as t using (select 1 as id union all select 5) as s on t.id = s.id"
        " when not matched then insert (id, loaded_at) values (s.id, sysdate())",
        "alter table {} add column more varchar",
    ],
)
def test_rows_of_kept_files_can_be_changed_and_more_files_come(both: Account, statement: str) -> None:
    before = same(both, "{}_stream")
    for name in ("kept", "copied"):
        both.run(statement.format(name))
    changed, pending = same(both), same(both, "{}_stream")
    assert [row for row in pending if row in before] == before
    both.put("more.parquet", parquet([(100, *VALUES[0][1:])]))
    load(both, "more.parquet")
    assert len(same(both)) == len(changed) + 1 and len(same(both, "{}_stream")) == len(pending) + 1


@pytest.mark.parametrize("moment", [2**63 - 1, -(2**62), 253_402_300_800_000_000])
def test_a_moment_beyond_the_year_9999_fails_its_file(account: Account, moment: int) -> None:
    account.run("create table t (at timestamp_ntz(6))")
    at = pa.array([0, moment], pa.int64()).cast(TYPES["at"])
    account.put_parquet("endless.parquet", {"at": at})
    (row,) = account.copy("t", "endless.parquet").data()
    assert row[1:6] == ["LOAD_FAILED", "2", "0", "1", "1"] and row[7] == "2"
    assert "is not recognized" in str(row[6]) and rows(account) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_refused_whole_or_can_be_read(both: Account, seed: int) -> None:
    chance, whole, loaded = random.Random(seed), parquet(VALUES * 50), 0
    for number in range(10):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 8])):
            damaged[chance.randrange(4, len(whole) // 2)] ^= chance.randrange(1, 256)
        both.put(f"{number}.parquet", bytes(damaged))
        (row,) = both.admin.submit(COPY.format("kept", f"{number}.parquet")).data()
        assert (row[1], row[3]) in [("LOADED", "200"), ("LOAD_FAILED", "0")]
        loaded += row[1] == "LOADED"
    assert loaded < 10
    assert len(rows(both, "kept")) == len(VALUES) + 200 * loaded
