"""Where moto is laxer or stricter than the service, or breaks or takes far too long when much goes on at once."""

from __future__ import annotations

import secrets
import time
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.logs.models import LogGroup
from moto.s3.models import FakeBucket, FakeKey, S3Backend
from moto.sqs.models import Message, SQSBackend

_ETAG = FakeKey.etag.fget
_DISPOSE = FakeKey.dispose


def attach() -> None:
    """Puts ours in the place of moto's, in this process.

    Reads and overwrites of an object are atomic in the service. moto closes an object's bytes when
    it is overwritten, also for those who still read them, and computes an eTag while others may
    read from the same buffer. And of each message that it hands out it asks how long its queue
    keeps messages, for which it counts all of them some sixty times.

    An object under SSE-KMS has an eTag that its bytes do not tell; moto's is their MD5. moto applies
    a bucket policy without its conditions, so that "not without TLS" would be "not at all"; the
    gateway applies it before. And CloudFormation's ARN of a log group stands for its streams, which
    it has to in policies. S3 delivers access logs within hours, and many lines to an object; moto puts an
    object for each request at once, in which nothing is true but the path.
    """
    FakeKey.etag = property(_etag)
    FakeKey.dispose = _dispose_unused
    FakeBucket.get_permission = _no_bucket_policy
    LogGroup.get_cfn_attribute = _arn_of_streams
    S3Backend.log_incoming_request = _no_access_log
    SQSBackend.is_message_valid_based_on_retention_period = _is_retained


def _etag(key: FakeKey) -> str:
    with key.lock:
        if key.encryption == "aws:kms" and not hasattr(key, "sealed"):
            _, dash, parts = (key._etag or "").partition("-")
            key._etag, key.sealed = secrets.token_hex(16) + dash + parts, True
        return _ETAG(key)


def _no_bucket_policy(_bucket: FakeBucket, _action: str, _resource: str) -> PermissionResult:
    return PermissionResult.NEUTRAL


def _no_access_log(_backend: S3Backend, _request: Any, _bucket: str) -> None:
    """See coverage.py."""


def _dispose_unused(key: FakeKey, garbage: bool = False) -> None:
    # `garbage` tells that nobody holds it any more.
    if garbage:
        _DISPOSE(key)


def _arn_of_streams(group: LogGroup, attribute: str) -> str:
    if attribute != "Arn":
        raise NotImplementedError(f"AWS::Logs::LogGroup has no attribute {attribute}")
    return f"{group.arn}:*"


def _is_retained(backend: SQSBackend, queue_name: str, message: Message) -> bool:
    sent, kept = message.sent_timestamp / 1000, backend.get_queue(queue_name).message_retention_period
    return sent + kept > time.time()
