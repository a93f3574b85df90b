"""COPY INTO on the stand-in loads, skips and refuses as it does in Snowflake."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from local.tests.snowflake_account import BUCKET, Account, rows

NOTHING = [["Copy executed with 0 files processed."]]
MOMENT = pa.array([datetime(2026, 11, 22, 12, tzinfo=UTC)], pa.timestamp("us", "UTC"))


def statuses(answer: Any) -> list[str | None]:
    return [row[1] for row in answer.data()]


@pytest.fixture(params=["copied", "kept"])
def table(account: Account, request: pytest.FixtureRequest) -> Account:
    """Its files are of other types than its columns, or of the same: the stand-in keeps those as they are."""
    account.run("create table t (a number(5, 2), b varchar(3) not null)")
    if request.param == "kept":
        account.parquet_types["a"] = pa.decimal128(5, 2)
    return account


def test_copy_reports_each_file(table: Account) -> None:
    table.put_parquet("x/1.parquet", {"A": [Decimal("1.25")], "b": ["one"]})
    table.put_parquet("x/2.parquet", {"A": [Decimal("2.25")], "b": ["three"]})
    answer = table.copy("t", "x/1.parquet", "x/2.parquet")
    names = [one["name"] for one in answer.json["resultSetMetaData"]["rowType"]]
    assert names == [
        "file", "status", "rows_parsed", "rows_loaded", "error_limit", "errors_seen", "first_error",
        "first_error_line", "first_error_character", "first_error_column_name",
    ]
    good, bad = answer.data()
    assert good == [f"s3://{BUCKET}/x/1.parquet", "LOADED", "1", "1", "1", "0", None, None, None, None]
    assert bad[1:6] == ["LOAD_FAILED", "1", "0", "1", "1"]
    assert bad[6] == "User character length limit (3) exceeded by string 'three'"
    assert bad[9] == '"T"["B":2]'
    assert rows(table) == [(Decimal("1.25"), "one")]
    assert answer.json["stats"]["numRowsInserted"] == 1


def test_copy_loads_the_same_bytes_once_and_changed_bytes_again(table: Account) -> None:
    """ "Load metadata": by path and eTag, until the table is truncated or replaced; FORCE does not ask it."""
    columns = {"a": [Decimal(1)], "b": ["x"]}
    table.put_parquet("once.parquet", columns)
    table.put_parquet("other.parquet", columns)
    assert statuses(table.copy("t", "once.parquet")) == ["LOADED"]
    assert table.copy("t", "once.parquet").data() == NOTHING
    assert statuses(table.copy("t", "once.parquet", "other.parquet")) == ["LOAD_SKIPPED", "LOADED"]
    table.put_parquet("once.parquet", {"a": [Decimal(2)], "b": ["x"]})
    assert statuses(table.copy("t", "once.parquet")) == ["LOADED"]
    assert statuses(table.copy("t", "once.parquet", force="true")) == ["LOADED"]
    assert len(rows(table)) == 4
    table.run("delete from t")
    assert table.copy("t", "once.parquet").data() == NOTHING
    table.run("truncate table t")
    assert statuses(table.copy("t", "once.parquet")) == ["LOADED"]
    table.run("create or replace table t (a number(5, 2), b varchar(3) not null)")
    assert statuses(table.copy("t", "once.parquet")) == ["LOADED"]


DAY_S = 86_400


def test_load_metadata_lasts_64_days(table: Account) -> None:
    """ "Load metadata": after that the status of a file that has not changed since is uncertain."""
    table.put_parquet("old.parquet", {"a": [Decimal(1)], "b": ["x"]})
    table.put_parquet("missed.parquet", {"a": [Decimal(2)], "b": ["x"]})
    assert statuses(table.copy("t", "old.parquet")) == ["LOADED"]
    table.shift_clock(63 * DAY_S)
    assert table.copy("t", "old.parquet").data() == NOTHING
    table.shift_clock(65 * DAY_S)
    assert table.copy("t", "old.parquet", "missed.parquet").data() == NOTHING
    uncertain = table.copy("t", "old.parquet", "missed.parquet", load_uncertain_files="true")
    assert statuses(uncertain) == ["LOADED", "LOADED"]
    assert table.copy("t", "old.parquet", load_uncertain_files="true").data() == NOTHING
    table.run("create table fresh (a number(5, 2), b varchar(3) not null)")
    assert statuses(table.copy("fresh", "missed.parquet")) == ["LOADED"]


def test_files_missed_for_63_days_load_without_further_ado(table: Account) -> None:
    for name in ("first", "missed"):
        table.put_parquet(f"{name}.parquet", {"a": [Decimal(1)], "b": [name[0]]})
    table.copy("t", "first.parquet")
    table.shift_clock(63 * DAY_S)
    assert statuses(table.copy("t", "missed.parquet")) == ["LOADED"]


def test_skip_file_leaves_out_a_file_for_one_bad_row(table: Account) -> None:
    """COPY INTO <table>: SKIP_FILE loads whole files only; the result names the first error."""
    table.put_parquet("mixed.parquet", {"a": [Decimal(n) for n in range(4)], "b": ["x", "long", None, "y"]})
    (row,) = table.copy("t", "mixed.parquet").data()
    assert row[1:6] == ["LOAD_FAILED", "4", "0", "1", "2"]
    assert row[7] == "2" and "'long'" in str(row[6])
    assert rows(table) == []


def test_a_file_that_failed_is_tried_again(table: Account) -> None:
    table.put("late.parquet", b"not parquet")
    assert statuses(table.copy("t", "late.parquet")) == ["LOAD_FAILED"]
    assert statuses(table.copy("t", "late.parquet")) == ["LOAD_FAILED"]


def test_copy_with_abort_statement_loads_nothing(table: Account) -> None:
    table.put_parquet("good.parquet", {"a": [Decimal(1)], "b": ["x"]})
    table.put_parquet("null.parquet", {"a": [Decimal(1)], "b": pa.array([None], pa.string())})
    answer = table.copy("t", "good.parquet", "null.parquet", on_error="abort_statement")
    assert (answer.status, answer.code) == (422, "100072")
    assert "null.parquet" in answer.json["message"]
    assert rows(table) == []
    assert statuses(table.copy("t", "good.parquet")) == ["LOADED"]


def test_a_listed_file_that_is_missing_aborts_the_statement(table: Account) -> None:
    """COPY INTO <table>: "If the file cannot be found, the load is aborted", whatever ON_ERROR says."""
    table.put_parquet("here.parquet", {"a": [Decimal(1)], "b": ["x"]})
    assert table.copy("t", "here.parquet", "gone.parquet").code == "091016"
    assert rows(table) == []


def test_copy_takes_a_thousand_files(table: Account) -> None:
    """COPY INTO <table>: at most 1,000 names in FILES."""
    assert table.copy("t", *(f"{n}.parquet" for n in range(1001))).code == "001075"


def test_file_names_are_appended_to_the_url_as_they_are(table: Account) -> None:
    table.run(f"create stage deep url = 's3://{BUCKET}/pre' storage_integration = lake")
    table.put_parquet("prefix/f.parquet", {"a": [Decimal(1)], "b": ["x"]})
    options = "file_format = (format_name = parquet_files) match_by_column_name = case_insensitive"
    answer = table.admin.submit(f"copy into t from @deep files = ('fix/f.parquet') {options}")
    assert statuses(answer) == ["LOADED"]
    assert table.admin.submit(f"copy into t from @deep files = ('/f.parquet') {options}").code == "091016"


def test_blocked_and_disallowed_locations(table: Account) -> None:
    table.put_parquet("landing/f.parquet", {"a": [Decimal(1)], "b": ["x"]})
    assert table.copy("t", "landing/f.parquet").code == "003167"
    answer = table.admin.submit("create stage other url = 's3://elsewhere/' storage_integration = lake")
    assert answer.code == "003167"


def test_columns_that_do_not_match_load_as_null_and_report_success(account: Account) -> None:
    account.run("create table t (a number, b varchar)")
    account.put_parquet("unlike.parquet", {"x": [1, 2]})
    assert statuses(account.copy("t", "unlike.parquet")) == ["LOADED"]
    assert rows(account) == [(None, None), (None, None)]


def test_case_sensitive_matching(account: Account) -> None:
    account.run("create table t (a number, b number)")
    account.put_parquet("cases.parquet", {"a": [1], "B": [2]})
    account.copy("t", "cases.parquet", match_by_column_name="case_sensitive")
    assert rows(account) == [(None, Decimal(2))]


@pytest.mark.parametrize(
    "options",
    [
        {"match_by_column_name": ""},
        {"on_error": "continue"},
        {"purge": "true"},
        {"nonsense": "1"},
        {"file_format": "(type = csv)"},
        {"file_format": "(type = parquet use_logical = true)"},
        {"include_metadata": "(a = metadata$nonsense)"},
        {"include_metadata": "(b = metadata$filename)", "match_by_column_name": "none"},
    ],
)
def test_copy_options_that_are_wrong_or_not_supported(table: Account, options: dict[str, str]) -> None:
    table.put_parquet("f.parquet", {"a": [Decimal(1)], "b": ["x"]})
    assert table.copy("t", "f.parquet", **options).status == 422


def test_include_metadata(account: Account) -> None:
    account.run("create table t (a number, f varchar, n number, at timestamp_ntz)")
    account.put_parquet("dir/meta.parquet", {"a": [7, 8]})
    metadata = "(f = metadata$filename, n = metadata$file_row_number, at = metadata$start_scan_time)"
    account.copy("t", "dir/meta.parquet", include_metadata=metadata)
    loaded = rows(account)
    assert [row[:3] for row in loaded] == [(7, "dir/meta.parquet", 1), (8, "dir/meta.parquet", 2)]
    assert abs((datetime.now(UTC).replace(tzinfo=None) - loaded[0][3]).total_seconds()) < 60


def test_utc_timestamps_are_converted_with_the_session_timezone(account: Account) -> None:
    account.run("create table t (at timestamp_ntz(6))")
    account.put_parquet("utc.parquet", {"at": MOMENT})
    account.copy("t", "utc.parquet")
    assert rows(account) == [(datetime(2026, 11, 22, 12),)]
    copy = (
        "copy into t from @lake files = ('utc.parquet') force = true match_by_column_name ="
        " case_insensitive file_format = (format_name = parquet_files)"
    )
    account.admin.submit(copy, parameters={})
    assert rows(account)[0] == (datetime(2026, 11, 22, 4),)


def test_timestamps_need_use_logical_type(account: Account) -> None:
    account.run("create table t (at timestamp_ntz(6))")
    account.put_parquet("logical.parquet", {"at": MOMENT})
    answer = account.copy("t", "logical.parquet", file_format="(type = parquet)")
    assert statuses(answer) == ["LOAD_FAILED"]


@pytest.mark.parametrize(
    "writer",
    [
        {"data_page_version": "2.0"},
        {"use_dictionary": False, "column_encoding": {"a": "DELTA_BINARY_PACKED"}},
        {"compression": "lz4"},
    ],
)
def test_parquet_that_snowflake_may_not_read(account: Account, writer: dict[str, Any]) -> None:
    account.run("create table t (a number)")
    account.put_parquet("pages.parquet", {"a": list(range(1000))}, **writer)
    (row,) = account.copy("t", "pages.parquet").data()
    assert row[1] == "LOAD_FAILED" and "parquet" in str(row[6])


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("number(3, 1)", pa.array([Decimal("123.45")])),
        ("number(3, 0)", pa.array(["x"])),
        ("timestamp_ntz", pa.array(["yesterday"])),
        ("date", pa.array(["2026-13-01"])),
        ("varchar(2)", pa.array(["ééé"])),
        ("number not null", pa.array([None], pa.int64())),
    ],
)
def test_values_that_do_not_fit_fail_their_file(account: Account, declared: str, value: pa.Array) -> None:
    account.run(f"create table t (a {declared})")
    account.put_parquet("misfit.parquet", {"a": value})
    (row,) = account.copy("t", "misfit.parquet").data()
    assert row[1:6] == ["LOAD_FAILED", "1", "0", "1", "1"]
    assert row[7] == "1" and rows(account) == []


def test_copy_of_json(account: Account) -> None:
    account.run("create table t (id varchar not null, n number(12, 3), at timestamp_ntz(6), v variant)")
    account.put("e.json", b'{"id":"a","n":0.100,"at":"2026-11-22T10:00:00.123456Z","v":[{"k":1}]}\n{"ID":"b"}')
    answer = account.copy("t", "e.json", file_format="(format_name = s.json_files)")
    assert statuses(answer) == ["LOAD_FAILED"]
    account.put("e.json", b'{"id":"a","n":0.100,"at":"2026-11-22T10:00:00.123456Z","v":[{"k":"x"}]}')
    assert statuses(account.copy("t", "e.json", file_format="(format_name = s.json_files)")) == ["LOADED"]
    assert rows(account)[0][:3] == ("a", Decimal("0.100"), datetime(2026, 11, 22, 10, 0, 0, 123456))
    flattened = "select f.value:k::varchar from t, lateral flatten(input => t.v) as f"
    assert account.admin.submit(flattened).data() == [["x"]]
    for element, text in [("f.value['k']", "x"), ("t.v[0]['k']", "x"), ("t.v[0]", '{"k":"x"}'), ("t.v[1]", None)]:
        query = f"select {element}::varchar from t, lateral flatten(input => t.v) as f"
        assert account.admin.submit(query).data() == [[text]], element
    account.put("broken.json", b'{"id":')
    assert statuses(account.copy("t", "broken.json", file_format="(type = json)")) == ["LOAD_FAILED"]
