"""CloudWatch in a drill: gathers metrics, evaluates the alarms, notifies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.sns.models import sns_backends

from local.aws.cloudformation import ACCOUNT, REGION
from local.aws.cloudwatch import MetricData, alarms, emf
from local.aws.cloudwatch.alarms import Alarm, Change
from local.aws.cloudwatch.services import ServiceMetrics
from local.drill.airflow import Airflow
from local.drill.clock import Clock
from local.stack import Stack


class Monitor:
    """The metrics of a run, and the alarms of the template that was deployed."""

    def __init__(self, stack: Stack, clock: Clock, airflow: Airflow) -> None:
        self.data = MetricData()
        self.alarms = {alarm.name.removeprefix("snowline-"): alarm for alarm in alarms.read_all(stack.deployment)}
        self._clock = clock
        self._airflow = airflow
        self._logs = emf.Logs(stack.logs)
        self._services = ServiceMetrics(stack)

    def end_step(self) -> None:
        """Ends the step: gathers what it emitted, and evaluates every alarm."""
        self._clock.end_step()
        to_metric_time, now = self._clock.metric_time, self._clock.now
        emf.collect(self._logs, self.data, to_metric_time)
        self._services.collect(self.data, to_metric_time)
        self._services.sample_queues(self.data, now - 1, to_metric_time)
        self._airflow.collect(self.data, to_metric_time)
        for alarm in self.alarms.values():
            before = alarm.state
            if change := alarm.evaluate(self.data, now):
                _notify(alarm, before, change)


def _notify(alarm: Alarm, before: str, change: Change) -> None:
    """Publishes a change to the topics of the alarm, as CloudWatch does."""
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "NewStateValue": change.state,
        "OldStateValue": before,
        "NewStateReason": f"{change.value} against {change.threshold}",
        "StateChangeTime": datetime.fromtimestamp(change.at, UTC).isoformat(timespec="milliseconds"),
    }
    for topic in alarm.actions.get(change.state, []):
        sns_backends[ACCOUNT][REGION].publish(
            message=json.dumps(message), arn=topic, subject=f'{change.state}: "{alarm.name}"'
        )


def notifications(topic: str) -> list[dict[str, Any]]:
    """Every message that a topic got."""
    return [json.loads(message) for _, message, *_ in sns_backends[ACCOUNT][REGION].topics[topic].sent_notifications]
