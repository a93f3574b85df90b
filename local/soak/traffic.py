"""What goes on while the killer is at work: arrivals, redelivery, the DAG, replays."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.soak.killer import SoakFailed, was_killed
from local.stack import FunctionFailed
from local.tests.pipeline import Pipeline

AHEAD = 4
PACE_S = 0.02
REDELIVERY_PAUSE_S = 0.5
MOST_UNDER_WAY = 40
TASK_RETRIES = 3
TASK_PAUSE_S = 0.3
TWO_MERGES_SHARE = 0.3
REPLAY_PAUSE_S = 0.5


class Producer:
    """Lands the objects in step with the kills, so that there is traffic from the first to the last."""

    def __init__(self, pipeline: Pipeline, objects: list[bytes], choice: random.Random) -> None:
        self._pipeline = pipeline
        self._objects = objects
        self._names = [f"orders_{choice.getrandbits(32):08x}.gz" for _ in objects]
        self.landed = 0
        self.share_wanted = 0.0

    def run(self, over: threading.Event) -> None:
        """Lands until `over`."""
        while not over.wait(PACE_S):
            self.land(int(self.share_wanted * len(self._objects)) + AHEAD)

    def land(self, count: int | None = None) -> None:
        """Lands the first `count` objects, those that have not landed; all by default."""
        for at in range(self.landed, len(self._objects))[: None if count is None else max(0, count - self.landed)]:
            self._pipeline.land(self._names[at], gzip.compress(self._objects[at], mtime=0))
            self.landed += 1


class Redelivery:
    """Delivers notifications of every kind again, shuffled."""

    def __init__(self, pipeline: Pipeline, choice: random.Random) -> None:
        self._stack = pipeline.stack
        self._choice = choice
        self.delivered = 0

    def run(self, over: threading.Event) -> None:
        """Redelivers until `over`."""
        choice = self._choice
        while not over.wait(choice.uniform(0, REDELIVERY_PAUSE_S)):
            if self._stack.backlog > MOST_UNDER_WAY:
                continue
            zone = choice.choice(("landing/", "landing/", "processed/", "ledger/"))
            key = choice.choice([one.key for one in self._stack.events.history if one.key.startswith(zone)])
            # Up to the second digit of an identifier: this object, and a few that are not its neighbours.
            prefix = key[: key.rindex("_") + 3]
            self.delivered += self._stack.events.redeliver(prefix, choice.randint(1, 2), choice)


class Airflow:
    """Runs the DAG again and again: audit, merge and check, each with its retries."""

    def __init__(self, pipeline: Pipeline, choice: random.Random) -> None:
        self._pipeline = pipeline
        self._choice = choice
        self._runs = 0
        self._counting = threading.Lock()
        self.counts: Counter[str] = Counter()
        """`audit`, `merge` and `check` that were answered, `retries`, and `given_up` tasks."""

    def run(self, over: threading.Event) -> None:
        """Runs until `over`; raises `FunctionFailed` when a task fails by itself."""
        with ThreadPoolExecutor(2) as pool:
            while not over.is_set():
                self._runs += 1
                for task in ("audit", "merge", "check"):
                    over.wait(self._choice.uniform(0, TASK_PAUSE_S))
                    # Two merges, as when somebody starts the DAG by hand beside its schedule.
                    twice = task == "merge" and self._choice.random() < TWO_MERGES_SHARE
                    list(pool.map(self.task, [task] * (1 + twice), [f"soak-{self._runs}"] * (1 + twice)))

    def task(self, name: str, run_id: str) -> Any:
        """The answer of a task; None when it was killed at each of its tries."""
        for attempt in range(1 + TASK_RETRIES):
            if attempt:
                self._count("retries")
            try:
                answer = self._pipeline.publish(name, run_id)
            except FunctionFailed as failure:
                if not was_killed(str(failure)):
                    raise
            else:
                self._count(name)
                return answer
        self._count("given_up")
        return None

    def _count(self, what: str) -> None:
        with self._counting:
            self.counts[what] += 1


class Replay:
    """Sends what was parked again, as a person does who has read why."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._stack = pipeline.stack
        self._sqs = pipeline.stack.client("sqs")
        self.events = 0
        self.messages = 0

    def run(self, over: threading.Event) -> None:
        """Replays until `over`."""
        while not over.wait(REPLAY_PAUSE_S):
            self.replay()

    def replay(self) -> int:
        """Replays what is parked now; returns how much it was.

        Raises `SoakFailed` for an event that was not killed too often: the function itself failed.
        """
        outputs = self._stack.outputs
        events = self._stack.messages(outputs["TransformFailuresUrl"])
        for record in events:
            if not was_killed(json.dumps(record["responsePayload"])):
                raise SoakFailed(f"parked in TransformFailures: {json.dumps(record)}")
            self._stack.invoke_async("TransformFunction", record["requestPayload"])
        messages = self._stack.messages(outputs["LoadDeadLetterQueueUrl"])
        for body in messages:
            self._sqs.send_message(QueueUrl=outputs["LoadQueueUrl"], MessageBody=json.dumps(body))
        self.events += len(events)
        self.messages += len(messages)
        return len(events) + len(messages)
