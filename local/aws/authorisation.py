"""Who sends a request, and whether they may: asked by the gateway before anything is done.

Refusals have the form in which each service sends them, after the error pages of its API reference.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from xml.sax.saxutils import escape

from local.aws.actions import Actions, UnknownRequest, bucket_arn, s3_place
from local.aws.encryption import Encryption
from local.aws.http import Request, Response, signer
from local.aws.iam import AccessDenied, Iam, InvalidCredentials, Session
from local.aws.policy import Call

Refuse = Callable[[int, str, str], Response]


class Authoriser:
    """Lets requests pass that their callers may make.

    `administrators` are access key ids that may do everything: the deployer, producers, tests.
    """

    def __init__(self, iam: Iam, encryption: Encryption, region: str, administrators: frozenset[str]) -> None:
        self.encryption = encryption
        self._iam = iam
        self._actions = Actions(iam.account, region)
        self._administrators = administrators

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that its caller may not make; None for one to be served."""
        access_key_id, service = signer(request.headers)
        if access_key_id in self._administrators or (access_key_id in self._iam.users and service == "sts"):
            return None
        refuse = _PROTOCOLS.get(service, _json)
        try:
            session = self._iam.session(access_key_id, request.headers.get("x-amz-security-token", ""))
            self._authorise(session, request)
        except InvalidCredentials:
            return refuse(403, *_INVALID.get(service, _INVALID_TOKEN))
        except AccessDenied as error:
            if service == "sqs" and error.call.action.startswith("kms:"):
                return refuse(400, "KmsAccessDenied", str(error))
            return refuse(403, "AccessDenied", str(error))
        except UnknownRequest as error:
            self._iam.refused.append(str(error))
            return refuse(501, "NotImplemented", str(error))
        return None

    def _authorise(self, session: Session, request: Request) -> None:
        calls = self._actions.calls(request)
        for call in calls + self.encryption.calls(request, calls):
            session.require(call)
        if calls and calls[0].action.startswith("s3:GetObject"):
            self._hide_what_is_missing(session, request, calls[0])

    def _hide_what_is_missing(self, session: Session, request: Request, call: Call) -> None:
        """S3 tells that an object does not exist only to those who may list the bucket."""
        bucket, key = s3_place(request)
        if self.encryption.stored(bucket, key, request.query.get("versionId")) is None:
            listing = Call("s3:ListBucket", bucket_arn(bucket)).within({"s3:prefix": key})
            if not self._iam.would_allow(session, listing):
                raise AccessDenied(session.arn, call, "or it does not exist and s3:ListBucket is not allowed")


def _s3(status: int, code: str, message: str) -> Response:
    request_id = uuid.uuid4().hex[:16].upper()
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
    )
    return Response(status, body.encode(), {"Content-Type": "application/xml"})


def _query(status: int, code: str, message: str) -> Response:
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return Response(status, body.encode(), {"Content-Type": "text/xml"})


def _json(status: int, code: str, message: str) -> Response:
    code = "AccessDeniedException" if code == "AccessDenied" else code
    body = json.dumps({"__type": code, "Message": message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Response(400 if status == 403 else status, body, headers)


def _sqs(status: int, code: str, message: str) -> Response:
    answer = _json(status, code, message)
    return Response(answer.status, answer.body, answer.headers | {"x-amzn-query-error": f"{code};Sender"})


def _rest_json(status: int, code: str, message: str) -> Response:
    code = "AccessDeniedException" if code == "AccessDenied" else code
    return Response.json(status, {"Message": message}, {"x-amzn-ErrorType": code})


_PROTOCOLS: dict[str, Refuse] = {"s3": _s3, "sts": _query, "sqs": _sqs, "lambda": _rest_json, "xray": _rest_json}
_INVALID_TOKEN = ("UnrecognizedClientException", "The security token included in the request is invalid.")
_INVALID = {
    "s3": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "sts": ("InvalidClientTokenId", _INVALID_TOKEN[1]),
}
