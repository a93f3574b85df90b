"""One drill: quiet, then the faults, each over its steps, then quiet again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from local.aws.cloudwatch.alarms import Change
from local.drill import faults
from local.drill.airflow import ENVIRONMENT, Airflow
from local.drill.clock import STEP_S, Clock
from local.drill.faults import Fault, Limits, Scene
from local.drill.monitor import Monitor
from local.drill.producer import Producer
from local.tests.lineage_receiver import Receiver
from local.tests.pipeline import Pipeline

QUIET_STEPS = 9
"""As many as the anomaly alarms need to know what is usual."""
DAG_EVERY_STEPS = 3
SETTLE_TIMEOUT_S = 60
POLL_S = 0.02

# The DAG runs in every third step: what shows in it strikes there. Those that fail it come first, as
# its success rate is that of an hour.
PLAN: list[tuple[Fault, int]] = [
    (faults.ORDERS_LATE, 10),
    (faults.TORN_OBJECT, 10),
    (faults.PRODUCER_STOPS, 11),
    (faults.BAD_ROWS, 12),
    (faults.SLOW_COPY, 13),
    (faults.SLOW_TRANSFORM, 14),
    (faults.ROWS_LOST, 15),
    (faults.MANY_PUTS, 16),
    (faults.LINEAGE_REFUSED, 19),
    (faults.SNOWFLAKE_REFUSES, 21),
    (faults.LOAD_KILLED, 22),
    (faults.DAG_STALLS, 25),
    (faults.LOAD_STOPS, 25),
    (faults.MORE_ROWS, 29),
    (faults.VALUES_DOUBLED, 29),
]
"""Each fault and the step it begins with."""
STEPS = 34


class DrillFailed(Exception):
    """An alarm was raised that should not be, or was not that should."""


@dataclass
class Alarmed:
    """An alarm that a fault raised: when it began, and both changes of the alarm's state."""

    fault: str
    alarm: str
    struck: float
    raised: Change
    recovered: Change | None = None


@dataclass
class Drill:
    """A deployed pipeline with its monitor."""

    pipeline: Pipeline
    lineage: Receiver
    limits: Limits = field(default_factory=Limits)
    seed: int = 1
    progress: Callable[[str], None] = lambda _: None
    alarmed: list[Alarmed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.airflow = Airflow(self.pipeline)
        self.monitor = Monitor(self.pipeline.stack, self.clock, self.airflow)
        self.scene = Scene(self.pipeline, Producer(self.pipeline, self.seed), self.airflow, self.limits, self.lineage)

    def run(self) -> None:
        """Goes through the plan; raises `DrillFailed` naming the alarm and the step."""
        for step in range(STEPS):
            running = [(fault, begin) for fault, begin in PLAN if begin <= step < begin + fault.steps]
            self._step(step, running)
            for alarm, change in self._changes():
                self._remember(step, running, alarm, change)
            if step + 1 == QUIET_STEPS:
                self._must_be_ok("while all is quiet")
            for fault in (fault for fault, begin in running if begin + fault.steps == step + 1):
                if silent := fault.alarms - self._raised_by(fault):
                    raise DrillFailed(f"{fault.name}: no alarm {', '.join(sorted(silent))}")
                fault.cure(self.scene)
        self._must_be_ok("at the end")

    def _step(self, step: int, running: list[tuple[Fault, int]]) -> None:
        names = ", ".join(fault.name for fault, _ in running) or "quiet"
        self.progress(f"step {step + 1} of {STEPS}: {names}")
        for fault in (fault for fault, begin in running if begin == step):
            fault.strike(self.scene)
        self.scene.producer.send()
        for fault, _ in running:
            fault.meanwhile(self.scene)
        self._settle()
        if step % DAG_EVERY_STEPS == 0:
            self.airflow.run()
        self.monitor.end_step()

    def _changes(self) -> Iterator[tuple[str, Change]]:
        """The alarms whose state changed at the end of this step."""
        for name, alarm in self.monitor.alarms.items():
            if alarm.changes and alarm.changes[-1].at == self.clock.now:
                yield name, alarm.changes[-1]

    def _remember(self, step: int, running: list[tuple[Fault, int]], alarm: str, change: Change) -> None:
        """Notes whose alarm it is; raises `DrillFailed` if it is nobody's."""
        if change.state == "ALARM":
            owner = next(((fault, begin) for fault, begin in running if alarm in fault.alarms), None)
            if owner is None:
                raise DrillFailed(f"step {step + 1}: {alarm} at {change.value} without a fault")
            fault, begin = owner
            self.alarmed.append(Alarmed(fault.name, alarm, self.clock.now - (step + 1 - begin) * STEP_S, change))
            return
        for one in self.alarmed:
            if one.alarm == alarm and one.recovered is None:
                one.recovered = change

    def _raised_by(self, fault: Fault) -> set[str]:
        """The alarms that a fault raised, and those that an earlier one raised and that still stand."""
        standing = {name for name, alarm in self.monitor.alarms.items() if alarm.state == "ALARM"}
        return standing | {one.alarm for one in self.alarmed if one.fault == fault.name}

    def _must_be_ok(self, when: str) -> None:
        states = {name: alarm.state for name, alarm in self.monitor.alarms.items() if alarm.state != "OK"}
        if states:
            raise DrillFailed(f"{when}: {states}")

    def _settle(self) -> None:
        """Waits until nothing is under way; with the load stopped, files stay in its queue."""
        stack = self.pipeline.stack
        stack.firehose.flush()
        end = time.monotonic() + SETTLE_TIMEOUT_S
        while (busy := stack.busy()) is not None:
            if self.scene.load_is_stopped and "messages" in busy:
                return
            if time.monotonic() > end:
                raise DrillFailed(f"still busy after {SETTLE_TIMEOUT_S} s: {busy}")
            time.sleep(POLL_S)


def parameters(limits: Limits, lineage: Receiver) -> dict[str, str]:
    """What a drill deploys the template with."""
    return limits.parameters | {
        "AirflowEnvironmentName": ENVIRONMENT, "AlarmEmail": "on-call@example.com",
        "LineageTo": lineage.url,
        # One landing object a step.
        "FirehoseBufferMiB": "8",
    }
