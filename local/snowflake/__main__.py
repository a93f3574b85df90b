"""python -m local.snowflake --port 0 --s3-endpoint URL --public-key USER=FILE [...]

Prints one line of JSON with the URL once it listens, and runs until it is terminated. With
`--history FILE` it appends a line of JSON for every statement that has ended: see `history`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from .history import History
from .server import SnowflakeServer

_NICE = 19
"""Rows on their way to staging go before all else: here they share processors, in Snowflake they do not."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.snowflake", description="a Snowflake stand-in")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--s3-endpoint", required=True, metavar="URL")
    parser.add_argument(
        "--public-key", action="append", default=[], metavar="USER=FILE",
        help="a user and its public key (PEM); the first is the administrator",
    )
    parser.add_argument("--account", help="refuse tokens of any other account")
    parser.add_argument("--external-id", help="of storage integrations; a random one by default")
    parser.add_argument("--directory", type=Path, help="keep databases here, and not in memory")
    parser.add_argument("--history", type=Path, help="append every statement that has ended to this file")
    arguments = parser.parse_args()
    keys: dict[str, Path] = {}
    for one in arguments.public_key:
        user, separator, file = one.partition("=")
        if not separator:
            parser.error(f"--public-key {one}: expected USER=FILE")
        keys[user] = Path(file)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as stack:
        on_end = stack.enter_context(History(arguments.history)).append if arguments.history else None
        server = stack.enter_context(SnowflakeServer(
            arguments.s3_endpoint, keys, arguments.port, arguments.account, directory=arguments.directory,
            external_id=arguments.external_id, on_end=on_end, nice=_NICE,
        ))
        sys.stdout.write(json.dumps({"url": server.url}) + "\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
