"""The program `snowline tail` as a process that can be killed, and the Firehose that it sends to."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from local.aws.firehose import TARGET, Firehose, StreamConfig
from local.aws.gateway import Gateway
from local.stack import CREDENTIALS, REGION
from local.tests.pipeline import SNOWLINE

STREAM = StreamConfig("logs", "arn", "lake", "landing/", "errors/!{firehose:error-output-type}/", False, 1, 900)
"""A stream that makes an object of each record."""

STOP_S = 60.0
LOOK_S = 0.02


class Agent:
    """A `snowline tail` that goes on from its checkpoint whenever it is started again."""

    def __init__(
        self, globs: list[Path], state: Path, stream: str, environment: dict[str, str], *options: str
    ) -> None:
        self.state = state
        self._command = [SNOWLINE, "tail", *globs, "--to", f"firehose:{stream}", "--state", state, *options]
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self.said: list[str] = []
        """The lines of its standard error since it was started."""

    def start(self, *options: str) -> None:
        assert not self.is_running
        self.said = []
        # Without restored signals a write beyond a limit is an error, as on a full disk, and no signal.
        process = subprocess.Popen(
            [*self._command, *options], env=self._environment, stderr=subprocess.PIPE, restore_signals=False
        )
        self._process = process
        self._listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
        self._listener.start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        with process.stderr:
            self.said += (line.decode().rstrip("\n") for line in process.stderr)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> bool:
        """Ends it at once; returns whether it was still running."""
        was_running = self.is_running
        self.process.kill()
        self._end()
        return was_running

    def stop(self) -> None:
        """Ends it as a service manager does; fails when it does not end well."""
        self.process.send_signal(signal.SIGTERM)
        self.finish()

    def finish(self) -> None:
        """Waits for its end; fails when that is no success."""
        code = self._end()
        assert code == 0, f"ended with {code}: {self.said[-5:]}"

    def _end(self) -> int:
        code = self.process.wait(STOP_S)
        assert self._listener
        self._listener.join()
        return code

    def once(self) -> str:
        """Lets it read what is there and end; returns the last that it said."""
        self.start("--once")
        self.finish()
        return self.said[-1]

    def checkpoint(self) -> list[dict[str, Any]]:
        """What its checkpoint says of each file; nothing before the first."""
        try:
            return json.loads((self.state / "tail.json").read_bytes())["files"]
        except FileNotFoundError:
            return []

    def knows(self, path: Path) -> bool:
        """Whether the checkpoint names what the file holds now, so that it is found after a rotation.

        What comes and goes between two lives of the agent was never there for it.
        """
        number, beginning = path.stat().st_ino, path.read_bytes()
        heads = [file["head"] for file in self.checkpoint() if file["inode"] == number]
        return any(
            head["bytes"] > 0 and hashlib.sha256(beginning[: head["bytes"]]).hexdigest() == head["sha256"]
            for head in heads
        )

    def resident_kib(self) -> int:
        """The memory of it that is in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running:
            self.kill()


class Receiver:
    """A delivery stream alone: what agents send, in the order in which it came."""

    def __init__(self, text_of: Callable[[bytes], bytes] = bytes) -> None:
        self.lines: list[bytes] = []
        """Every line that came."""
        self.bodies: list[bytes] = []
        """Every record as it came."""
        self._text_of = text_of
        self.firehose = Firehose(self._take)
        self.gateway = Gateway()
        self.gateway.route_target(TARGET, self.firehose.handle)
        self.firehose.create(STREAM)
        self.environment = CREDENTIALS | {"AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.gateway.url}

    def _take(self, _config: StreamConfig, _key: str, body: bytes) -> None:
        self.bodies.append(body)
        self.lines += self._text_of(body).splitlines(keepends=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.firehose.stop()
        self.gateway.stop()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Waits for a condition, and fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(LOOK_S)


def first_of_each(lines: list[bytes]) -> list[bytes]:
    """The lines without those that came before."""
    return list(dict.fromkeys(lines))
