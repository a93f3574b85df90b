"""What strikes, which alarms must say so, and the cure."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from local.drill.airflow import Airflow
from local.drill.producer import Producer
from local.tests.lineage_receiver import Receiver
from local.tests.pipeline import Pipeline, snowline

AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"
ROLES = ("snowline_load", "snowline_publish")
LATE = timedelta(minutes=20)
POLL_S = 0.005


@dataclass(frozen=True)
class Limits:
    """Thresholds that a drill lowers, so that it need not wait or send for long; None keeps the template's."""

    copy_ms: int | None = 4_000
    transform_ms: int | None = 2_000
    put_requests: int | None = 150
    stalled_s: int = 1_800

    @property
    def parameters(self) -> dict[str, str]:
        """As parameters of the template."""
        wanted = {
            "MaxLoadMilliseconds": self.copy_ms, "MaxTransformMilliseconds": self.transform_ms,
            "MaxPutRequests": self.put_requests, "StalledAfterSeconds": self.stalled_s,
        }
        return {name: str(value) for name, value in wanted.items() if value is not None}


@dataclass
class Scene:
    """What faults act on."""

    pipeline: Pipeline
    producer: Producer
    airflow: Airflow
    limits: Limits
    lineage: Receiver
    load_is_stopped: bool = False


def _nothing(_scene: Scene) -> None:
    pass


@dataclass(frozen=True)
class Fault:
    """A fault: strikes at the beginning of a step, `meanwhile` once the orders of a step are sent,
    and is cured after its last step. `steps` is how many it takes until every alarm must be raised."""

    name: str
    alarms: frozenset[str]
    strike: Callable[[Scene], None] = _nothing
    cure: Callable[[Scene], None] = _nothing
    meanwhile: Callable[[Scene], None] = _nothing
    steps: int = 1


def _producer_stops(scene: Scene) -> None:
    scene.producer.off = True


def _producer_runs(scene: Scene) -> None:
    scene.producer.off = False


def _bad_rows(scene: Scene) -> None:
    scene.producer.bad_share = 0.05


def _good_rows(scene: Scene) -> None:
    scene.producer.bad_share = 0.0


def _land_a_torn_object(scene: Scene) -> None:
    scene.pipeline.land("torn.gz", gzip.compress(b'{"order_id": "1"}\n' * 1000)[:-20])


def _take_out_failures(scene: Scene) -> None:
    stack = scene.pipeline.stack
    stack.messages(stack.outputs["TransformFailuresUrl"])


def _slow_copy(scene: Scene) -> None:
    limit_ms = scene.limits.copy_ms or 30_000
    scene.pipeline.snowflake.slow_next(limit_ms / 1000 + 0.2)


def _freeze_transform(scene: Scene) -> None:
    limit_ms = scene.limits.transform_ms or 240_000
    for instance in scene.pipeline.stack.instances("TransformFunction"):
        instance.freeze(limit_ms / 1000 + 1.0)


def _put_many_objects(scene: Scene) -> None:
    for number in range((scene.limits.put_requests or 10_000) + 1):
        scene.pipeline.s3.put_object(Bucket=scene.pipeline.bucket, Key=f"other/{number}", Body=b"")


def _orders_late(scene: Scene) -> None:
    """Twenty minutes pass in an instant: what is in analytics ages, and what comes is as late."""
    scene.producer.late_by = LATE
    minutes = int(LATE.total_seconds() / 60)
    scene.pipeline.snowflake.run_script(f"""{AS_OWNER}
        update analytics.processed_orders set order_timestamp = dateadd(minute, -{minutes}, order_timestamp)
    """)


def _orders_are_of_now(scene: Scene) -> None:
    scene.producer.late_by = timedelta()


def _lose_staged_rows(scene: Scene) -> None:
    scene.pipeline.snowflake.run_script(f"""{AS_OWNER}
        create table staging.lost as
        select * from staging.orders where _source_line <= 3;
        delete from staging.orders where _source_line <= 3;
    """)


def _restore_staged_rows(scene: Scene) -> None:
    scene.pipeline.snowflake.run_script(f"""{AS_OWNER}
        insert into staging.orders select * from staging.lost;
        drop table staging.lost;
    """)


def _snowflake_refuses(scene: Scene) -> None:
    for role in ROLES:
        scene.pipeline.snowflake.run_script(f"revoke usage on warehouse snowline_wh from role {role}")


def _snowflake_accepts(scene: Scene) -> None:
    for role in ROLES:
        scene.pipeline.snowflake.run_script(f"grant usage on warehouse snowline_wh to role {role}")
    stack = scene.pipeline.stack
    queues = stack.outputs["LoadDeadLetterQueueUrl"], stack.outputs["LoadQueueUrl"]
    snowline("replay", "--queue", queues[0], "--to", queues[1], environment=stack.environment)


def _stop_load(scene: Scene) -> None:
    scene.load_is_stopped = True
    scene.pipeline.stack.lambdas.reserve(scene.pipeline.stack.resources["LoadFunction"].physical_id, 0)


def _let_load_run(scene: Scene) -> None:
    scene.load_is_stopped = False
    scene.pipeline.stack.lambdas.reserve(scene.pipeline.stack.resources["LoadFunction"].physical_id, None)


def _hold_load(scene: Scene) -> None:
    scene.pipeline.snowflake.slow_next(0.3)


def _kill_load(scene: Scene) -> None:
    """Kills the load in the middle of its next invocation."""

    def wait_and_kill() -> None:
        while not any(instance.request_id and instance.kill()
                      for instance in scene.pipeline.stack.instances("LoadFunction")):
            time.sleep(POLL_S)

    threading.Thread(target=wait_and_kill, daemon=True).start()


def _scheduler_stops(scene: Scene) -> None:
    scene.airflow.off = True


def _scheduler_runs(scene: Scene) -> None:
    scene.airflow.off = False


def _three_times_the_rows(scene: Scene) -> None:
    scene.producer.times = 3


def _usual_rows(scene: Scene) -> None:
    scene.producer.times = 1


def _twice_the_value(scene: Scene) -> None:
    scene.producer.value_factor = 2


def _usual_value(scene: Scene) -> None:
    scene.producer.value_factor = 1


def _lineage_is_refused(scene: Scene) -> None:
    scene.lineage.behaviour = "fail"


def _lineage_is_taken(scene: Scene) -> None:
    scene.lineage.behaviour = "accept"


_DAG_FAILS = {"publish-errors", "dag-success-rate"}


def _fault(name: str, alarms: set[str], *hooks: Callable[[Scene], None], **more: object) -> Fault:
    return Fault(name, frozenset(alarms), *hooks, **more)  # type: ignore[arg-type]


ORDERS_LATE = _fault(
    "orders come 20 minutes late", {"freshness"} | _DAG_FAILS, _orders_late, _orders_are_of_now, steps=3
)
ROWS_LOST = _fault(
    "rows vanish from staging", {"ledger-mismatches"} | _DAG_FAILS, _lose_staged_rows, _restore_staged_rows
)
SNOWFLAKE_REFUSES = _fault(
    "Snowflake refuses both roles", {"load-dead-letters"} | _DAG_FAILS, _snowflake_refuses, _snowflake_accepts
)
PRODUCER_STOPS = _fault("producer stops", {"incoming-records"}, _producer_stops, _producer_runs)
LINEAGE_REFUSED = _fault(
    "the lineage receiver fails", {"lineage-failures"}, _lineage_is_refused, _lineage_is_taken
)
BAD_ROWS = _fault("5 % bad rows", {"reject-rate"}, _bad_rows, _good_rows)
TORN_OBJECT = _fault(
    "a torn landing object", {"transform-errors", "transform-failures"}, _land_a_torn_object, _take_out_failures
)
SLOW_COPY = _fault("a slow COPY", {"load-time"}, _slow_copy)
SLOW_TRANSFORM = _fault("transform's host freezes", {"transform-duration"}, meanwhile=_freeze_transform)
MANY_PUTS = _fault("many small objects", {"put-requests"}, _put_many_objects)
LOAD_KILLED = _fault("load is killed", {"load-errors"}, _hold_load, meanwhile=_kill_load)
LOAD_STOPS = _fault("load gets no concurrency", {"throttles", "load-queue-age"}, _stop_load, _let_load_run, steps=5)
DAG_STALLS = _fault("Airflow's scheduler stops", {"publish-stalled"}, _scheduler_stops, _scheduler_runs, steps=6)
MORE_ROWS = _fault("three times the rows", {"rows-anomaly"}, _three_times_the_rows, _usual_rows, steps=3)
VALUES_DOUBLED = _fault("amounts counted double", {"value-anomaly"}, _twice_the_value, _usual_value, steps=3)
