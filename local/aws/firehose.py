"""Stand-in for Amazon Data Firehose, Direct PUT to S3.

Takes records within the service's limits, buffers them by size and time, and delivers
each buffer as one object: records concatenated without a delimiter, gzip after buffering.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pybase64
from botocore.exceptions import ClientError
from isal import igzip

from local.aws.http import Request, Response
from local.aws.meter import Meter
from local.aws.prefix import check_prefixes, evaluate, object_name

TARGET = "Firehose_20150804"
MAX_RECORDS = 500
MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 1000 * 1024

RETRY_PAUSE_S = 0.5

GZIP_LEVEL = 1

PATIENCE_S = 10.0

Measure = Callable[[str, str, float], None]
"""Takes the name of a stream, of a metric that the service emits of it, and a value."""


class FirehoseError(Exception):
    """A refusal of the API: error type and message; 400 unless the service failed."""

    def __init__(self, kind: str, message: str, status: int = 400) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message, self.status = kind, message, status


@dataclass(frozen=True)
class StreamConfig:
    """A delivery stream as the template declares it."""

    name: str
    arn: str
    bucket: str
    prefix: str
    error_prefix: str
    gzip: bool
    buffer_bytes: int
    buffer_seconds: float
    role_arn: str = ""
    log_stream: str = ""


PutObject = Callable[[StreamConfig, str, bytes], None]


@dataclass(frozen=True)
class Delivery:
    """An object that was delivered; times are Unix times.

    `arrival`: its oldest record came. `closed`: no further one is taken. `landed`: S3 has it.
    `size` is that of its records, before compression.
    """

    key: str
    arrival: float
    closed: float
    landed: float
    size: int
    object_size: int


@dataclass
class _Buffer:
    arrival: float
    records: list[bytes] = field(default_factory=list)
    size: int = 0
    closed: float = 0


class DeliveryStream:
    """One stream: an open buffer, and a thread that delivers closed ones in order."""

    def __init__(self, config: StreamConfig, put_object: PutObject, measure: Measure, meter: Meter) -> None:
        check_prefixes(config.prefix, config.error_prefix)
        self.config = config
        self._put_object = put_object
        self._measure = measure
        self._meter = meter
        self.delivered: list[Delivery] = []
        """Every object, in the order of delivery."""
        self._changed = threading.Condition()
        self._open: _Buffer | None = None
        self._closed: queue.SimpleQueue[_Buffer | None] = queue.SimpleQueue()
        self._undelivered = 0
        self._buffered = 0
        self._stopped = False
        self._timer = threading.Thread(target=self._close_by_age, daemon=True)
        self._deliverer = threading.Thread(target=self._deliver_all, daemon=True)
        self._timer.start()
        self._deliverer.start()

    @property
    def pending(self) -> int:
        """Buffers not yet delivered, the open one included."""
        return self._undelivered

    @property
    def buffered(self) -> int:
        """Bytes of records not yet delivered."""
        return self._buffered

    def put(self, records: list[bytes]) -> None:
        """Buffers records; a full buffer is closed."""
        self._measure(self.config.name, "IncomingRecords", len(records))
        self._measure(self.config.name, "IncomingBytes", sum(map(len, records)))
        with self._changed:
            for record in records:
                if self._open is None:
                    self._open = _Buffer(time.time())
                    self._undelivered += 1
                    self._changed.notify()
                self._open.records.append(record)
                self._open.size += len(record)
                self._buffered += len(record)
                if self._open.size >= self.config.buffer_bytes:
                    self._close()

    def flush(self) -> None:
        """Closes the open buffer now."""
        with self._changed:
            self._close()

    def stop(self) -> None:
        """Ends; drops what is not delivered."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._closed.put(None)
        self._deliverer.join()

    def _close(self) -> None:
        if self._open is not None:
            self._open.closed = time.time()
            self._closed.put(self._open)
            self._open = None

    def _close_by_age(self) -> None:
        with self._changed:
            while not self._stopped:
                if self._open is None:
                    self._changed.wait()
                    continue
                remaining = self._open.arrival + self.config.buffer_seconds - time.time()
                if remaining <= 0:
                    self._close()
                else:
                    self._changed.wait(remaining)

    def _deliver_all(self) -> None:
        while (buffer := self._closed.get()) is not None and not self._stopped:
            with self._meter.of("firehose delivery"):
                self._deliver(buffer)
            with self._changed:
                self._undelivered -= 1
                self._buffered -= buffer.size

    def _deliver(self, buffer: _Buffer) -> None:
        arrival = datetime.fromtimestamp(buffer.arrival, UTC)
        key = evaluate(self.config.prefix, arrival) + object_name(self.config.name, arrival)
        body = b"".join(buffer.records)
        if self.config.gzip:
            key, body = f"{key}.gz", igzip.compress(body, GZIP_LEVEL)
        while not self._stopped:
            try:
                self._put_object(self.config, key, body)
            except ClientError:
                # The service tries for 24 hours; here what it cannot deliver stays pending.
                time.sleep(RETRY_PAUSE_S)
                continue
            landed = time.time()
            self.delivered.append(Delivery(key, buffer.arrival, buffer.closed, landed, buffer.size, len(body)))
            return self._measure_delivery(buffer, landed)

    def _measure_delivery(self, buffer: _Buffer, landed: float) -> None:
        delivered = {"Records": len(buffer.records), "Bytes": buffer.size, "Success": 1,
                     "DataFreshness": landed - buffer.arrival}
        for name, value in delivered.items():
            self._measure(self.config.name, f"DeliveryToS3.{name}", value)


class Firehose:
    """The API over all streams of a stack.

    `fault_rate` is the share of records that fail with ServiceUnavailableException, each
    at its position in a 200 answer; `refuse_next` refuses whole calls. Both start at none. While
    `admits` is cleared, calls wait for their answer, and are refused if it stays so.
    """

    def __init__(self, put_object: PutObject, seed: int = 0, meter: Meter | None = None) -> None:
        self.fault_rate = 0.0
        self.admits = threading.Event()
        self.admits.set()
        self._meter = meter or Meter()
        self._put_object = put_object
        self._random = random.Random(seed)
        self._refusals = 0
        self._streams: dict[str, DeliveryStream] = {}
        self.measurements: list[tuple[float, str, str, float]] = []
        """Time, stream, metric and value of all that the service would tell CloudWatch."""

    def create(self, config: StreamConfig) -> None:
        """Creates a stream; raises `InvalidPrefix` as the service would."""
        self._streams[config.name] = DeliveryStream(config, self._put_object, self._measure, self._meter)

    def refuse_next(self, calls: int) -> None:
        """Makes the next calls fail whole with ServiceUnavailableException."""
        self._refusals = calls

    def flush(self) -> None:
        """Delivers what is buffered without waiting for size or age."""
        for stream in self._streams.values():
            stream.flush()

    @property
    def delivered(self) -> list[Delivery]:
        """Every object of every stream; those of one in the order of delivery."""
        return [delivery for stream in self._streams.values() for delivery in list(stream.delivered)]

    @property
    def buffered(self) -> int:
        """Bytes of records not yet delivered."""
        return sum(stream.buffered for stream in self._streams.values())

    @property
    def pending(self) -> int:
        """Buffers not yet delivered."""
        return sum(stream.pending for stream in self._streams.values())

    def stop(self) -> None:
        """Ends; drops what is not delivered."""
        for stream in self._streams.values():
            stream.stop()

    def handle(self, request: Request) -> Response:
        """Answers one request of the JSON protocol."""
        operation = request.headers["x-amz-target"].partition(".")[2]
        handlers = {
            "PutRecord": self._put_record,
            "PutRecordBatch": self._put_record_batch,
            "DescribeDeliveryStream": self._describe,
        }
        try:
            if operation not in handlers:
                raise FirehoseError("UnknownOperationException", f"the stand-in has no {operation}")
            body: dict[str, Any] = json.loads(request.body)
            answer = handlers[operation](self._find(body.get("DeliveryStreamName", "")), body)
        except FirehoseError as error:
            answer = {"__type": error.kind, "message": error.message}
            return Response(error.status, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"})
        return Response(200, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    def _measure(self, stream: str, metric: str, value: float) -> None:
        self.measurements.append((time.time(), stream, metric, value))

    def _find(self, name: str) -> DeliveryStream:
        if name not in self._streams:
            raise FirehoseError("ResourceNotFoundException", f"Firehose {name} not found under account.")
        return self._streams[name]

    def _put_record(self, stream: DeliveryStream, body: dict[str, Any]) -> dict[str, Any]:
        record = _decode(body["Record"], "record.data")
        self._maybe_refuse()
        if self._random.random() < self.fault_rate:
            raise FirehoseError("ServiceUnavailableException", "Slow down.", 503)
        stream.put([record])
        return {"RecordId": _record_id(), "Encrypted": False}

    def _put_record_batch(self, stream: DeliveryStream, body: dict[str, Any]) -> dict[str, Any]:
        records = _decode_batch(body["Records"])
        self._maybe_refuse()
        failed = [self._random.random() < self.fault_rate for _ in records]
        stream.put([record for record, fails in zip(records, failed, strict=True) if not fails])
        fault = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
        answers = [fault if fails else {"RecordId": _record_id()} for fails in failed]
        return {"FailedPutCount": sum(failed), "Encrypted": False, "RequestResponses": answers}

    def _maybe_refuse(self) -> None:
        if self._refusals > 0 or not self.admits.wait(PATIENCE_S):
            self._refusals = max(0, self._refusals - 1)
            raise FirehoseError("ServiceUnavailableException", "Slow down.", 503)

    def _describe(self, stream: DeliveryStream, _body: dict[str, Any]) -> dict[str, Any]:
        config = stream.config
        destination = {
            "BucketARN": f"arn:aws:s3:::{config.bucket}",
            "RoleARN": config.role_arn,
            "Prefix": config.prefix,
            "ErrorOutputPrefix": config.error_prefix,
            "CompressionFormat": "GZIP" if config.gzip else "UNCOMPRESSED",
            "BufferingHints": {
                "SizeInMBs": config.buffer_bytes // 1024**2,
                "IntervalInSeconds": int(config.buffer_seconds),
            },
            "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        }
        description = {
            "DeliveryStreamName": config.name,
            "DeliveryStreamARN": config.arn,
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": "DirectPut",
            "VersionId": "1",
            "HasMoreDestinations": False,
            "Destinations": [
                {"DestinationId": "destinationId-000000000001", "ExtendedS3DestinationDescription": destination}
            ],
        }
        return {"DeliveryStreamDescription": description}


def _decode_batch(entries: list[dict[str, str]]) -> list[bytes]:
    if not 1 <= len(entries) <= MAX_RECORDS:
        bound = "greater than or equal to 1" if not entries else f"less than or equal to {MAX_RECORDS}"
        raise FirehoseError("ValidationException", _violation("records", f"length {bound}"))
    records = [_decode(entry, f"records.{index}.member.data") for index, entry in enumerate(entries, 1)]
    if sum(map(len, records)) > MAX_REQUEST_BYTES:
        raise FirehoseError("InvalidArgumentException", "Records size exceeds 4 MB limit")
    return records


def _decode(entry: dict[str, str], where: str) -> bytes:
    record = pybase64.b64decode(entry["Data"])
    if len(record) > MAX_RECORD_BYTES:
        constraint = f"length less than or equal to {MAX_RECORD_BYTES}"
        raise FirehoseError("ValidationException", _violation(where, constraint))
    return record


def _violation(where: str, constraint: str) -> str:
    failed = f"Value at '{where}' failed to satisfy constraint: Member must have {constraint}"
    return f"1 validation error detected: {failed}"


def _record_id() -> str:
    return uuid.uuid4().hex * 4
