"""A table gains columns and changes hands on the stand-in as in Snowflake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from local.tests.snowflake_account import Account, rows

COUPON = "alter table t add column if not exists coupon varchar(3) comment 'of a campaign'"


@pytest.fixture
def followed(account: Account) -> Account:
    """A table with a row, a stream that has not delivered it, and a view."""
    account.run(
        "create table t (id number not null default 7, name varchar(5));"
        " create stream st on table t append_only = true;"
        " create view v as select id, name from t; insert into t values (1, 'one')"
    )
    return account


def test_stream_view_and_checks_go_on_after_a_column_is_added(followed: Account) -> None:
    """ALTER TABLE: rows from before hold null; "Introduction to Streams": the stream shows the new column."""
    assert followed.admin.submit(COUPON, role="SYSADMIN").status == 200
    followed.run("insert into t values (2, 'two', 'abc')")
    assert rows(followed) == [(Decimal(1), "one", None), (Decimal(2), "two", "abc")]
    stream = "select id, name, coupon, metadata$action from st order by id"
    assert followed.admin.submit(stream).data() == [["1", "one", None, "INSERT"], ["2", "two", "abc", "INSERT"]]
    assert followed.admin.submit("select * from v order by id").data() == [["1", "one"], ["2", "two"]]
    described = followed.admin.submit("describe table t").data()
    assert described[2] == ["COUPON", "VARCHAR(3)", "COLUMN", "Y"]
    for insert, code in [
        ("insert into t values (3, 'three', 'long')", "100078"),
        ("insert into t values (3, 'longer', 'abc')", "100078"),
        ("insert into t values (null, 'x', 'abc')", "100072"),
    ]:
        assert followed.admin.submit(insert).code == code
    followed.run("insert into t (name) values ('x')")
    assert rows(followed)[-1] == (Decimal(7), "x", None)


def test_merge_from_the_stream_carries_the_new_column(followed: Account) -> None:
    followed.run(f"create table u (id number, coupon varchar); {COUPON}; insert into t values (2, 'two', 'abc')")
    merge = "merge into u using st on u.id = st.id when not matched then insert (id, coupon) values (st.id, st.coupon)"
    assert followed.admin.submit(merge).data() == [["2"]]
    assert rows(followed, "u") == [(Decimal(1), None), (Decimal(2), "abc")]
    assert followed.server.query("select count(*) from db.s.st") == [(0,)]


def test_copy_matches_the_new_column_and_remembers_what_it_loaded(account: Account) -> None:
    account.run("create table t (a number)")
    account.put_parquet("grown.parquet", {"a": [1], "coupon": ["abc"]})
    account.put_parquet("later.parquet", {"a": [2], "coupon": ["abc"]})
    account.copy("t", "grown.parquet")
    account.run(COUPON)
    assert [row[1] for row in account.copy("t", "grown.parquet", "later.parquet").data()] == ["LOAD_SKIPPED", "LOADED"]
    assert rows(account) == [(Decimal(1), None), (Decimal(2), "abc")]
    account.put_parquet("long.parquet", {"a": [3], "coupon": ["abcd"]})
    assert account.copy("t", "long.parquet").data()[0][1] == "LOAD_FAILED"


def test_a_column_that_exists_is_left_alone_or_refused(followed: Account) -> None:
    twice = "alter table t add column if not exists coupon number, if not exists extra number"
    for statement, code in [
        (COUPON, None),
        (COUPON, None),
        ("alter table t add coupon number", "001430"),
        (twice, None),
        ("alter table t add column more number, name varchar", "001430"),
        ("alter table t add column if not exists more number default 1", "001003"),
        ("alter table nowhere add column more number", "002003"),
        ("alter table if exists nowhere add column more number", None),
    ]:
        answer = followed.admin.submit(statement, role="SYSADMIN")
        assert (None if answer.status == 200 else answer.code) == code, statement
    names = [row[0] for row in followed.admin.submit("describe table t").data()]
    assert names == ["ID", "NAME", "COUPON", "EXTRA"]
    assert followed.admin.submit("describe table t").data()[2][1] == "VARCHAR(3)"


def test_a_table_with_rows_takes_no_column_that_must_not_be_null(followed: Account) -> None:
    """ALTER TABLE: "Non-nullable column cannot be added to non-empty table unless it has a default"."""
    required = "alter table t add column must number not null"
    answer = followed.admin.submit(required)
    assert answer.status == 422 and "non-empty table" in answer.json["message"]
    assert followed.admin.submit("alter table t add column filled number not null default 5").status == 200
    assert rows(followed) == [(Decimal(1), "one", Decimal(5))]
    followed.run("truncate table t")
    assert followed.admin.submit(required).status == 200
    assert followed.admin.submit("insert into t (filled) values (1)").code == "100072"


def test_ddl_commits_the_open_transaction(followed: Account) -> None:
    """ "Transactions": each DDL statement commits what is open and runs by itself."""
    script = f"begin; insert into t values (2, 'two'); {COUPON}; rollback; select 1"
    answer = followed.admin.submit(script, parameters={"MULTI_STATEMENT_COUNT": "0"})
    assert answer.status == 200
    assert [row[0] for row in rows(followed)] == [Decimal(1), Decimal(2)]


def test_only_the_owner_adds_columns_and_ownership_is_inherited(followed: Account) -> None:
    """GRANT OWNERSHIP: the other grants are copied or revoked, or their existence is an error (003036)."""
    followed.run(
        "grant usage on database db to role worker; grant usage on schema s to role worker;"
        " grant usage on warehouse wh to role worker; grant insert, select on table t to role worker"
    )
    followed.server.run_script(
        "use role useradmin; create role owner; grant role owner to role sysadmin; create role heir;"
        " grant role owner to role worker"
    )
    assert followed.service.submit(COUPON, role="WORKER").code == "003001"
    transfer = "grant ownership on table t to role owner"
    sysadmin = {"role": "SYSADMIN"}
    assert followed.admin.submit(transfer, **sysadmin).code == "003036"
    for _ in range(2):
        assert followed.admin.submit(f"{transfer} copy current grants", **sysadmin).status == 200
    assert followed.admin.submit("revoke ownership on table t from role owner", **sysadmin).code == "003937"
    assert followed.service.submit(COUPON, role="WORKER").status == 200
    assert followed.service.submit("insert into t values (2, 'two', 'abc')", role="WORKER").status == 200
    assert followed.admin.submit("create table if not exists t (other number)", **sysadmin).status == 200
    followed.server.run_script("revoke role owner from role worker")
    assert followed.service.submit("select coupon from t", role="WORKER").status == 200
    assert followed.service.submit("alter table t add more number", role="WORKER").code == "003001"
    assert followed.admin.submit("grant ownership on table t to role heir revoke current grants").status == 200
    assert followed.service.submit("select coupon from t", role="WORKER").code == "002003"
    assert followed.admin.submit("select coupon from t", **sysadmin).code == "002003"
