"""VARIANT and TIME on the stand-in hold, compare, convert and refuse as in Snowflake."""

from __future__ import annotations

import json
from datetime import time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from local.snowflake.bindings import quote
from local.tests.snowflake_account import Account, rows


def value(account: Account, expression: str) -> str | None:
    """The value of an expression, as the SQL API writes it."""
    ((found,),) = account.admin.submit(f"select {expression}").data()
    return found


@pytest.mark.parametrize(
    "text",
    [
        '{"b": [1, -2.5, true, null, {"c": ""}], "a": "é \\" \\\\ \\n"}', "[]", "{}", '"text"', "12", "true", "null",
        '{"a": {"b": [[]]}, "": 0.1}', "0.12345678901234567890123456789", "1e3",
    ],
)
def test_json_is_parsed_to_its_value(account: Account, text: str) -> None:
    for function in ("parse_json", "try_parse_json"):
        found = value(account, f"{function}({quote(text)})")
        assert json.loads(str(found), parse_float=Decimal) == json.loads(text, parse_float=Decimal)


def test_repeated_names_are_refused_unless_allowed_and_then_the_last_counts(account: Account) -> None:
    """PARSE_JSON: 's' is the default; 'd' keeps a single instance with the last value."""
    text = """'{"a": 1, "n": {"b": 1, "b": 2}, "a": 3}'"""
    answer = account.admin.submit(f"select parse_json({text})")
    assert (answer.code, answer.json["sqlState"]) == ("100069", "22P02")
    assert "duplicate object attribute" in answer.json["message"]
    assert account.admin.submit(f"select parse_json({text}, 's')").code == "100069"
    assert value(account, f"try_parse_json({text})") is None
    for function in ("parse_json", "try_parse_json"):
        assert json.loads(str(value(account, f"{function}({text}, 'd')"))) == {"a": 3, "n": {"b": 2}}
    assert account.admin.submit(f"select parse_json({text}, 'x')").status == 422


@pytest.mark.parametrize(
    "text", ["{", '{"a" 1}', "[1] 2", "nul", "NaN", '"\\ud800"', "1e999", "1e99999999999999999999"]
)
def test_what_is_no_json(account: Account, text: str) -> None:
    literal = quote(text)
    assert account.admin.submit(f"select parse_json({literal}, 'd')").code == "100069"
    assert value(account, f"try_parse_json({literal}, 'd')") is None
    kept = f"coalesce(try_parse_json({literal}, 'd'), to_variant({literal}))"
    assert value(account, f"typeof({kept})") == "VARCHAR"
    assert value(account, f"{kept}::varchar") == text


def test_null_and_nothing(account: Account) -> None:
    """PARSE_JSON of null is null; "Considerations for semi-structured data": JSON's null is a value, as text null."""
    for nothing in ("null", "''", "'  '"):
        assert value(account, f"parse_json({nothing})") is None
    assert value(account, "to_variant(null::varchar)") is None
    assert value(account, "parse_json('null')") == "null"
    assert value(account, "parse_json('null') is null") == "false"
    assert value(account, "parse_json('null')::varchar is null") == "true"
    assert value(account, """parse_json('{"a": null}'):a is null""") == "false"
    assert value(account, """parse_json('{"a": null}'):b is null""") == "true"


def test_a_variant_in_a_table(account: Account) -> None:
    account.run("create table t (id number, v variant)")
    account.run(
        """insert into t select 1, parse_json('{"a": {"b": [1, "x"]}, "n": 12.50, "t": "07:45:00"}')
        union all select 2, to_variant('{"a": 1}') union all select 3, null"""
    )
    columns = account.admin.submit("select v from t where id = 1").json["resultSetMetaData"]["rowType"]
    assert columns[0]["type"] == "variant"
    for expression, expected in [
        ("v:a.b[1]::string", "x"), ("v['a']['b'][0]::number", "1"), ("v:n::number(12, 2)", "12.50"),
        ("v:n::varchar", "12.5"), ("v:a.b", '[1,"x"]'), ("v:missing", None), ("v:t::time", "27900.000000000"),
        ("typeof(v:a)", "OBJECT"), ("typeof(v:a.b)", "ARRAY"), ("typeof(v:n)", "DECIMAL"),
        ("to_varchar(v:t)", "07:45:00"),
    ]:
        assert account.admin.submit(f"select {expression} from t where id = 1").data() == [[expected]], expression
    assert account.admin.submit("select id from t where v:t = '07:45:00'").data() == [["1"]]
    text = account.admin.submit("select v::varchar, v:a from t where id = 2").data()
    assert text == [['{"a": 1}', None]], "text stays text"
    assert account.admin.submit("select id from t where v = '{\"a\": 1}'").data() == [["2"]]


def test_equal_variants_are_equal_however_they_were_written(account: Account) -> None:
    account.run("create table t (v variant)")
    for text in ('{"a": 1, "b": [2.0]}', '{ "b": [2], "a": 1.00 }', '{"a": 1, "b": [2, 3]}'):
        account.run(f"insert into t select parse_json('{text}')")
    assert account.admin.submit("select count(*) as n from t group by v order by n").data() == [["1"], ["2"]]
    assert account.admin.submit("select count(*) from t as l inner join t as r on l.v = r.v").data() == [["5"]]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into t (v) select '[1]'",
        "insert into t values (1, '[1]')",
        "update t set v = s",
        "merge into t using (select 1 as id, '[1]' as s) as n on t.id = n.id when matched then update set v = n.s",
        "merge into t using (select 2 as id, '[1]' as s) as n on t.id = n.id"
        " when not matched then insert (id, v) values (n.id, n.s)",
    ],
)
def test_text_does_not_become_a_variant_by_itself(account: Account, statement: str) -> None:
    account.run("create table t (id number, v variant, s varchar); insert into t (id, s) values (1, '[2]')")
    answer = account.admin.submit(statement.replace("(1, '[1]')", "(1, '[1]', null)"))
    assert "expecting VARIANT but got VARCHAR" in str(answer.json["message"])
    assert rows(account) == [(Decimal(1), None, "[2]")]


def test_a_path_into_text_is_refused(account: Account) -> None:
    account.run("""create table t (s varchar); insert into t values ('{"a": 1}')""")
    for path in ("s:a", "s['a']"):
        assert account.admin.submit(f"select {path}::varchar from t").code == "001044", path
    assert account.admin.submit("select f.value from t, lateral flatten(input => t.s) as f").code == "001044"


def test_merge_sets_variants(account: Account) -> None:
    account.run("create table t (id number, v variant); create table s (id number, j varchar)")
    account.run("""insert into t select 1, parse_json('{"old": true}')""")
    account.run("""insert into s values (1, '[1]'), (2, '{"k": 2}')""")
    answer = account.admin.submit(
        "merge into t using (select id, parse_json(j) as v from s) as n on t.id = n.id"
        " when matched then update set v = n.v when not matched then insert (id, v) values (n.id, n.v)"
    )
    assert answer.data() == [["1", "1"]]
    merged = account.admin.submit("select v[0]::number, v:k::number from t order by id").data()
    assert merged == [["1", None], [None, "2"]]


def test_copy_of_text_into_a_variant_loads_text(account: Account) -> None:
    account.run("create table t (v variant)")
    account.put_parquet("text.parquet", {"v": ['{"a": 1}', None]})
    account.copy("t", "text.parquet")
    assert account.admin.submit("select typeof(v), v::varchar from t where v is not null").data() == [
        ["VARCHAR", '{"a": 1}']
    ]


MORNING = time(7, 45, 0, 120_000)


def test_times_of_day(account: Account) -> None:
    """The SQL API writes them as seconds since midnight with nine digits; TIME_OUTPUT_FORMAT has no fraction."""
    account.run("create table t (a time(6)); insert into t values ('07:45:00.12'), ('23:59:59.999999'), ('00:00')")
    answer = account.admin.submit("select a, to_varchar(a), to_varchar(a, 'HH24:MI:SS.FF6') from t order by a")
    assert answer.data() == [
        ["0.000000000", "00:00:00", "00:00:00.000000"],
        ["27900.120000000", "07:45:00", "07:45:00.120000"],
        ["86399.999999000", "23:59:59", "23:59:59.999999"],
    ]
    assert answer.json["resultSetMetaData"]["rowType"][0]["type"] == "time"
    assert account.admin.submit("describe table t").data()[0][1] == "TIME(6)"
    assert account.admin.submit("select count(*) from t where a = cast('07:45:00.120000' as time(6))").data() == [["1"]]
    for wrong in ("24:00:01", "noon"):
        assert account.admin.submit(f"insert into t values ('{wrong}')").code == "100108"


def test_copy_of_times(account: Account) -> None:
    account.run("create table t (a time(6))")
    account.put_parquet("times.parquet", {"a": pa.array([MORNING, None], pa.time64("us"))})
    bare = account.copy("t", "times.parquet", file_format="(type = parquet)")
    assert [row[1] for row in bare.data()] == ["LOAD_FAILED"], "USE_LOGICAL_TYPE is off by default"
    assert [row[1] for row in account.copy("t", "times.parquet").data()] == ["LOADED"]
    assert set(rows(account)) == {(None,), (MORNING,)}
    account.put_parquet("words.parquet", {"a": ["noon"]})
    (refused,) = account.copy("t", "words.parquet").data()
    assert refused[1] == "LOAD_FAILED" and "Time 'noon' is not recognized" in str(refused[6])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("dateadd(year, -1, '2024-02-29'::date)", "2023-02-28"),
        ("dateadd(month, 1, '2024-01-31'::date)", "2024-02-29"),
        ("dateadd(month, -18, '2026-11-26'::date)", "2025-05-26"),
        ("dateadd(day, -30, '2026-03-01'::date)", "2026-01-30"),
    ],
)
def test_months_and_years_end_on_the_last_day_there_is(account: Account, expression: str, expected: Any) -> None:
    assert value(account, f"to_varchar({expression}::date, 'YYYY-MM-DD')") == expected


def test_percentile_cont_interpolates(account: Account) -> None:
    account.run("create table t (a number(9, 1)); insert into t values (1), (2), (30), (null)")
    query = "select percentile_cont(0.95) within group (order by a) from t"
    ((found,),) = account.admin.submit(query).data()
    assert float(str(found)) == pytest.approx(27.2)
    assert account.admin.submit(f"{query} where a > 99").data() == [[None]]
