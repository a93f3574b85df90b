"""Airflow in a drill: audit, merge and check with the retries of the DAG, and what MWAA tells of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from local.aws.cloudwatch.metrics import Metric, MetricData
from local.stack import FunctionFailed
from local.tests.pipeline import Pipeline

TASKS = ("audit", "merge", "check")
RETRIES = 3
"""Of each task, as in mwaa/dags; its pauses of five minutes are left out."""
ENVIRONMENT = "drill"


class Airflow:
    """Runs the DAG when told to; `off` is a scheduler that has stopped."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._runs: list[tuple[float, float, bool]] = []
        self._count = 0
        self.off = False

    def run(self) -> None:
        """One run, up to the first task that fails every time."""
        if self.off:
            return
        begun = time.time()
        self._count += 1
        run_id = f"drill__{self._count}"
        succeeded = all(self._task(task, run_id) for task in TASKS)
        self._runs.append((time.time(), (time.time() - begun) * 1000, succeeded))

    def collect(self, data: MetricData, to_metric_time: Callable[[float], float]) -> None:
        """Adds the metrics of the runs that ended since the last call: a timer, one sample a run."""
        dimensions = [("Environment", ENVIRONMENT), ("DAG", f"snowline_{self._pipeline.dataset.name}")]
        for ended, milliseconds, succeeded in self._runs:
            name = "DAGDurationSuccess" if succeeded else "DAGDurationFailed"
            data.put(Metric.of("AmazonMWAA", name, dimensions), milliseconds, "Milliseconds", to_metric_time(ended))
        self._runs.clear()

    def _task(self, task: str, run_id: str) -> bool:
        for _ in range(1 + RETRIES):
            try:
                self._pipeline.publish(task, run_id)
            except FunctionFailed:
                continue
            return True
        return False
