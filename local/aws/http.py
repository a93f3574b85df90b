"""Requests and responses as the stand-ins see them, apart from any HTTP server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request; header names are lower case, and of a parameter of the query it has the first value."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)


def signer(headers: Mapping[str, str]) -> tuple[str, str]:
    """The access key id and the service that a signature (version 4) names; two empty texts if there is none."""
    scope = headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    return (scope[0], scope[3]) if len(scope) == 5 else ("", "")


@dataclass(frozen=True)
class Response:
    """One response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def json(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
        """A response with a JSON body."""
        return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json"} | (headers or {}))
