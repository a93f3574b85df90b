"""Every call the functions make, struck by every fault: the rows, the columns, and one cell after another."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from local.aws.runtime_api import Work
from local.faults import Fault, Faults, FaultyRuntimeApi, Plan, Proxy, calls
from local.stack import FunctionFailed, Stack, Timing
from local.tests.expected import Landed, comparable, hourly_rows, judge, live, without_stamps
from local.tests.pipeline import Pipeline, deployed, snowline
from local.tests.pipeline import Row as Fields

TRANSFORM, LOAD, PUBLISH = "TransformFunction", "LoadFunction", "PublishFunction"
TIMING = Timing(retry_delays_s=(0.05, 0.05), batch_window_s=0.1, redelivery_s=0)
REQUEST_TIMEOUT_S = 1
DAG_TRIES = 4
"""A task of the DAG and its `retries`."""

PARTITION_ROWS = 20
"""So few that the list of columns, which load asks for once after it starts, is several partitions."""

HURRIED_S = 8.5
"""A time-out that leaves publish half a second: it stops working 8 s before its time is over."""

STATEMENT_S = 2.5
"""How long a statement takes that is to be cancelled: longer than its own time limit, a second."""

CANCELLED, TIMED_OUT = "000604", "000630"
"""What Snowflake says of a statement that was cancelled, or reached its time limit."""

LINES = 8
JUNK = gzip.compress((b"x" * 1_048_000 + b"\n") * 17, 1)
JUNK_LINES = 17
"""Rejects so long that the quarantine of their object goes out in parts: more than 16 MiB."""


@dataclass(frozen=True)
class Column:
    """A fault that strikes once, or until somebody puts things right."""

    name: str
    fault: Fault
    lasting: bool = False


COLUMNS = (
    Column("refused", Fault.REFUSED),
    Column("reset", Fault.RESET),
    Column("timeout", Fault.TIMEOUT),
    Column("400", Fault.BAD_REQUEST),
    Column("401", Fault.UNAUTHORIZED),
    Column("403", Fault.FORBIDDEN),
    Column("404", Fault.NOT_FOUND),
    Column("408", Fault.REQUEST_TIMEOUT),
    Column("422", Fault.UNPROCESSABLE),
    Column("429", Fault.THROTTLED),
    Column("429, Retry-After", Fault.THROTTLED_FOR),
    Column("500", Fault.SERVER_ERROR),
    Column("503", Fault.UNAVAILABLE),
    Column("truncated", Fault.TRUNCATED),
    Column("garbled", Fault.GARBLED),
    Column("slow", Fault.SLOW),
    Column("answer lost", Fault.LOST),
    Column("403 for long", Fault.FORBIDDEN, lasting=True),
)


@dataclass(frozen=True)
class Row:
    """A call of one function. A `cold` one is made by a new instance only, a `large` one for an object
    with so large an output. `task` is what publish does, `authentication` how it all signs in to
    Snowflake. `none` tells why there is no such cell."""

    name: str
    function: str
    call: calls.Call
    about: bytes = b""
    cold: bool = False
    large: bool = False
    task: str = "merge"
    authentication: str = "key-pair"
    none: frozenset[str] = frozenset()


NO_BODY = frozenset({"truncated", "garbled"})
NOT_WITHIN_A_HOST = frozenset({"timeout", "403 for long"})
NOT_OURS = frozenset(column.name for column in COLUMNS) - {"refused", "answer lost"}

GET = Row("S3 GetObject", TRANSFORM, calls.GET_OBJECT)
PUT = Row("S3 PutObject", TRANSFORM, calls.PUT_OBJECT, none=NO_BODY)
CREATE = Row("S3 CreateMultipartUpload", TRANSFORM, calls.CREATE_UPLOAD, large=True)
PART = Row("S3 UploadPart", TRANSFORM, calls.UPLOAD_PART, large=True, none=NO_BODY)
COMPLETE = Row("S3 CompleteMultipartUpload", TRANSFORM, calls.COMPLETE_UPLOAD, large=True)
SALT = Row("Secrets Manager GetSecretValue, salt", TRANSFORM, calls.GET_SECRET, b"HashSalt", cold=True)
KEY = Row("Secrets Manager GetSecretValue, key", LOAD, calls.GET_SECRET, b"SnowflakeKey", cold=True)
COPY = Row("Snowflake submit, COPY", LOAD, calls.SUBMIT, about=b"copy into")
COPY_POLL = Row("Snowflake poll, COPY", LOAD, calls.POLL)
PARTITION = Row("Snowflake partition", LOAD, calls.PARTITION, cold=True)
ANSWER = Row("Lambda answer of a batch", LOAD, calls.ANSWER, b"batchItemFailures", none=NOT_WITHIN_A_HOST)
DELETE = Row("SQS DeleteMessageBatch", LOAD, calls.DELETE_MESSAGES, none=NOT_OURS)
MERGE = Row("Snowflake submit, MERGE", PUBLISH, calls.SUBMIT, about=b"merge into")
MERGE_POLL = Row("Snowflake poll, MERGE", PUBLISH, calls.POLL)
CANCEL = Row("Snowflake cancel, MERGE", PUBLISH, calls.CANCEL)
LIST = Row("S3 ListObjectsV2", PUBLISH, calls.LIST_OBJECTS, task="audit")
IDENTITY = Row("STS GetWebIdentityToken", LOAD, calls.GET_IDENTITY, cold=True, authentication="workload-identity")

ROWS = (
    GET, PUT, CREATE, PART, COMPLETE, SALT, KEY, IDENTITY, COPY, COPY_POLL, PARTITION, ANSWER, DELETE,
    LIST, MERGE, MERGE_POLL, CANCEL,
)
JOURNEYS = (
    (IDENTITY,), (GET, KEY, LIST), (PUT, PARTITION, MERGE_POLL), (CREATE, ANSWER), (PART, COPY_POLL),
    (SALT, COPY, MERGE), (COMPLETE, DELETE), (CANCEL,),
)
"""What one object goes through: at most one fault a function, so that it is clear what each did; all
of them where functions sign in in the same way.
Before the cancellation come objects that no merge has seen."""


class CellFailed(AssertionError):
    """What is wrong with one cell of the matrix."""


@dataclass
class Matrix:
    """A pipeline whose functions reach everything through proxies, and what was found so far."""

    pipeline: Pipeline
    authentication: str
    faults: Faults
    handed_out: list[Work]
    lines: Iterator[bytes]
    cells: dict[tuple[str, str], str]
    landed: list[list[Landed]] = field(default_factory=list)
    ledger: dict[str, Fields] = field(default_factory=dict)
    struck_by: dict[str, str] = field(default_factory=dict)
    """The cells that an object went through, by its URI."""

    @property
    def stack(self) -> Stack:
        return self.pipeline.stack

    def run(self, column: Column) -> None:
        """Finds out every cell of a column."""
        for rows in JOURNEYS:
            ours = [row for row in rows if row.authentication == self.authentication]
            rows = [row for row in ours if column.name not in row.none]
            if rows == [CANCEL]:
                self._cancel(column)
            elif rows:
                self._travel(column, rows)
        for row in ROWS:
            if column.name in row.none:
                self.cells[row.name, column.name] = "-"

    def _travel(self, column: Column, rows: list[Row]) -> None:
        """Sends an object all the way, and brings back what was parked on it."""
        begun = len(self.handed_out)
        plans = {row: self._plan(column, row) for row in rows if row.function != PUBLISH}
        cells = f"{' and '.join(row.name for row in rows)}, {column.name}"
        self._land(cells, large=any(row.large for row in rows))
        self._settle(cells)
        for row, plan in plans.items():
            self.faults.drop(plan)
            parked = self._replay(row.function)
            self._settle(cells)
            again = "parked" if parked else "again" if self._repeated(row.function, begun) else None
            self._note(column, row, plan, again)
        for row in rows:
            if row.function == PUBLISH:
                plan = self._plan(column, row)
                self._note(column, row, plan, self._publish(row, plan))

    def _plan(self, column: Column, row: Row) -> Plan:
        if row.cold:
            self.stack.lambdas.recycle(self.stack.resources[row.function].physical_id)
        return self.faults.plan(row.call, column.fault, None if column.lasting else 1, row.about)

    def _note(self, column: Column, row: Row, plan: Plan, again: str | None) -> None:
        cell = f"{row.name}, {column.name}"
        if not plan.struck:
            raise CellFailed(f"{cell}: the fault never struck")
        if plan.outlasted:
            raise CellFailed(f"{cell}: the function waited longer than REQUEST_TIMEOUT_SECONDS")
        # A poll is followed by others anyway.
        resent = plan.resent and column.fault is not Fault.SLOW
        self.cells[row.name, column.name] = again or ("resent" if resent else "unnoticed")

    def _land(self, cells: str, large: bool) -> None:
        text = b"".join(next(self.lines) for _ in range(LINES))
        key = self.pipeline.land(f"object-{len(self.landed)}", gzip.compress(text) + (JUNK if large else b""))
        answer = self.stack.client("s3").head_object(Bucket=self.pipeline.bucket, Key=key)
        uri = f"s3://{self.pipeline.bucket}/{key}"
        accepted, rejects = judge(text, uri, answer["LastModified"])
        self.landed.append(accepted)
        counts = {"rows_accepted": len(accepted), "rows_rejected": len(rejects) + JUNK_LINES * large}
        self.ledger[uri] = {"_source_object": uri} | counts
        self.struck_by[uri] = cells

    def _settle(self, cells: str) -> None:
        try:
            self.stack.wait_until_idle(timeout_s=60)
        except TimeoutError as error:
            raise CellFailed(f"{cells}: {error}") from error

    def _replay(self, function: str) -> int:
        """Gives a function the events back that were parked; returns how many."""
        outputs = self.stack.outputs
        parked = outputs["TransformFailuresUrl" if function == TRANSFORM else "LoadDeadLetterQueueUrl"]
        events = self.stack.messages(parked)
        for event in events:
            if function == TRANSFORM:
                self.stack.invoke(TRANSFORM, event)
            else:
                sqs = self.stack.client("sqs")
                sqs.send_message(QueueUrl=outputs["LoadQueueUrl"], MessageBody=json.dumps(event))
        return len(events)

    def _repeated(self, function: str, begun: int) -> bool:
        """Whether the function was given an event twice: the same request, or the same message."""
        arn = self.stack.resources[function].arn
        events = [work for work in self.handed_out[begun:] if work.function_arn == arn]
        if function == LOAD:
            records = [record for work in events for record in json.loads(work.payload)["Records"]]
            names = [record["messageId"] for record in records]
        else:
            names = [work.request_id for work in events]
        return len(set(names)) < len(names)

    def _publish(self, row: Row, plan: Plan) -> str | None:
        """Runs a task as the DAG does, and then as somebody who clears it."""
        for attempt in range(DAG_TRIES):
            try:
                self.pipeline.publish(row.task)
                self.faults.drop(plan)
                return "again" if attempt else None
            except FunctionFailed:
                continue
        self.faults.drop(plan)
        self.pipeline.publish(row.task)
        return "parked"

    def _cancel(self, column: Column) -> None:
        """Lets a merge outlive its invocation, and looks at what became of it."""
        self.pipeline.snowflake.slow_next(STATEMENT_S)
        plan = self._plan(column, CANCEL)
        result = self.stack.lambdas.invoke(hurried_name(self.stack), b'{"task": "merge"}')
        self.faults.clear()
        statement = self.pipeline.snowflake.history[-1]
        stopped = statement.done.is_set()
        statement.done.wait(STATEMENT_S + 10)
        ended = statement.error.code if statement.error else None
        if statement.handle.encode() not in result.payload:
            raise CellFailed(f"{CANCEL.name}, {column.name}: the error does not name the statement: {result.payload!r}")
        if b"was stopped" in result.payload and not stopped:
            raise CellFailed(f"{CANCEL.name}, {column.name}: a statement is called stopped that was running")
        self._note(column, CANCEL, plan, {CANCELLED: None, TIMED_OUT: "limit"}.get(ended, "ran on"))

    def compare(self) -> None:
        """Publishes, and holds every table against what the oracle makes of all that landed."""
        self.pipeline.publish("audit")
        self.pipeline.publish("merge")
        rows, salt = self.pipeline.rows, self.pipeline.salt
        events = [event for accepted in self.landed for event in accepted]
        processed = {
            "staging.orders": [event.processed_row(salt) for event in events],
            "staging.orders_hourly": [row for accepted in self.landed for row in hourly_rows(accepted)],
            "analytics.processed_orders": [event.processed_row(salt) for event in live(events)],
        }
        for table, expected in processed.items():
            self._expect_equal(table, without_stamps(rows(table)), comparable(expected))
        counts = [
            {"_source_object": f"s3://{row['bucket']}/{row['key']}"}
            | {name: row[name] for name in ("rows_accepted", "rows_rejected")}
            for row in rows("ops.ledger")
        ]
        self._expect_equal("ops.ledger", comparable(counts), comparable(list(self.ledger.values())))

    def _expect_equal(self, table: str, found: list[Fields], expected: list[Fields]) -> None:
        if found == expected:
            return
        surplus, missing = list(found), []
        for row in expected:
            if row in surplus:
                surplus.remove(row)
            else:
                missing.append(row)
        cells = sorted({self.struck_by[row["_source_object"]] for row in surplus + missing})
        raise CellFailed(f"{table} after {'; '.join(cells)}: missing {missing[:3]}, surplus {surplus[:3]}")


def hurried_name(stack: Stack) -> str:
    return f"{stack.resources[PUBLISH].physical_id}-hurried"


@contextmanager
def matrix(folder: Path, authentication: str, cells: dict[tuple[str, str], str]) -> Iterator[Matrix]:
    """Deploys the pipeline behind the proxies, with a publish function more that has little time.

    What is found goes into `cells`.
    """
    faults, handed_out = Faults(), []
    lines = snowline(
        "generate", "--count", str((len(COLUMNS) * len(JOURNEYS) + 1) * LINES), "--seed", "11", "--bad", "0.03",
        "--duplicates", "0.03", "--span", "8h",
    )
    with (
        Proxy(faults, lambda: stack.endpoint_url) as aws,
        Proxy(faults, lambda: pipeline.snowflake.url) as snowflake,
    ):
        environment = {"AWS_ENDPOINT_URL": aws.url, "REQUEST_TIMEOUT_SECONDS": str(REQUEST_TIMEOUT_S)}
        stack = Stack(
            timing=TIMING,
            run_directory=folder,
            function_environment=environment,
            runtime_api=lambda: FaultyRuntimeApi(faults, handed_out),
        )
        parameters = {"SnowflakeUrl": snowflake.url}
        with deployed(folder, authentication, parameters, stack=stack, partition_rows=PARTITION_ROWS) as pipeline:
            hurried = replace(stack.functions[PUBLISH], name=hurried_name(stack), timeout_s=HURRIED_S)
            stack.lambdas.create(hurried)
            # Its first invocation has more to do than to merge.
            stack.lambdas.invoke(hurried.name, b'{"task": "merge"}')
            lines_left = iter(lines.splitlines(keepends=True))
            yield Matrix(pipeline, authentication, faults, handed_out, lines_left, cells)
