"""Which actions on which resources a request comes to, as the Service Authorization Reference has it.

A request that is not in these tables is an `UnknownRequest`: nothing is allowed because nobody
thought of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from local.aws.http import Request, signer
from local.aws.policy import Call

LAMBDA_PATH = "/2015-03-31/functions/"
SSE_HEADERS = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")


class UnknownRequest(ValueError):
    """A request of which it is not known what it needs a permission for."""


def bucket_arn(bucket: str, key: str = "") -> str:
    """The ARN of a bucket, or of an object in it."""
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def s3_place(request: Request) -> tuple[str, str]:
    """Bucket and key of a path-style request; the key is empty for one about the bucket."""
    bucket, _, key = request.path.removeprefix("/").partition("/")
    return bucket, key


class Actions:
    """Reads requests about one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._account, self._region = account, region

    def calls(self, request: Request) -> list[Call]:
        """The calls that must all be allowed for the request. Raises `UnknownRequest`."""
        service = signer(request.headers)[1]
        readers: dict[str, Callable[[Request], list[Call]]] = {
            "s3": _s3, "sts": self._sts, "lambda": self._lambda, "sqs": self._sqs,
            "secretsmanager": self._secrets_manager, "firehose": self._firehose, "xray": _x_ray,
        }
        if service not in readers:
            raise UnknownRequest(f"what a request to {service or 'no service'} needs is not known")
        return readers[service](request)

    def arn(self, service: str, name: str) -> str:
        """The ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self._region}:{self._account}:{name}"

    def _sqs(self, request: Request) -> list[Call]:
        action, body = _json_operation(request, _SQS)
        return [Call(f"sqs:{action}", self.arn("sqs", body["QueueUrl"].rpartition("/")[2]))]

    def _secrets_manager(self, request: Request) -> list[Call]:
        action, body = _json_operation(request, {"GetSecretValue": "GetSecretValue"})
        secret = body["SecretId"]
        if not secret.startswith("arn:"):
            raise UnknownRequest(f"secretsmanager:{action} of {secret}, which is not an ARN")
        return [Call(f"secretsmanager:{action}", secret).within({"secretsmanager:SecretId": secret})]

    def _firehose(self, request: Request) -> list[Call]:
        names = ("PutRecord", "PutRecordBatch", "DescribeDeliveryStream")
        action, body = _json_operation(request, {name: name for name in names})
        return [Call(f"firehose:{action}", self.arn("firehose", f"deliverystream/{body['DeliveryStreamName']}"))]

    def _lambda(self, request: Request) -> list[Call]:
        name, _, rest = request.path.removeprefix(LAMBDA_PATH).partition("/")
        if not request.path.startswith(LAMBDA_PATH) or (request.method, rest) != ("POST", "invocations"):
            raise UnknownRequest(f"what {request.method} {request.path} of Lambda needs is not known")
        name = unquote(name)
        arn = name if name.startswith("arn:") else self.arn("lambda", f"function:{name}")
        return [Call("lambda:InvokeFunction", arn)]

    def _sts(self, request: Request) -> list[Call]:
        form = parse_qs(request.body.decode())
        if form.get("Action") == ["GetCallerIdentity"]:
            # Whoever has credentials may know whose they are.
            return []
        if form.get("Action") != ["GetWebIdentityToken"]:
            raise UnknownRequest(f"what {form.get('Action')} of STS needs is not known")
        audiences = [value for name in sorted(form) if name.startswith("Audience.member.") for value in form[name]]
        context: dict[str, Any] = {
            "sts:IdentityTokenAudience": audiences,
            "sts:SigningAlgorithm": form.get("SigningAlgorithm", []),
            "sts:DurationSeconds": form.get("DurationSeconds", []),
        }
        return [Call("sts:GetWebIdentityToken", "*").within(context)]


def _json_operation(request: Request, actions: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The action of a request of the JSON protocol, and its body."""
    target = request.headers.get("x-amz-target", "")
    operation = target.partition(".")[2]
    if operation not in actions:
        raise UnknownRequest(f"what {target or request.path} needs is not known")
    return actions[operation], json.loads(request.body)


_SQS = {
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "GetQueueAttributes": "GetQueueAttributes",
}


def _x_ray(request: Request) -> list[Call]:
    if (request.method, request.path) != ("POST", "/TraceSegments"):
        raise UnknownRequest(f"what {request.method} {request.path} of X-Ray needs is not known")
    return [Call("xray:PutTraceSegments", "*")]


_S3_CONDITIONS = ("prefix", "delimiter", "max-keys")
# What the query of a request names decides what it does; these only shape the answer.
_S3_SHAPE = {"x-id", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner"}
_S3_OBJECT = {
    ("GET", ()): "GetObject",
    ("HEAD", ()): "GetObject",
    ("GET", ("versionId",)): "GetObjectVersion",
    ("HEAD", ("versionId",)): "GetObjectVersion",
    ("PUT", ()): "PutObject",
    ("POST", ("uploads",)): "PutObject",
    ("PUT", ("partNumber", "uploadId")): "PutObject",
    ("POST", ("uploadId",)): "PutObject",
    ("DELETE", ("uploadId",)): "AbortMultipartUpload",
    ("GET", ("uploadId",)): "ListMultipartUploadParts",
    ("DELETE", ()): "DeleteObject",
    ("DELETE", ("versionId",)): "DeleteObjectVersion",
}
_S3_BUCKET = {
    ("GET", ("list-type", "prefix")): "ListBucket",
    ("GET", ("list-type",)): "ListBucket",
    ("HEAD", ()): "ListBucket",
    ("GET", ("location",)): "GetBucketLocation",
    ("GET", ("uploads",)): "ListBucketMultipartUploads",
}


def _s3(request: Request) -> list[Call]:
    bucket, key = s3_place(request)
    named = tuple(sorted(request.query.keys() - _S3_SHAPE))
    action = (_S3_OBJECT if key else _S3_BUCKET).get((request.method, named))
    if action is None:
        raise UnknownRequest(f"what {request.method} of S3 with {', '.join(named) or 'no parameter'} needs is unknown")
    context = {f"s3:{name}": request.query[name] for name in _S3_CONDITIONS if name in request.query}
    context |= {f"s3:{name}": request.headers[name] for name in SSE_HEADERS if name in request.headers}
    if "versionId" in request.query:
        context["s3:VersionId"] = request.query["versionId"]
    calls = [Call(f"s3:{action}", bucket_arn(bucket, key)).within(context)]
    if (source := request.headers.get("x-amz-copy-source")) is not None:
        path, _, version = source.partition("?versionId=")
        read = "GetObjectVersion" if version else "GetObject"
        calls.append(Call(f"s3:{read}", f"arn:aws:s3:::{unquote(path).removeprefix('/')}"))
    return calls
