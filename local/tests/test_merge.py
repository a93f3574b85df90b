"""The project's MERGE and its view of what is live equal a model, whatever arrives in whatever order.

`MERGE_EXAMPLES=2000 pytest local/tests/test_merge.py` looks further, at other sequences each time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from local.snowflake import SnowflakeServer, scanner
from local.snowflake.errors import SqlError
from local.snowflake.session import Session
from local.stack import ROOT
from local.tests.merge_model import Arrival, Model, Version
from local.tests.pipeline import STORAGE_ROLE, new_key, public_pem, snowline

set_hypothesis_home_dir(ROOT / "target" / "hypothesis")
EXAMPLES = os.environ.get("MERGE_EXAMPLES")
SETTINGS = settings(
    max_examples=int(EXAMPLES or 30), deadline=None, database=None, derandomize=EXAMPLES is None, print_blob=True,
    suppress_health_check=list(HealthCheck),
)

# Few of each, so that keys, times and lines collide.
KEYS = [f"00000000-0000-4000-8000-{n:012}" for n in range(2)]
HOUR = datetime(2026, 11, 22, 9)
TIMES = [HOUR + timedelta(minutes=n) for n in range(2)]
OBJECTS = ["s3://lake/landing/a", "s3://lake/landing/b"]

FAILURE = "select 1 / 0"
NOT_COMMITTED = ["rollback", FAILURE, "commit", "select 1"]
"""What may follow a merge in its transaction: the commit is cancelled, and after the last the session ends."""

RESET = """
use role sysadmin; use database snowline; use warehouse snowline_wh;
delete from staging.orders; delete from analytics.processed_orders;
create or replace stream staging.orders_stream on table staging.orders append_only = true;
grant select on stream staging.orders_stream to role snowline_publish;
"""
INSERT = """
insert into staging.orders (
    order_id, customer_id, order_timestamp, order_amount, currency, quantity, product_id, product_category,
    order_status, shipping_country, op, order_date, order_hour, order_value_band, _source_object, _source_line,
    _landed_at, _contract_version, _loaded_at
) values {rows}
"""
READ = """
select order_id, order_timestamp, _landed_at, _source_object, _source_line, op, order_amount, _contract_version
from snowline.analytics.{relation}
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    key = tmp_path_factory.mktemp("merge") / "service.pem"
    key.write_text(public_pem(new_key()))
    with SnowflakeServer("http://127.0.0.1:1") as server:
        yield Warehouse(server, key)


class Warehouse:
    """The tables as `snowline sql` sets them up, and the merge as the function publish sends it."""

    def __init__(self, server: SnowflakeServer, public_key: Path) -> None:
        self.server = server
        setup = snowline("sql", "--bucket", "b", "--storage-role-arn", STORAGE_ROLE, "--public-key", public_key)
        server.run_script(setup.decode())
        *_, self.merge_sql = scanner.split(snowline("sql", "--only", "publish/merge").decode())
        self._loads = count()

    def reset(self) -> None:
        self.server.run_script(RESET)

    def stage(self, *loads: list[Arrival]) -> None:
        """Appends rows to staging, each load as a COPY that began later than all before."""
        values = []
        for rows in loads:
            loaded_at = HOUR + timedelta(seconds=next(self._loads))
            values += [_values(row, loaded_at) for row in rows]
        prepare = "use role sysadmin; use warehouse snowline_wh; use database snowline;"
        self.server.run_script(prepare + INSERT.format(rows=", ".join(values)))

    def read(self, relation: str) -> list[Arrival]:
        return [
            Arrival(key, ordered_at, landed_at, source, int(line), op, amount, contract)
            for key, ordered_at, landed_at, source, line, op, amount, contract
            in self.server.query(READ.format(relation=relation))
        ]

    def session(self, cancel: threading.Event | None = None) -> Session:
        """A session of the function publish."""
        context = self.server.engine.context("SNOWLINE", None)
        context.assume("SNOWLINE_PUBLISH")
        context.warehouse, context.database, context.timezone = "SNOWLINE_WH", "SNOWLINE", "UTC"
        return self.server.engine.session(context, cancel)

    def merge(self, *around: str, cancel: threading.Event | None = None) -> None:
        """Merges, or runs the statements `around` with the merge in the place of "merge".

        `cancel` is set as soon as the merge has run.
        """
        session = self.session(cancel)
        try:
            for statement in around or ("merge",):
                session.run(self.merge_sql if statement == "merge" else statement, [])
                if statement == "merge" and cancel:
                    cancel.set()
        finally:
            session.close()


def _values(row: Arrival, loaded_at: datetime) -> str:
    op = f"'{row.op}'" if row.op else "null"
    return (
        f"('{row.key}', 'c', '{row.ordered_at}', {row.amount}, 'EUR', 1, 'p', 'books', 'placed', 'DE', {op},"
        f" '{row.ordered_at:%Y-%m-%d}', '{HOUR}', 'Low', '{row.source_object}', {row.source_line},"
        f" '{row.landed_at}', '{row.contract_version}', '{loaded_at}')"
    )


@dataclass(frozen=True)
class Round:
    """What arrives, and what is done about it.

    Numbers stand for rows that have arrived before, counted round and round.
    """

    new: list[tuple[str, Version, str | None]]
    twice: bool
    again: list[int]
    transformed_again: list[tuple[int, str | None]]
    then: str


OPS = st.sampled_from(["I", "U", "D", "D", None])
VERSIONS = list(product(TIMES, TIMES, OBJECTS, (1, 2)))
# From one to the next a single part decides, against all that come after it.
LADDER = [VERSIONS[n] for n in (0, 1, 2, 4, 8)]
ROWS = st.tuples(st.sampled_from(KEYS), st.one_of(st.sampled_from(LADDER), st.sampled_from(VERSIONS)), OPS)
ROUNDS = st.builds(
    Round,
    new=st.lists(ROWS, min_size=1, max_size=5, unique_by=lambda one: one[:2]),
    twice=st.booleans(),
    again=st.lists(st.integers(0, 20), max_size=2),
    transformed_again=st.lists(st.tuples(st.integers(0, 20), OPS), max_size=2),
    then=st.sampled_from(["merge", "merge", "merge at once", "merge while rows arrive", *NOT_COMMITTED, "nothing"]),
)


# Every step of the ladder downwards, after a delete and after an update.
LATE_ROWS = [
    Round([(KEYS[0], version, op), (KEYS[1], version, "U")], False, [], [], "merge")
    for older, newer in pairwise(LADDER) for version, op in [(newer, "D"), (older, "I")]
]


@SETTINGS
@example(rounds=LATE_ROWS)
@given(rounds=st.lists(ROUNDS, min_size=5, max_size=8))
def test_merge_and_live_view_equal_the_model(warehouse: Warehouse, rounds: list[Round]) -> None:
    warehouse.reset()
    model, amounts = Model(), (Decimal(n) for n in count(1))
    for one in rounds:
        loads = _loads(one, model, amounts)
        if one.then == "merge while rows arrive":
            _merge_while_rows_arrive(warehouse, model, loads)
        else:
            warehouse.stage(*loads)
            model.arrive(row for load in loads for row in load)
            assert set(warehouse.read("orders_live")) == model.live()
            _act(warehouse, model, one.then)
        _check(warehouse, model)


def _loads(one: Round, model: Model, amounts: Iterator[Decimal]) -> list[list[Arrival]]:
    """The files of a round, one row a version in each, or that row twice."""
    new = [Arrival(key, *version, op, next(amounts)) for key, version, op in one.new]
    known = model.arrived or new
    again = [known[number % len(known)] for number in one.again]
    read_anew = [
        replace(known[number % len(known)], op=op, amount=next(amounts), contract_version="1.1.0")
        for number, op in one.transformed_again
    ]
    return [new + new[:1] if one.twice else new, *([row] for row in again + read_anew)]


def _act(warehouse: Warehouse, model: Model, then: str) -> None:
    if then == "merge":
        warehouse.merge()
        model.merge()
    elif then == "merge at once":
        _at_once(warehouse.merge, warehouse.merge)
        model.merge()
    elif then in NOT_COMMITTED:
        cancel = threading.Event() if then == "commit" else None
        fails = pytest.raises(SqlError) if then in ("commit", FAILURE) else nullcontext()
        with fails:
            warehouse.merge("begin", "merge", then, cancel=cancel)


def _merge_while_rows_arrive(warehouse: Warehouse, model: Model, loads: list[list[Arrival]]) -> None:
    """The rows are merged either with this merge or with the next one, as the stream says."""
    rows = [row for load in loads for row in load]
    _at_once(warehouse.merge, lambda: warehouse.stage(*loads))
    ((waiting,),) = warehouse.server.query("select count(*) from snowline.staging.orders_stream")
    assert waiting in (0, len(rows))
    if waiting:
        model.merge()
    model.arrive(rows)
    if not waiting:
        model.merge()


def _check(warehouse: Warehouse, model: Model) -> None:
    """Analytics is as the merges left it; the view shows what the next one would leave."""
    for relation, expected in [("processed_orders", model.analytics()), ("orders_live", model.live())]:
        rows = warehouse.read(relation)
        assert set(rows) == expected, relation
        assert len(rows) == len(expected), f"{relation} holds a key twice"


def _at_once(*calls: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(call) for call in calls]:
            future.result()
