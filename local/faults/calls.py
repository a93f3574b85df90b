"""The calls that functions make, or that are made for them, and how a proxy recognises each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local.faults.refusals import AWS_JSON, AWS_QUERY, RUNTIME, S3, SNOWFLAKE, Refusals
from local.faults.wire import Request

STATEMENTS = "/api/v2/statements"
INVOCATION = "/2018-06-01/runtime/invocation/"


@dataclass(frozen=True)
class Call:
    """One operation of a service; no two calls match the same request."""

    name: str
    refusals: Refusals
    matches: Callable[[Request], bool]


def _operation(target: str) -> Callable[[Request], bool]:
    return lambda request: request.target == target


def _s3(method: str, *parameters: str) -> Callable[[Request], bool]:
    """Path-style requests about a bucket or an object, told apart by what their query has of these."""
    every = {"list-type", "uploads", "uploadId", "partNumber"}
    return lambda request: (
        request.method == method
        and not request.target
        and len(request.path) > 1
        and not request.path.startswith((STATEMENTS, INVOCATION))
        and every & request.query.keys() == set(parameters)
    )


def _statement(method: str, ending: str, *, partition: bool = False) -> Callable[[Request], bool]:
    """Requests under the statements of the SQL API; `*` stands for a handle."""
    return lambda request: (
        request.method == method
        and request.path.startswith(STATEMENTS)
        and _without_handle(request.path.removeprefix(STATEMENTS)) == ending
        and ("partition" in request.query) == partition
    )


def _without_handle(path: str) -> str:
    parts = path.strip("/").split("/")
    return "/".join(["*", *parts[1:]]) if parts[0] else ""


LIST_OBJECTS = Call("ListObjectsV2", S3, _s3("GET", "list-type"))
GET_OBJECT = Call("GetObject", S3, _s3("GET"))
PUT_OBJECT = Call("PutObject", S3, _s3("PUT"))
CREATE_UPLOAD = Call("CreateMultipartUpload", S3, _s3("POST", "uploads"))
UPLOAD_PART = Call("UploadPart", S3, _s3("PUT", "uploadId", "partNumber"))
COMPLETE_UPLOAD = Call("CompleteMultipartUpload", S3, _s3("POST", "uploadId"))
GET_SECRET = Call("GetSecretValue", AWS_JSON, _operation("secretsmanager.GetSecretValue"))
GET_IDENTITY = Call(
    "GetWebIdentityToken", AWS_QUERY, lambda request: b"Action=GetWebIdentityToken" in request.body
)
DELETE_MESSAGES = Call("DeleteMessageBatch", AWS_JSON, _operation("AmazonSQS.DeleteMessageBatch"))
ANSWER = Call(
    "answer of an invocation",
    RUNTIME,
    lambda request: request.path.startswith(INVOCATION) and request.path.endswith("/response"),
)
SUBMIT = Call("submit", SNOWFLAKE, _statement("POST", ""))
POLL = Call("poll", SNOWFLAKE, _statement("GET", "*"))
PARTITION = Call("partition", SNOWFLAKE, _statement("GET", "*", partition=True))
CANCEL = Call("cancel", SNOWFLAKE, _statement("POST", "*/cancel"))

CALLS = (
    LIST_OBJECTS, GET_OBJECT, PUT_OBJECT, CREATE_UPLOAD, UPLOAD_PART, COMPLETE_UPLOAD, GET_SECRET,
    GET_IDENTITY, DELETE_MESSAGES, ANSWER, SUBMIT, POLL, PARTITION, CANCEL,
)
