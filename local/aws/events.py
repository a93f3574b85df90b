"""S3 event notifications, shaped and delivered as the service does.

moto calls one function whenever an object comes to be (put, copy, completed multipart
upload); `S3Events.attach` puts ours in its place. Delivery is asynchronous and in the
order of the writes; `redeliver` makes duplicates and other orders on demand.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from moto.s3 import notifications as moto_notifications
from moto.s3.notifications import S3NotificationEvent

Record = dict[str, Any]
Deliver = Callable[[str, str], None]


@dataclass(frozen=True)
class Route:
    """One entry of a bucket's NotificationConfiguration."""

    bucket: str
    event: str
    prefix: str
    suffix: str
    target_arn: str

    def matches(self, bucket: str, event: str, key: str) -> bool:
        """Whether an event (s3:ObjectCreated:Put) of an object goes this way."""
        wanted = self.event.removesuffix("*")
        matches_event = event.startswith(wanted) if self.event.endswith("*") else event == wanted
        return bucket == self.bucket and matches_event and key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass(frozen=True)
class Delivery:
    """A notification that was delivered; `key` is not encoded."""

    route: Route
    key: str
    record: Record


class S3Events:
    """Delivers notifications of the routed buckets.

    `invoke_lambda` and `send_to_queue` take the target's ARN and the event as JSON.
    """

    def __init__(self, region: str, invoke_lambda: Deliver, send_to_queue: Deliver) -> None:
        self._region = region
        self._invoke_lambda = invoke_lambda
        self._send_to_queue = send_to_queue
        self._routes: list[Route] = []
        self._outbox: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._undelivered = 0
        self._history: list[Delivery] = []
        threading.Thread(target=self._deliver_all, daemon=True).start()

    def attach(self) -> None:
        """Takes over moto's notifications in this process."""
        moto_notifications.send_event = self._observe

    def add(self, route: Route) -> None:
        """Adds a route; a queue gets the s3:TestEvent that the service sends it."""
        self._routes.append(route)
        if ":sqs:" in route.target_arn:
            self._send_to_queue(route.target_arn, json.dumps(_test_event(route.bucket)))

    @property
    def pending(self) -> int:
        """Notifications not yet delivered."""
        return self._undelivered

    @property
    def history(self) -> list[Delivery]:
        """Every notification in the order of the writes, each once."""
        with self._lock:
            return list(self._history)

    def redeliver(self, prefix: str = "", times: int = 1, shuffle: random.Random | None = None) -> int:
        """Delivers the notifications of keys under `prefix` again, `times` over.

        In the order of the writes, or shuffled. Returns how many were queued.
        """
        again = [delivery for delivery in self.history if delivery.key.startswith(prefix)] * times
        if shuffle is not None:
            shuffle.shuffle(again)
        self._enqueue(again)
        return len(again)

    def stop(self) -> None:
        """Stops delivering."""
        self._outbox.put(None)

    def _observe(self, _account_id: str, event: S3NotificationEvent, bucket: Any, key: Any) -> None:
        """Has the signature of moto's send_event."""
        if event is S3NotificationEvent.OBJECT_CREATED_PUT_EVENT and key.multipart is not None:
            # moto puts the parts of an upload together by a put: only its completion counts.
            return
        routes = [route for route in self._routes if route.matches(bucket.name, event.value, key.name)]
        if not routes:
            return
        record = event_record(self._region, event.value, bucket.name, key)
        deliveries = [Delivery(route, key.name, record) for route in routes]
        with self._lock:
            self._history.extend(deliveries)
        self._enqueue(deliveries)

    def _enqueue(self, deliveries: list[Delivery]) -> None:
        with self._lock:
            self._undelivered += len(deliveries)
        for delivery in deliveries:
            self._outbox.put(delivery)

    def _deliver_all(self) -> None:
        while (delivery := self._outbox.get()) is not None:
            body = json.dumps({"Records": [delivery.record]})
            send = self._invoke_lambda if ":lambda:" in delivery.route.target_arn else self._send_to_queue
            send(delivery.route.target_arn, body)
            with self._lock:
                self._undelivered -= 1


def event_record(region: str, event: str, bucket: str, key: Any) -> Record:
    """The notification record of a moto object, complete as the service sends it."""
    stored = {
        "key": encode_key(key.name),
        "size": key.size,
        "eTag": key.etag.strip('"'),
        "sequencer": f"{time.time_ns():016X}",
    }
    if key.version_id not in (None, "null"):
        stored["versionId"] = key.version_id
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": _now(),
        "eventName": event.removeprefix("s3:"),
        "userIdentity": {"principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": stored,
        },
    }


def encode_key(key: str) -> str:
    """Encodes a key as S3 does in events: a space as +, the slash left alone."""
    return quote_plus(key, safe="/*")


def _test_event(bucket: str) -> Record:
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _now(),
        "Bucket": bucket,
        "RequestId": uuid.uuid4().hex[:16].upper(),
        "HostId": uuid.uuid4().hex,
    }


def _now() -> str:
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"
