"""The stand-in's HTTP side refuses and answers as Snowflake's SQL API v2 does."""

from __future__ import annotations

from typing import Any

import pytest

from local.tests.snowflake_account import Account, request_id, unzip

STATEMENTS = "/api/v2/statements"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        {"statement": ""},
        {"statement": "select 1", "query": "x"},
        {"statement": "select 1", "timeout": "5"},
        {"statement": "select 1", "parameters": {"AUTOCOMMIT": "false"}},
        {"statement": "select 1", "parameters": {"MULTI_STATEMENT_COUNT": 2}},
        {"statement": "select ?", "bindings": {"1": {"type": "TEXT", "value": 5}}},
        {"statement": "select ?", "bindings": {"2": {"type": "TEXT", "value": "a"}}},
    ],
)
def test_malformed_requests(account: Account, body: Any) -> None:
    answer = account.admin.send("POST", STATEMENTS, body)
    assert (answer.status, answer.code) == (400, "390142")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", STATEMENTS, 405),
        ("PUT", f"{STATEMENTS}/x", 405),
        ("GET", f"{STATEMENTS}/x/cancel", 405),
        ("GET", f"{STATEMENTS}/no-such-handle", 404),
        ("POST", "/api/v1/statements", 404),
    ],
)
def test_wrong_paths_and_methods_have_empty_bodies(account: Account, method: str, path: str, status: int) -> None:
    answer = account.admin.send(method, path)
    assert (answer.status, answer.body) == (status, b"")


def test_a_handle_is_its_users_alone(account: Account) -> None:
    handle = account.admin.submit("select 1").json["statementHandle"]
    assert account.service.poll(handle).status == 404


def test_every_value_is_text_or_null(account: Account) -> None:
    answer = account.admin.submit(
        """select 12.50::number(12, 2) as fixed, 7 as whole, 1.5::float as real, true as yes,
        '2026-11-22'::date as day, '1969-12-31 23:59:59.5'::timestamp_ntz as before,
        '2026-11-22 10:00:00.123456'::timestamp_ntz as moment, null::varchar as nothing, 'é' as text,
        0::number(38, 12) as zero"""
    )
    assert answer.data() == [
        ["12.50", "7", "1.5", "true", "20779", "-0.500000000", "1795341600.123456000", None, "é", "0.000000000000"]
    ]
    described = answer.json["resultSetMetaData"]["rowType"]
    assert [one["type"] for one in described] == [
        "fixed", "fixed", "real", "boolean", "date", "timestamp_ntz", "timestamp_ntz", "text", "text",
        "fixed",
    ]
    assert {"name": "FIXED", "precision": 12, "scale": 2}.items() <= described[0].items()
    assert account.admin.submit("select null", query="?nullable=false").data() == [["null"]]


def test_partitions_after_the_first_are_gzip_without_metadata(account: Account) -> None:
    values = ", ".join(f"({number})" for number in range(250))
    first = account.admin.submit(f"select * from (values {values}) as v(n)")
    assert [one["rowCount"] for one in first.json["resultSetMetaData"]["partitionInfo"]] == [100, 100, 50]
    handle = first.json["statementHandle"]
    rest = [unzip(account.admin.poll(handle, f"?partition={number}")) for number in (1, 2)]
    assert all(set(one) == {"data"} for one in rest)
    rows = first.data() + rest[0]["data"] + rest[1]["data"]
    assert rows == [[str(number)] for number in range(250)]
    assert account.admin.poll(handle, "?partition=3").status == 400


def test_a_statement_that_fails_says_why(account: Account) -> None:
    answer = account.admin.submit("select nonsense from (select 1 as a)")
    assert answer.status == 422
    assert {"code": "000904", "sqlState": "42000"}.items() <= answer.json.items()
    assert account.admin.poll(answer.json["statementHandle"]).json["code"] == "000904"


def test_async_and_slow_statements_answer_202_until_they_are_done(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = account.admin.submit("select 1", query="?async=true")
    assert (answer.status, answer.code) == (202, "333334")
    assert answer.json["statementStatusUrl"].endswith(answer.json["statementHandle"])
    assert account.admin.wait(answer.json["statementHandle"]).data() == [["1"]]
    monkeypatch.setattr(account.server, "sync_seconds", 0.2)
    account.server.slow_next(0.8)
    slow = account.admin.submit("select 2")
    assert slow.status == 202
    assert account.admin.wait(slow.json["statementHandle"]).data() == [["2"]]


def test_a_resend_with_retry_does_not_run_again(account: Account) -> None:
    account.run("create table t (a number)")
    insert, identifier = "insert into t values (1)", request_id()
    first = account.admin.submit(insert, query=f"?requestId={identifier}")
    again = account.admin.submit(insert, query=f"?requestId={identifier}&retry=true")
    assert again.json["statementHandle"] == first.json["statementHandle"]
    assert account.server.query("select count(*) from db.s.t") == [(1,)]
    account.admin.submit(insert, query=f"?requestId={identifier}")
    assert account.server.query("select count(*) from db.s.t") == [(2,)]


def test_a_timeout_is_408(account: Account) -> None:
    account.server.slow_next(30)
    handle = account.admin.submit("select 1", query="?async=true", timeout=1).json["statementHandle"]
    answer = account.admin.wait(handle)
    assert (answer.status, answer.code) == (408, "000630")


def test_bindings(account: Account) -> None:
    values = {
        "TEXT": "it's \\ ?", "FIXED": "-12", "REAL": "1.5", "BOOLEAN": "TRUE", "DATE": "1795305600000",
        "TIMESTAMP_NTZ": "1795341600123456000",
    }
    bindings = {str(n): {"type": kind, "value": value} for n, (kind, value) in enumerate(values.items(), 1)}
    bindings["7"] = {"type": "TEXT", "value": None}
    answer = account.admin.submit("select ?, ?, ?, ?, ?, ?, ?::number(12, 2), '?'", bindings=bindings)
    assert answer.data() == [
        ["it's \\ ?", "-12", "1.5", "true", "20779", "1795341600.123456000", None, "?"]
    ]
    assert account.admin.submit("select ?").code == "002049"
    wrong = {"1": {"type": "FIXED", "value": "1; drop"}}
    assert account.admin.submit("select ?", bindings=wrong).status == 422


def multi(account: Account, script: str, count: str = "0", **fields: Any) -> Any:
    parameters = {"MULTI_STATEMENT_COUNT": count, "TIMEZONE": "UTC"}
    return account.admin.submit(script, parameters=parameters, **fields)


def test_several_statements_are_not_atomic_unless_in_a_transaction(account: Account) -> None:
    account.run("create table t (a number)")
    bad = "insert into t values (1); insert into t values ('x');"
    assert multi(account, bad).code == "100038"
    assert account.server.query("select count(*) from db.s.t") == [(1,)]
    assert multi(account, f"begin; {bad} commit;").code == "100038"
    assert account.server.query("select count(*) from db.s.t") == [(1,)]
    answer = multi(account, "begin; insert into t values (2); select count(*) from t; commit;", "4")
    handles = answer.json["statementHandles"]
    assert len(handles) == 4
    assert account.admin.poll(handles[2]).data() == [["2"]]


def test_what_several_statements_must_be(account: Account) -> None:
    assert multi(account, "select 1; select 2", "3").code == "000008"
    assert account.admin.submit("select 1; select 2").code == "000008"
    assert account.admin.submit("begin").status == 422
    assert account.admin.submit("use role sysadmin").status == 422
    bindings = {"1": {"type": "TEXT", "value": "a"}}
    assert multi(account, "select ?; select 1", bindings=bindings).status == 422
    assert account.admin.submit("select ';' -- ;\n;").data() == [[";"]]


def test_names_in_a_request_are_exact(account: Account) -> None:
    account.run("create table t (a number)")
    assert account.admin.submit("select * from t", database=None).code == "090105"
    assert account.admin.submit("select * from t", database="db").code == "002003"
    assert account.admin.submit("select * from t", warehouse="wh").code == "000606"
    assert account.admin.submit("select 1", role="accountadmin").code == "390189"
    assert account.service.submit("select 1", role="SYSADMIN").code == "390189"


def test_without_a_timezone_it_is_los_angeles(account: Account) -> None:
    account.run("create table t (utc timestamp_ntz, here timestamp_ntz)")
    insert = "insert into t values (sysdate(), current_timestamp())"
    account.admin.submit(insert, parameters={})
    account.admin.submit(insert)
    hours = "select datediff(hour, here, utc) from db.s.t order by 1"
    assert account.server.query(hours) in ([(0,), (7,)], [(0,), (8,)])


def test_what_cannot_be_translated_is_refused(account: Account) -> None:
    for statement in (
        "create task x schedule = '1 minute' as select 1", "call p()", "select * from @lake",
        "create table t (a geography)", "alter table t drop column b", "put file://x @lake",
    ):
        assert account.admin.submit(statement).code in ("001003", "002003"), statement
    assert account.admin.submit("select no_such_function(1)").code == "002140"
    assert account.admin.submit("select 1 / 0").code == "100051"
