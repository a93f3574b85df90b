"""The account in a process of its own: its work then shares no interpreter with that of the AWS stand-ins."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from . import history
from .staged import Storage

STOP_S = 60


class SnowflakeProcess:
    """Runs `python -m local.snowflake`; databases, history and log are in `directory`."""

    def __init__(self, s3_endpoint: str, public_keys: dict[str, Path], account: str, directory: Path) -> None:
        self.storage = Storage(s3_endpoint)
        self._history = directory / "statements.ndjson"
        self._read = 0
        self._ended: list[history.Ended] = []
        directory.mkdir(parents=True, exist_ok=True)
        keys = [f"--public-key={user}={file}" for user, file in public_keys.items()]
        with (directory / "snowflake.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "local.snowflake", "--s3-endpoint", s3_endpoint, "--account", account,
                    "--external-id", self.storage.external_id, "--directory", str(directory),
                    "--history", str(self._history), *keys,
                ],
                cwd=Path(__file__).resolve().parents[2], stdout=subprocess.PIPE, stderr=log, text=True,
            )

    def __enter__(self) -> Self:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise OSError(f"the Snowflake stand-in did not start: {self.process.wait()}")
        self.url: str = json.loads(line)["url"]
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        finally:
            self.process.kill()

    @property
    def ended(self) -> list[history.Ended]:
        """Every statement that has ended so far, in the order of their ends."""
        if not self._history.exists():
            return self._ended
        with self._history.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        self._ended += [history.read(line) for line in whole.decode().splitlines()]
        return self._ended
