"""Lambda's SQS event source mapping: gathers messages, invokes, deletes what succeeded."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.sqs.models import sqs_backends

from local.aws.function import Stopped
from local.aws.instance import Result
from local.aws.lambda_service import LambdaError

RECEIVE_LIMIT = 10
LONG_POLL_S = 1
POLL_S = 0.05
THROTTLE_PAUSE_S = 0.1
MAX_BATCH_BYTES = 6 * 1024 * 1024 - 64 * 1024

Message = dict[str, Any]


@dataclass(frozen=True)
class MappingConfig:
    """An event source mapping as the template declares it."""

    function_name: str
    queue_arn: str
    queue_url: str
    batch_size: int = 10
    window_s: float = 0
    report_item_failures: bool = False
    max_concurrency: int = 2


class InvalidMapping(ValueError):
    """The service would refuse to create the event source mapping."""


class SqsPoller:
    """Polls one queue with up to `max_concurrency` batches at a time.

    `sqs` is a client with the credentials of the function's role, as Lambda uses them.

    A message that failed comes back after the queue's visibility timeout; or after
    `redelivery_s`, which real Lambda does not have, so that a run need not wait for it.
    """

    def __init__(
        self,
        config: MappingConfig,
        sqs: Any,
        invoke: Callable[[str, bytes], Result],
        redelivery_s: int | None = None,
    ) -> None:
        self._config = config
        self._sqs = sqs
        self._invoke = invoke
        self._redelivery_s = redelivery_s
        self._stopped = threading.Event()
        self._gathering = threading.Lock()
        self._counting = threading.Lock()
        self._returned = 0
        for _ in range(config.max_concurrency):
            threading.Thread(target=self._work, daemon=True).start()

    @property
    def queue_url(self) -> str:
        """The queue polled."""
        return self._config.queue_url

    @property
    def returned(self) -> int:
        """How often a message failed, each time counted."""
        return self._returned

    def stop(self) -> None:
        """Takes no further batch."""
        self._stopped.set()

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                # One batch gathers at a time; others are being worked on meanwhile.
                with self._gathering:
                    batch = self._gather()
                if batch and not self._stopped.is_set():
                    self._process(batch)
            except Stopped:
                return
            except (BotoCoreError, ClientError):
                # The gateway is closing; any other failure of moto shows on the next round.
                self._stopped.wait(POLL_S)

    def _gather(self) -> list[Message]:
        """Collects until the batch is full or the window since its first message is over.

        What waits in the queue by then still comes along, if the batch has room.
        """
        batch: list[Message] = []
        size, end = 0, None
        while len(batch) < self._config.batch_size and size < MAX_BATCH_BYTES and not self._stopped.is_set():
            wanted = min(RECEIVE_LIMIT, self._config.batch_size - len(batch))
            messages = self._receive(wanted, wait_s=0 if batch else LONG_POLL_S)
            batch.extend(messages)
            size += sum(len(message["Body"]) for message in messages)
            now = time.monotonic()
            if batch and end is None:
                end = now + self._config.window_s
            if end is not None and now >= end and len(messages) < wanted:
                break
            if end is not None and len(messages) < wanted:
                self._stopped.wait(min(POLL_S, end - now))
        return batch

    def _receive(self, count: int, wait_s: int) -> list[Message]:
        answer = self._sqs.receive_message(
            QueueUrl=self._config.queue_url,
            MaxNumberOfMessages=count,
            WaitTimeSeconds=wait_s,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _process(self, batch: list[Message]) -> None:
        payload = json.dumps({"Records": [self._record(message) for message in batch]}).encode()
        while True:
            try:
                result = self._invoke(self._config.function_name, payload)
                break
            except LambdaError as error:
                if error.status != 429 or self._stopped.wait(THROTTLE_PAUSE_S):
                    raise
        ids = [message["MessageId"] for message in batch]
        failed = failed_ids(result, ids, self._config.report_item_failures)
        try:
            self._delete([message for message in batch if message["MessageId"] not in failed])
        except (BotoCoreError, ClientError):
            # What was handled and not deleted comes back like what failed.
            failed = set(ids)
        with self._counting:
            self._returned += len(failed)
        if self._redelivery_s is not None:
            self._return([message for message in batch if message["MessageId"] in failed])

    def _record(self, message: Message) -> dict[str, Any]:
        attributes = message["Attributes"]
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": attributes,
            "messageAttributes": message.get("MessageAttributes", {}),
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._config.queue_arn,
            "awsRegion": self._config.queue_arn.split(":")[3],
        }

    def _delete(self, messages: list[Message]) -> None:
        for entries in _entries(messages):
            self._sqs.delete_message_batch(QueueUrl=self._config.queue_url, Entries=entries)

    def _return(self, messages: list[Message]) -> None:
        # Past the API, as the function's role need not be allowed what Lambda would not do.
        _, _, _, region, account, name = self._config.queue_arn.split(":")
        backend = sqs_backends[account][region]
        for entries in _entries(messages):
            timed = [entry | {"VisibilityTimeout": self._redelivery_s} for entry in entries]
            backend.change_message_visibility_batch(name, timed)
        # Ends the long polls: moto's sleep on when a message becomes visible again.
        lock = backend.queues[name]._messages_lock
        with lock:
            lock.notify_all()


def check_visibility(config: MappingConfig, sqs: Any, function_timeout_s: float) -> None:
    """Raises `InvalidMapping` for a queue that hands a message out again while the function may run."""
    answer = sqs.get_queue_attributes(QueueUrl=config.queue_url, AttributeNames=["VisibilityTimeout"])
    visibility_s = int(answer["Attributes"]["VisibilityTimeout"])
    if visibility_s < function_timeout_s:
        raise InvalidMapping(
            f"Queue visibility timeout: {visibility_s} seconds is less than Function timeout:"
            f" {function_timeout_s:.0f} seconds"
        )


def _entries(messages: list[Message]) -> list[list[dict[str, Any]]]:
    entries = [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)
    ]
    return [entries[start : start + RECEIVE_LIMIT] for start in range(0, len(entries), RECEIVE_LIMIT)]


def failed_ids(result: Result, ids: list[str], report_item_failures: bool) -> set[str]:
    """The messages that return to the queue.

    As the service reads an answer: an error, an answer that is not a batch response, or an
    identifier that is empty or not of this batch fails the whole batch.
    """
    everything = set(ids)
    if result.error:
        return everything
    if not report_item_failures:
        return set()
    try:
        answer = json.loads(result.payload or b"null") or {}
        failures = answer.get("batchItemFailures") or []
        failed = {failure["itemIdentifier"] for failure in failures}
    except (ValueError, TypeError, KeyError, AttributeError):
        return everything
    return failed if failed <= everything else everything
