"""Streams, concurrent statements and cancellation on the stand-in behave as in Snowflake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from local.snowflake.errors import SqlError
from local.snowflake.lanes import Lane
from local.tests.snowflake_account import Account, request_id, rows

STREAM = "select a, metadata$action, metadata$isupdate from st order by a"
ASYNC = "?async=true"
VALUES = ", ".join(f"({number})" for number in range(1000))
ENDLESS = (
    f"(with v as (select * from (values {VALUES}) as v(n))"
    " select count(*) as n from v as a, v as b, v as c, v as d where a.n + b.n + c.n + d.n = 7)"
)


@pytest.fixture
def followed(account: Account) -> Account:
    """A table with two rows that its stream has not delivered."""
    account.run("create table t (a number); insert into t values (1); create table u (a number not null)")
    account.run("create stream st on table t append_only = true; insert into t values (2), (3)")
    return account


def multi(account: Account, script: str, query: str = "") -> str:
    """Sends several statements; returns the handle."""
    answer = account.admin.submit(script, query=query, parameters={"MULTI_STATEMENT_COUNT": "0"})
    return answer.json["statementHandle"]


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_stream_advances_only_with_dml_that_commits(followed: Account) -> None:
    """ "Introduction to Streams": the offset moves when a transaction that used the stream commits."""
    followed.run("delete from t where a = 3; update t set a = 9 where a = 2")
    expected = [["2", "INSERT", "false"], ["3", "INSERT", "false"]]
    assert followed.admin.submit(STREAM).data() == expected
    assert followed.admin.submit("insert into u select nullif(a, 3) from st").code == "100072"
    assert followed.admin.submit("insert into u select a / (a - 3) from st").code == "100051"
    multi(followed, "begin; insert into u select a from st; rollback;")
    multi(followed, "begin; insert into u select a from st;")
    multi(followed, "begin; insert into u select a from st; insert into u values (null); commit;")
    assert rows(followed, "u") == []
    assert followed.admin.submit(STREAM).data() == expected
    assert followed.admin.submit("select system$stream_has_data('st')").data() == [["true"]]
    multi(followed, "begin; insert into u select a from st; insert into t values (4);"
                    " insert into u select a from st; commit;")
    assert rows(followed, "u") == [(Decimal(2),), (Decimal(2),), (Decimal(3),), (Decimal(3),)]
    assert followed.admin.submit(STREAM).data() == [["4", "INSERT", "false"]]


def test_dml_that_takes_nothing_from_a_stream_advances_it_too(followed: Account) -> None:
    """ "Introduction to Streams": a DML statement consumes all of the change data, whatever it filters."""
    followed.run("insert into u select a from st where a > 100")
    assert followed.admin.submit(STREAM).data() == []


def test_a_statement_cancelled_in_its_middle_leaves_table_and_stream_as_they_were(followed: Account) -> None:
    """ "Cancel the execution of a SQL statement": 000604, SQL state 57014; nothing of it is committed."""
    merge = f"merge into u using (select st.a from st, {ENDLESS} as e) as s on u.a = s.a"
    for statement in (f"insert into u select st.a + e.n from st, {ENDLESS} as e",
                      f"{merge} when not matched then insert (a) values (s.a)"):
        handle = followed.admin.submit(statement, query=ASYNC).json["statementHandle"]
        wait_until(followed.server.engine.lanes[Lane.MERGE].locked)
        assert followed.admin.poll(handle).status == 202
        answer = followed.admin.cancel(handle)
        assert (answer.status, answer.code) == (200, "000604")
        answer = followed.admin.wait(handle)
        assert (answer.status, answer.code, answer.json["sqlState"]) == (422, "000604", "57014")
        assert followed.server.query("select count(*) from db.s.u") == [(0,)]
        assert [row[0] for row in followed.admin.submit(STREAM).data()] == ["2", "3"]


def test_a_script_cancelled_before_its_commit_is_rolled_back(followed: Account) -> None:
    handle = multi(followed, "begin; insert into u select a from st; select system$wait(60); commit;", ASYNC)
    wait_until(followed.server.engine.lanes[Lane.MERGE].locked)
    followed.admin.cancel(handle)
    assert followed.admin.wait(handle).code == "000604"
    assert followed.server.query("select count(*) from db.s.u") == [(0,)]
    assert followed.server.query("select count(*) from db.s.st") == [(2,)]


def test_a_cancel_between_the_last_statement_and_the_commit_wins(followed: Account) -> None:
    engine, cancel = followed.server.engine, threading.Event()
    session = engine.session(engine.context("STANDIN", None), cancel)
    session.run("begin", [])
    session.run("insert into db.s.u select a from db.s.st", [])
    cancel.set()
    with pytest.raises(SqlError, match="canceled"):
        session.commit()
    session.close()
    assert followed.server.query("select count(*) from db.s.u") == [(0,)]
    assert followed.server.query("select count(*) from db.s.st") == [(2,)]


def test_what_cannot_be_cancelled(followed: Account) -> None:
    """000605: the statement has ended. 000709: there is no such statement, or it is someone else's."""
    handle = followed.admin.submit("select 1").json["statementHandle"]
    for answer, code in [
        (followed.admin.cancel(handle), "000605"),
        (followed.service.cancel(handle), "000709"),
        (followed.admin.cancel(request_id()), "000709"),
    ]:
        assert (answer.status, answer.code) == (422, code)


def test_of_two_merges_of_a_stream_at_once_the_second_finds_it_advanced(followed: Account) -> None:
    """ "Introduction to Streams": the second transaction waits for the first and reads the offset it left."""
    merge = "merge into u using st on u.a = st.a when not matched then insert (a) values (st.a)"
    first = multi(followed, f"begin; {merge}; select system$wait(1); commit;", ASYNC)
    wait_until(followed.server.engine.lanes[Lane.MERGE].locked)
    second = followed.admin.submit(merge, query=ASYNC).json["statementHandle"]
    assert followed.admin.poll(second).status == 202
    children = followed.admin.wait(first).json["statementHandles"]
    assert followed.admin.poll(children[1]).data() == [["2"]]
    assert followed.admin.wait(second).data() == [["0"]]
    assert rows(followed, "u") == [(Decimal(2),), (Decimal(3),)]


def test_a_merge_after_one_that_rolled_back_still_finds_the_rows(followed: Account) -> None:
    merge = "merge into u using st on u.a = st.a when not matched then insert (a) values (st.a)"
    first = multi(followed, f"begin; {merge}; select system$wait(1); rollback;", ASYNC)
    wait_until(followed.server.engine.lanes[Lane.MERGE].locked)
    second = followed.admin.submit(merge, query=ASYNC).json["statementHandle"]
    assert followed.admin.wait(second).data() == [["2"]]
    assert followed.admin.wait(first).status == 200


def test_concurrent_statements_lose_no_update(account: Account) -> None:
    account.run("create table t (a number); insert into t values (0)")
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: account.admin.submit("update t set a = a + 1", query=ASYNC), range(24))
        handles = [answer.json["statementHandle"] for answer in answers]
    assert {account.admin.wait(handle).status for handle in handles} == {200}
    assert account.server.query("select a from db.s.t") == [(24,)]


def test_copy_delivers_to_the_stream_what_it_loaded_and_nothing_else(followed: Account) -> None:
    followed.put_parquet("good.parquet", {"a": [7]})
    followed.put("bad.parquet", b"not parquet")
    followed.copy("t", "good.parquet", "bad.parquet", on_error="abort_statement")
    assert [row[0] for row in followed.admin.submit(STREAM).data()] == ["2", "3"]
    followed.copy("t", "good.parquet", "bad.parquet")
    assert [row[0] for row in followed.admin.submit(STREAM).data()] == ["2", "3", "7"]
