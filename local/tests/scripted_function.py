"""A function for tests that speaks the Runtime API and does what its event asks.

{"do": "echo" | "error" | "sleep" | "exit" | "allocate" | "large", ...} is an instruction.
An S3 event fails when a key contains `poison`; an SQS event reports each message whose
body contains `poison` as a batch item failure. SCRIPT_INIT=error fails the initialisation.
Every event is logged as one JSON line.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from typing import Any

ROOT = "/2018-06-01/runtime"


def act(event: dict[str, Any]) -> Any:
    """Carries out one event; raises to fail."""
    if "Records" in event:
        return act_on_records(event["Records"])
    match event.get("do"):
        case "error":
            raise ValueError(event.get("message", "asked to fail"))
        case "sleep":
            time.sleep(event["seconds"])
        case "exit":
            os._exit(event["code"])
        case "allocate":
            len(bytearray(os.urandom(1)) * (event["mb"] * 1024**2))
        case "large":
            return "x" * event["bytes"]
    return {"pid": os.getpid(), "event": event}


def act_on_records(records: list[dict[str, Any]]) -> Any:
    """Fails for poisoned keys, reports poisoned messages."""
    if records[0]["eventSource"] == "aws:sqs":
        failed = [record["messageId"] for record in records if "poison" in record["body"]]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
    if any("poison" in record["s3"]["object"]["key"] for record in records):
        raise ValueError("poisoned")
    return None


def main() -> None:
    """Serves invocations until the Runtime API goes away."""
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(method: str, path: str, body: Any = None) -> tuple[http.client.HTTPResponse, bytes]:
        connection.request(method, f"{ROOT}/{path}", None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response, response.read()

    if os.environ.get("SCRIPT_INIT") == "error":
        call("POST", "init/error", {"errorType": "ConfigError", "errorMessage": "LAKE_BUCKET is missing"})
        sys.exit(1)
    while True:
        response, body = call("GET", "invocation/next")
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.loads(body)
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()
        try:
            call("POST", f"invocation/{request_id}/response", act(event))
        except ValueError as error:
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            call("POST", f"invocation/{request_id}/error", failure)


if __name__ == "__main__":
    main()
