"""Tables, MERGE, streams, time travel and grants behave on the stand-in as in Snowflake."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from local.tests.snowflake_account import Account, rows

GOLDEN = Path(__file__).resolve().parents[2] / "functions/statements/tests/golden/orders"


def test_tables_enforce_lengths_and_not_null_but_no_primary_key(account: Account) -> None:
    account.run("create table t (id varchar(3) primary key, n number(4, 1))")
    account.run("insert into t values ('a', 1.25), ('a', 2)")
    assert [row[1] for row in rows(account)] == [Decimal("1.3"), Decimal("2.0")]
    assert account.admin.submit("insert into t values ('abcd', 1)").code == "100078"
    assert account.admin.submit("insert into t values (null, 1)").code == "100072"
    assert account.admin.submit("insert into t values ('b', 1000)").code == "100039"
    assert account.admin.submit("insert into t values ('b')").code == "002020"
    assert account.admin.submit("update t set id = 'abcd'").code == "100078"
    longer = "merge into t using (select 'a' as id) as s on t.id = s.id when matched then update set id = 'abcd'"
    assert account.admin.submit(longer).code == "100078"


MERGE = """
merge into t using (select column1 as id, column2 as n, column3 as op from values {values}) as s
on t.id = s.id
when matched and s.op = 'D' then delete
when matched then update set n = s.n
when not matched and s.op <> 'D' then insert (id, n) values (s.id, s.n)
"""


def test_merge_counts_what_it_did(account: Account) -> None:
    account.run("create table t (id varchar, n number); insert into t values ('a', 1), ('b', 1)")
    answer = account.admin.submit(MERGE.format(values="('a', 2, 'U'), ('b', 0, 'D'), ('c', 3, 'I'), ('d', 0, 'D')"))
    assert answer.data() == [["1", "1", "1"]]
    assert [one["name"] for one in answer.json["resultSetMetaData"]["rowType"]] == [
        "number of rows inserted", "number of rows updated", "number of rows deleted",
    ]
    assert rows(account) == [("a", Decimal(2)), ("c", Decimal(3))]


def test_merge_refuses_duplicate_matches_and_inserts_every_duplicate(account: Account) -> None:
    """MERGE, "Duplicate join behavior": 100090 with ERROR_ON_NONDETERMINISTIC_MERGE, which is the default."""
    account.run("create table t (id varchar, n number); insert into t values ('a', 1)")
    assert account.admin.submit(MERGE.format(values="('a', 2, 'U'), ('a', 3, 'U')")).code == "100090"
    assert account.admin.submit(MERGE.format(values="('a', 2, 'U'), ('a', 3, 'D')")).code == "100090"
    assert rows(account) == [("a", Decimal(1))]
    assert account.admin.submit(MERGE.format(values="('b', 2, 'I'), ('b', 3, 'I')")).data() == [["2", "0", "0"]]
    assert account.admin.submit(MERGE.format(values="('a', 2, 'D'), ('a', 3, 'D')")).data() == [["0", "0", "1"]]


def test_a_stream_read_through_a_view_and_one_with_initial_rows(account: Account) -> None:
    account.run("create table t (a number); insert into t values (1); create table u (a number)")
    account.run("create stream st on table t append_only = true show_initial_rows = true")
    account.run("create view v as select a from st; insert into u select a from v")
    assert rows(account, "u") == [(Decimal(1),)]
    assert account.server.query("select count(*) from db.s.st") == [(0,)]
    account.run("create or replace table t (a number)")
    assert account.admin.submit("select * from st").code == "091901"
    assert account.admin.submit("create stream s2 on table t").status == 422


def test_time_travel_is_answered_only_where_the_past_is_known(account: Account) -> None:
    account.run("create table t (a number); insert into t values (1)")
    table = account.server.engine.catalog.relation(("DB", "S", "T"))
    hour_ago = "select count(*) from t at(offset => -3600)"
    assert account.admin.submit(hour_ago).code == "000707"
    table.created -= 7200
    assert account.admin.submit(hour_ago).code == "001003"
    table.modified -= 7200
    assert account.admin.submit(hour_ago).data() == [["1"]]


def test_least_privilege(account: Account) -> None:
    account.run("create table t (a number); create view v as select a from t")
    account.run("create stream st on table t append_only = true")
    worker = {"role": "WORKER"}
    assert account.service.submit("select * from t", **worker).code == "002003"
    account.run("grant usage on database db to role worker; grant usage on schema s to role worker")
    account.run("grant insert on table t to role worker; grant select on view v to role worker")
    assert account.service.submit("insert into t values (1)", **worker).code == "000606"
    account.run("grant usage on warehouse wh to role worker")
    assert account.service.submit("insert into t values (1)", **worker).status == 200
    assert account.service.submit("select * from v", **worker).data() == [["1"]]
    assert account.service.submit("select * from t", **worker).code == "003001"
    assert account.service.submit("truncate table t", **worker).code == "003001"
    account.run("grant select on stream st to role worker")
    assert account.service.submit("select * from st", **worker).code == "003001"
    columns = "select table_name from information_schema.columns order by 1"
    assert account.service.submit(columns, **worker).data() == [["T"], ["V"]]
    account.server.run_script("grant select on future tables in schema db.s to role worker")
    account.run("create table later (a number)")
    assert account.service.submit("select * from later", **worker).status == 200
    account.run("create or replace table t (a number)")
    assert account.service.submit("insert into t values (1)", **worker).code == "003001"
    assert account.service.submit("create table mine (a number)", **worker).code == "003001"


def test_unknown_options_and_duplicates_are_refused(account: Account) -> None:
    for statement, code in [
        ("create warehouse w2 warehouse_sizes = small", "001003"),
        ("create database db", "002002"),
        ("create role worker2 commentary = 'x'", "001003"),
        ("create file format f type = parquet use_logical = true", "001003"),
        ("create storage integration i type = external_stage", "001003"),
        ("grant fly on table t to role worker", "002003"),
        ("grant insert on view v to role worker", "002003"),
        ("create table t (a number) engine = x", "001003"),
        ("create table db.s.lake2 (a number, a number)", "002025"),
    ]:
        assert account.admin.submit(statement).code == code, statement


def test_every_statement_of_the_project_runs(account: Account) -> None:
    """Setup, grants and what the functions send, as the templates render them."""
    body = account.server.engine.catalog.get("USER", ("SERVICE",)).options["RSA_PUBLIC_KEY"]

    def script(name: str) -> str:
        text = (GOLDEN / f"{name}.sql").read_text()
        return text.replace("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", str(body))

    setup = [
        "warehouse", "database", "roles", "service_user", "service_user_key", "service_user_identity",
        "storage_integration", "file_formats", "stage", "staging_tables", "stream", "analytics_table",
        "ops_tables", "added_columns",
    ]
    assert {path.stem for path in (GOLDEN / "setup").glob("*.sql")} == set(setup)
    for _ in range(2):
        for name in setup:
            account.server.run_script(script(f"setup/{name}"))
        for folder in ("views", "grants"):
            for path in sorted((GOLDEN / folder).glob("*.sql")):
                account.server.run_script(script("session") + script(f"{folder}/{path.stem}"))
    context = account.server.engine.context("SNOWLINE", None)
    context.assume("SNOWLINE_PUBLISH")
    context.warehouse, context.database, context.timezone = "SNOWLINE_WH", "SNOWLINE", "UTC"
    session = account.server.engine.session(context)
    for name in ["publish/audit", "publish/merge", *(f"checks/{p.stem}" for p in (GOLDEN / "checks").glob("*.sql"))]:
        assert session.run(script(name).rstrip().rstrip(";"), []).columns, name
    session.close()


def test_an_outer_join_by_key_and_order_finds_what_comes_after(account: Account) -> None:
    """The condition that the merge has for deleted rows, against a comparison of tuples."""
    after = "(r.a > l.a or (r.a = l.a and r.b > l.b) or (r.a = l.a and r.b = l.b and r.c > l.c))"
    digits = [(number // 9 % 3, number // 3 % 3, number % 3) for number in range(27)]
    values = ", ".join(f"({number % 2}, {a}, {b}, {c})" for number, (a, b, c) in enumerate(digits))
    account.run(f"create table t (k number, a number, b number, c number); insert into t values {values}")
    found = account.admin.submit(
        f"select l.k, l.a, l.b, l.c, count(r.k) from t as l left join t as r on l.k = r.k and {after}"
        " group by l.k, l.a, l.b, l.c order by 1, 2, 3, 4"
    ).data()
    lines = sorted((number % 2, *line) for number, line in enumerate(digits))
    expected = [[*line, sum(one[0] == line[0] and one[1:] > line[1:] for one in lines)] for line in lines]
    assert [list(map(int, row)) for row in found] == expected
