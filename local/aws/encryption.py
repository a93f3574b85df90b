"""Which customer-managed keys a request makes a service use, on behalf of whoever calls.

AWS managed and owned keys need no permission. What S3, SQS and Secrets Manager ask of KMS is in
their guides: a key for what is written, and its decryption for what is read. A multipart upload is
read again when it is put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from moto.s3.models import FakeKey, s3_backends

from local.aws.actions import bucket_arn, s3_place
from local.aws.http import Request
from local.aws.policy import Call

GENERATE, DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"


@dataclass(frozen=True)
class Encryption:
    """The customer-managed keys of a deployment, as ARNs.

    `keys` are those of queues and secrets and the default ones of buckets, by the ARN of each;
    `aliases` what else names a key. The data keys of buckets in `bucket_keys` are for the whole bucket.
    """

    account: str
    region: str
    keys: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    bucket_keys: frozenset[str] = frozenset()

    def calls(self, request: Request, calls: list[Call]) -> list[Call]:
        """What KMS is asked for when a request makes these calls."""
        found = []
        for call in calls:
            service, _, action = call.action.partition(":")
            if service == "s3" and "/" in call.resource:
                found += self._of_object(request, call)
            elif service == "sqs" and (key := self.keys.get(call.resource)):
                actions = {"SendMessage": [GENERATE, DECRYPT], "ReceiveMessage": [DECRYPT]}.get(action, [])
                found += self._uses(actions, key, service, "aws:sqs:arn", call.resource)
            elif service == "secretsmanager" and (key := self.keys.get(call.resource)):
                found += self._uses([DECRYPT], key, service, "SecretARN", call.resource)
        return found

    def stored(self, bucket: str, key: str, version: str | None = None) -> FakeKey | None:
        """An object as moto holds it; None if there is none."""
        backend = s3_backends[self.account]["aws"]
        return backend.get_object(bucket, key, version) if bucket in backend.buckets else None

    def _of_object(self, request: Request, call: Call) -> list[Call]:
        bucket, _, key = call.resource.removeprefix("arn:aws:s3:::").partition("/")
        actions, kms_key = [], None
        if call.action in ("s3:GetObject", "s3:GetObjectVersion"):
            actions, kms_key = [DECRYPT], self._stored_under(bucket, key, request)
        elif call.action == "s3:PutObject":
            actions, kms_key = self._written(request, bucket)
        if kms_key is None:
            return []
        whole = bucket_arn(bucket) in self.bucket_keys
        return self._uses(actions, kms_key, "s3", "aws:s3:arn", bucket_arn(bucket) if whole else call.resource)

    def _written(self, request: Request, bucket: str) -> tuple[list[str], str | None]:
        kind = request.headers.get("x-amz-server-side-encryption")
        named = request.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
        actions = [GENERATE]
        if (upload := request.query.get("uploadId")) is not None:
            started = s3_backends[self.account]["aws"].get_bucket(s3_place(request)[0]).multiparts.get(upload)
            if started is None:
                return [], None
            kind, named, actions = started.sse_encryption, started.kms_key_id, [DECRYPT]
        elif "uploads" in request.query:
            actions = [GENERATE, DECRYPT]
        if kind is None:
            return actions, self.keys.get(bucket_arn(bucket))
        return actions, self._customer_key(named) if kind == "aws:kms" else None

    def _stored_under(self, bucket: str, key: str, request: Request) -> str | None:
        stored = self.stored(bucket, key, request.query.get("versionId"))
        if stored is None or stored.encryption != "aws:kms":
            return None
        return self._customer_key(stored.kms_key_id)

    def _customer_key(self, named: str | None) -> str | None:
        return self.aliases.get(named, named) if named else None

    def _uses(self, actions: list[str], key: str, service: str, name: str, value: str) -> list[Call]:
        context = {
            "kms:ViaService": f"{service}.{self.region}.amazonaws.com",
            "kms:CallerAccount": self.account,
            f"kms:EncryptionContext:{name}": value,
            "kms:EncryptionContextKeys": [name],
        }
        return [Call(action, key).within(context) for action in actions]

