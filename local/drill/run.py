"""One drill: quiet, then the faults, each over its steps, then quiet again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local.aws.cloudwatch.alarms import Change
from local.drill import faults
from local.drill.airflow import ENVIRONMENT, Airflow
from local.drill.clock import Clock
from local.drill.faults import Fault, Limits, Scene
from local.drill.monitor import Monitor
from local.drill.producer import Producer
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
    (faults.SNOWFLAKE_REFUSES, 21),
    (faults.LOAD_KILLED, 22),
    (faults.DAG_STALLS, 25),
    (faults.LOAD_STOPS, 25),
    (faults.MORE_ROWS, 29),
    (faults.OTHER_UNIT, 29),
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
    limits: Limits = field(default_factory=Limits)
    seed: int = 1
    progress: Callable[[str], None] = lambda _: None
    alarmed: list[Alarmed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.airflow = Airflow(self.pipeline)
        self.monitor = Monitor(self.pipeline.stack, self.clock, self.airflow)
        self.scene = Scene(self.pipeline, Producer(self.pipeline, self.seed), self.airflow, self.limits)

    def run(self) -> None:
        """Goes through the plan; raises `DrillFailed` naming the alarm and the step."""
        for step in range(STEPS):
            begun = [fault for fault, begin in PLAN if begin == step]
            running = [fault for fault, begin in PLAN if begin <= step < begin + fault.steps]
            over = [fault for fault, begin in PLAN if begin + fault.steps == step + 1]
            self._step(step, begun, running)
            self._judge(step, over)
            for fault in over:
                fault.cure(self.scene)
        if self.monitor.raised:
            raise DrillFailed(f"at the end there are still {', '.join(sorted(self.monitor.raised))}")

    def _step(self, step: int, begun: list[Fault], running: list[Fault]) -> None:
        names = ", ".join(fault.name for fault in running) or "quiet"
        self.progress(f"step {step + 1} of {STEPS}: {names}")
        for fault in begun:
            fault.strike(self.scene)
        self.scene.producer.send()
        for fault in running:
            fault.meanwhile(self.scene)
        self._settle()
        if step % DAG_EVERY_STEPS == 0:
            self.airflow.run()
        self.monitor.end_step()

    def _judge(self, step: int, over: list[Fault]) -> None:
        """Holds the alarms of this moment against what the plan expects."""
        raised = self.monitor.raised
        if step + 1 == QUIET_STEPS:
            states = {name: alarm.state for name, alarm in self.monitor.alarms.items() if alarm.state != "OK"}
            if states:
                raise DrillFailed(f"while all is quiet: {states}")
        self._remember(step)
        expected = {alarm for fault, begin in PLAN if begin <= step for alarm in fault.alarms}
        if unexpected := raised - expected:
            raise DrillFailed(f"step {step + 1}: {', '.join(sorted(unexpected))} without a fault")
        for fault in over:
            if silent := fault.alarms - raised:
                raise DrillFailed(f"{fault.name}: no alarm {', '.join(sorted(silent))}")

    def _remember(self, step: int) -> None:
        for name, alarm in self.monitor.alarms.items():
            change = alarm.changes[-1] if alarm.changes else None
            if change is None or change.at != self.clock.now:
                continue
            if change.state == "ALARM":
                causes = [(fault, begin) for fault, begin in PLAN
                          if begin <= step < begin + fault.steps and name in fault.alarms]
                if causes:
                    fault, begin = causes[0]
                    struck = self.clock.now - (step + 1 - begin) * 300
                    self.alarmed.append(Alarmed(fault.name, name, struck, change))
            for one in self.alarmed:
                if one.alarm == name and one.recovered is None and change.state == "OK":
                    one.recovered = change

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


def parameters(limits: Limits) -> dict[str, str]:
    """What a drill deploys the template with."""
    return limits.parameters | {
        "AirflowEnvironmentName": ENVIRONMENT, "AlarmEmail": "on-call@example.com",
        # One landing object a step.
        "FirehoseBufferMiB": "8",
    }
