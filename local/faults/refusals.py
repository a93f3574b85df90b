"""The answers with which each service refuses, by status.

Statuses that a service does not use of its own (S3 has no 422) come with the code nearest to what
they mean: something between the client and the service may send them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import responses


@dataclass(frozen=True)
class Refusals:
    """A service's way to say no."""

    content_type: str
    body: Callable[[int], str]


def _s3(status: int) -> str:
    code = {
        400: "InvalidRequest",
        401: "UnauthorizedAccess",
        403: "AccessDenied",
        404: "NoSuchBucket",
        408: "RequestTimeout",
        422: "UnprocessableEntity",
        429: "SlowDown",
        500: "InternalError",
        503: "SlowDown",
    }[status]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{responses[status]}</Message>"
        "<RequestId>4442587FB7D0A2F9</RequestId><HostId>fault</HostId></Error>"
    )


def _aws_json(status: int) -> str:
    kind = {
        400: "InvalidRequestException",
        401: "UnrecognizedClientException",
        403: "AccessDeniedException",
        404: "ResourceNotFoundException",
        408: "RequestTimeoutException",
        422: "InvalidParameterException",
        429: "ThrottlingException",
        500: "InternalServiceError",
        503: "ServiceUnavailable",
    }[status]
    return json.dumps({"__type": kind, "Message": responses[status]})


def _aws_query(status: int) -> str:
    kind = {
        400: "ValidationError",
        401: "InvalidClientTokenId",
        403: "AccessDenied",
        404: "InvalidAction",
        408: "RequestTimeout",
        422: "ValidationError",
        429: "Throttling",
        500: "InternalFailure",
        503: "ServiceUnavailable",
    }[status]
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{kind}</Code><Message>{responses[status]}</Message></Error>"
        "<RequestId>4442587f-b7d0-a2f9</RequestId></ErrorResponse>"
    )


def _snowflake(status: int) -> str:
    if status in (404, 500, 503):
        return ""
    code, message = {
        400: ("390142", "Incoming request does not contain a valid payload."),
        401: ("390144", "JWT token is invalid."),
        403: ("391904", "The SQL API is not allowed for this user."),
        408: ("000630", "Statement reached its statement or warehouse timeout and was canceled."),
        422: ("000603", "SQL execution internal error: Processing aborted by error 300010."),
        429: ("390505", "Too many requests."),
    }[status]
    body = {"code": code, "message": message}
    if status in (408, 422):
        body |= {"sqlState": "XX000", "statementHandle": "01b2fault-0000-0000-0000-000000000000"}
    return json.dumps(body)


def _runtime(status: int) -> str:
    return json.dumps({"errorType": "fault", "errorMessage": responses[status]})


S3 = Refusals("application/xml", _s3)
AWS_JSON = Refusals("application/x-amz-json-1.1", _aws_json)
AWS_QUERY = Refusals("text/xml", _aws_query)
SNOWFLAKE = Refusals("application/json", _snowflake)
RUNTIME = Refusals("application/json", _runtime)
