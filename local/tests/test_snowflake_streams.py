"""What an append-only stream delivers, whatever happens to its table: the stand-in against a model."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.snowflake.server import SnowflakeServer
from local.snowflake.session import Session
from local.snowflake.staged import Location, StagedFile

SETUP = """
create warehouse wh; create database db; create schema db.s; use schema db.s; use warehouse wh;
create storage integration lake type = external_stage storage_provider = 'S3' enabled = true
    storage_aws_role_arn = 'arn:aws:iam::123456789012:role/lake' storage_allowed_locations = ('s3://b/');
create stage lake url = 's3://b/' storage_integration = lake;
create file format parquet type = parquet use_logical_type = true;
create table t (a number); create table u (a number);
create stream early on table t append_only = true
"""
STEPS = 60
ROW_GROUP = 122_880
"""Rows of DuckDB's."""


class Model:
    """The table, and what each stream has yet to deliver: every row that was appended, as it was then.

    What a transaction appends reaches the streams when it commits.
    """

    def __init__(self) -> None:
        self.table: list[int] = []
        self.pending: dict[str, list[int]] = {"early": []}
        self.appended: list[int] = []
        self._next = 0
        self._kept = self._state()

    def append(self, count: int) -> tuple[int, int]:
        """Appends so many new values; returns where they begin and end."""
        first, self._next = self._next, self._next + count
        self.table += range(first, self._next)
        self.appended += range(first, self._next)
        return first, self._next

    def consume(self, stream: str) -> None:
        self.pending[stream] = []

    def commit(self) -> None:
        for pending in self.pending.values():
            pending += self.appended
        self.appended = []
        self._kept = self._state()

    def rollback(self) -> None:
        table, pending = self._kept
        self.table, self.pending, self.appended = list(table), {k: list(v) for k, v in pending.items()}, []

    def _state(self) -> tuple[list[int], dict[str, list[int]]]:
        return list(self.table), {name: list(rows) for name, rows in self.pending.items()}


class Lake:
    """Files of the stage, in the place of those in S3."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def describe(self, places: list[Location]) -> list[StagedFile]:
        return [StagedFile(place, place.key, datetime.now(UTC)) for place in places]

    def read(self, files: list[StagedFile]) -> list[bytes]:
        return [self.bodies[file.location.key] for file in files]


class Walk:
    """A random sequence of statements, in transactions and outside, run by both."""

    def __init__(self, server: SnowflakeServer, seed: int) -> None:
        self.server = server
        self.model = Model()
        self.chance = random.Random(seed)
        self.lake = Lake()
        server.engine.storage.files = lambda role: self.lake  # type: ignore[assignment,method-assign]
        self.in_transaction = False
        context = server.engine.context("STANDIN", "ACCOUNTADMIN")
        context.database, context.schema, context.warehouse, context.timezone = "DB", "S", "WH", "UTC"
        self.session: Session = server.engine.session(context)

    def run(self, statement: str) -> None:
        self.session.run(statement, [])

    def step(self) -> None:
        """One statement; outside a transaction it takes effect at once."""
        actions = [self.insert, self.insert, self.copy, self.copy, self.consume, self.bounds, self.create]
        actions += [self.commit, self.rollback] * 2 if self.in_transaction else [self.begin, self.checkpoint]
        if self.chance.random() < 0.15:
            actions = [self.delete, self.update, self.merge]
        self.chance.choice(actions)()
        if not self.in_transaction:
            self.model.commit()

    def insert(self) -> None:
        first, end = self.model.append(self.chance.choice([1] * 6 + [3] * 8 + [ROW_GROUP + 1]))
        self.run(f"insert into t select {first} + row_number() over (order by null) - 1 from table_of_{end - first}")

    def copy(self) -> None:
        """Two files: outside a transaction the first is kept as it is, the second is not of the table's type."""
        names = []
        for kind in (pa.int64(), pa.int32()):
            first, end = self.model.append(self.chance.choice([1, 3]))
            body = io.BytesIO()
            pq.write_table(pa.table({"a": pa.array(range(first, end), kind)}), body)
            names.append(f"{first}.parquet")
            self.lake.bodies[names[-1]] = body.getvalue()
        self.run(
            f"copy into t from @lake/ files = ('{names[0]}', '{names[1]}') file_format = (format_name = parquet)"
            " match_by_column_name = case_insensitive"
        )

    def consume(self) -> None:
        name = self.chance.choice(sorted(self.model.pending))
        self.model.consume(name)
        self.run(f"insert into u select a from {name}")

    def delete(self) -> None:
        low = self.chance.choice([0, *self.model.table])
        high = low + ROW_GROUP
        self.model.table = [a for a in self.model.table if not low <= a <= high]
        self.run(f"delete from t where a between {low} and {high}")

    def update(self) -> None:
        self.model.table = [-a if a % 7 == 0 else a for a in self.model.table]
        self.run("update t set a = -a where mod(a, 7) = 0")

    def merge(self) -> None:
        first, end = self.model.append(2)
        self.model.table = [a for a in self.model.table if a % 5 or a < 0 or a >= first]
        self.run(
            f"merge into t using (select a from t where mod(a, 5) = 0 and a >= 0 union all select {first}"
            f" union all select {end - 1}) as s on t.a = s.a when matched then delete"
            " when not matched then insert (a) values (s.a)"
        )

    def create(self) -> None:
        """Another stream: CREATE commits what is open."""
        name = f"later_{len(self.model.pending)}"
        self.in_transaction = False
        self.model.commit()
        with_rows = self.chance.random() < 0.5
        self.model.pending[name] = list(self.model.table) if with_rows else []
        self.run(f"create stream {name} on table t append_only = true show_initial_rows = {str(with_rows).lower()}")

    def begin(self) -> None:
        self.in_transaction = True
        self.run("begin")

    def commit(self) -> None:
        self.in_transaction = False
        self.run("commit")

    def rollback(self) -> None:
        self.in_transaction = False
        self.model.rollback()
        self.run("rollback")

    def checkpoint(self) -> None:
        """DuckDB writes its file anew, and numbers rows anew where some were deleted."""
        self.server.engine.connection.execute('force checkpoint "DB"')

    def bounds(self) -> None:
        """Both hold the same, as the transaction under way sees it."""
        assert self.read("t") == sorted(self.model.table)
        for name, pending in self.model.pending.items():
            assert self.read(name) == sorted(pending), name

    def read(self, name: str) -> list[int]:
        rows = self.session.run(f"select a from {name}", []).python_rows()
        return sorted(int(str(a)) for (a,) in rows)


@pytest.mark.parametrize("seed", range(6))
def test_a_stream_delivers_every_row_that_was_appended_once(tmp_path: Path, seed: int) -> None:
    with SnowflakeServer("http://127.0.0.1:1", directory=tmp_path) as server:
        server.run_script(SETUP)
        for count in (1, 3, ROW_GROUP + 1):
            server.run_script(f"create table db.s.table_of_{count} (a number)")
            server.engine.connection.execute(f'insert into "DB"."$STATE"."S.TABLE_OF_{count}" from range({count})')
        walk = Walk(server, seed)
        for _ in range(STEPS):
            walk.step()
        if walk.in_transaction:
            walk.commit()
            walk.model.commit()
        walk.bounds()
        walk.session.close()


def test_a_row_keeps_its_id_until_it_is_delivered_and_in_every_stream(tmp_path: Path) -> None:
    ids = 'select metadata$row_id from db.s.early order by a'
    with SnowflakeServer("http://127.0.0.1:1", directory=tmp_path) as server:
        server.run_script(f"{SETUP}; create stream other on table t append_only = true")
        server.run_script("use schema db.s; use warehouse wh; insert into t values (1), (2)")
        before = server.query(ids)
        assert server.query(ids.replace("early", "other")) == before and len(set(before)) == 2
        server.run_script("use schema db.s; use warehouse wh; delete from t where a = 1")
        assert server.query(ids) == before
