"""The run, stage by stage."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.console import Console
from local.demo import accounts
from local.demo.accounts import Accounts
from local.demo.measurements import function_use, percentile
from local.demo.site import SNOWLINE
from local.load.flow import Flow, Merged, Passage, Passages, merges
from local.load.processes import Processes
from local.load.publisher import Publisher
from local.load.settings import MEGABYTE, Settings
from local.load.site import LoadSite
from local.load.watch import Sample, Watch
from local.snowflake.history import Ended
from local.stack import FunctionFailed

BAD_SHARE, DUPLICATE_SHARE = 0.001, 0.01
JUDGE_EVERY_S = 2.0
GRACE_S = 2.0
DRAIN_POLL_S = 0.5
FLOW_TIMEOUT_S = 1800
FUNCTIONS = {"transform": "TransformFunction", "load": "LoadFunction", "publish": "PublishFunction"}


class LoadTestFailed(Exception):
    """The run did not end as it must; the message is for the person who started it."""


@dataclass(frozen=True)
class Outcome:
    """Everything a run found out. Sending lasted from `begun` to `sent_at`, Unix times."""

    settings: Settings
    begun: float
    sent_at: float
    accounts: Accounts
    audit: dict[str, Any]
    checks: list[dict[str, Any]]
    checks_failed: str | None
    passages: list[Passage]
    merges: list[Merged]
    statements: list[Ended]
    samples: list[Sample]
    functions: dict[str, dict[str, Any]]
    peak_mib: dict[str, float]
    meter_s: dict[str, float]

    @property
    def text_a_byte(self) -> float:
        """Bytes of text for each byte of records as Firehose takes them: 1 if the producer does not compress."""
        sent = self.accounts.sent
        return sent["bytes"] / max(sent["record_bytes"], 1)


class Run:
    """One load test over a fresh site; `directory` takes logs, tables and what was sent."""

    def __init__(self, site: LoadSite, console: Console, settings: Settings, directory: Path) -> None:
        self._site = site
        self._console = console
        self._settings = settings
        self._directory = directory
        self._following = Passages()

    def run(self) -> Outcome:
        """Goes through every stage; raises `LoadTestFailed` or `FunctionFailed` when one does not end well."""
        console, site, settings = self._console, self._site, self._settings
        with console.stage("deploy", "template.yaml, and Snowflake's set-up script"):
            site.deploy()
            site.set_up_snowflake()
            console.detail(", ".join(f"{name} {value}" for name, value in settings.parameters.items()))
        publisher = Publisher(site.stack, settings.publish_every_s)
        command, log, summary = self._producer()
        with console.stage("load", f"`snowline generate` at {settings.rate:,} lines a second, {settings.seconds:,} s"):
            with log.open("wb") as output:
                producer = subprocess.Popen(command, env=site.stack.environment, stdout=output, stderr=output)
            processes = Processes(self._groups(producer.pid))
            watch = Watch(site.stack.firehose, processes, log, self._look)
            begun = time.time()
            try:
                watch.start()
                publisher.start()
                self._wait(producer, publisher)
                sent_at = time.time()
                if producer.returncode:
                    raise LoadTestFailed(f"snowline generate failed ({producer.returncode}):\n{log.read_text()}")
                self._drain(publisher)
            finally:
                producer.kill()
                producer.wait()
                publisher.stop()
            self._judge(publisher)
            audit = publisher.publish()
            watch.stop()
        with console.stage("check", "the contract's checks over analytics"):
            checks, failed = self._check(publisher)
        with console.stage("account", "for every row, from the line sent to the table read"):
            taken = accounts.take(site, json.loads(summary.read_text()), publisher.merges)
        ended = list(site.snowflake.ended)
        return Outcome(
            settings, begun, sent_at, taken, audit, checks, failed, self._passages(), merges(ended), ended,
            watch.samples, function_use(site), processes.peak_mib, site.stack.meter.seconds,
        )

    def _producer(self) -> tuple[list[str], Path, Path]:
        """The command that produces, its log, and where it leaves its summary."""
        log, summary = self._directory / "generate.log", self._directory / "sent.json"
        command = [
            str(SNOWLINE), "generate", "--dataset", self._site.dataset.name,
            "--to", f"firehose:{self._site.stack.outputs['LandingStreamName']}",
            "--rate", str(self._settings.rate), "--duration", f"{self._settings.seconds}s", "--max-delay", "1s",
            "--seed", str(self._settings.seed), "--bad", str(BAD_SHARE), "--duplicates", str(DUPLICATE_SHARE),
            "--compress", self._settings.compress, "--summary", str(summary),
        ]
        return command, log, summary

    def _groups(self, producer: int) -> dict[str, Any]:
        stack = self._site.stack
        functions = {
            name: lambda logical_id=logical_id: [one.pid for one in stack.instances(logical_id)]
            for name, logical_id in FUNCTIONS.items()
        }
        account = self._site.snowflake.process.pid
        return {"producer": lambda: [producer], **functions, "AWS": lambda: [os.getpid()],
                "Snowflake": lambda: [account]}

    def _wait(self, producer: subprocess.Popen[bytes], publisher: Publisher) -> None:
        """Waits for the producer, which a pipeline that lags may keep longer than its time: then it is told
        to stop, and delivers what is on its way."""
        end = time.monotonic() + self._settings.seconds + GRACE_S
        while producer.poll() is None:
            self._judge(publisher)
            if time.monotonic() > end:
                # Once: a second signal would end it at once.
                producer.send_signal(signal.SIGTERM)
                end = math.inf
            with suppress(subprocess.TimeoutExpired):
                producer.wait(JUDGE_EVERY_S)

    def _drain(self, publisher: Publisher) -> None:
        """Waits until nothing is under way any more."""
        end = time.monotonic() + FLOW_TIMEOUT_S
        publisher.stop()
        while (busy := self._site.stack.busy()) is not None:
            self._judge(publisher)
            if time.monotonic() > end:
                raise LoadTestFailed(f"after {FLOW_TIMEOUT_S} s there are still {busy}")
            time.sleep(DRAIN_POLL_S)

    def _judge(self, publisher: Publisher) -> None:
        if publisher.failure is not None:
            raise publisher.failure
        if parked := self._site.parked():
            raise LoadTestFailed(f"{parked} messages were parked; the reasons are in {self._site.stack.logs}")

    def _check(self, publisher: Publisher) -> tuple[list[dict[str, Any]], str | None]:
        """The checks that passed, or why they did not: a merge that lags ages the rows."""
        try:
            checks = publisher.task("check")["checks"]
        except FunctionFailed as failure:
            self._console.detail(str(failure))
            return [], str(failure)
        self._console.detail(f"{len(checks)} passed")
        return checks, None

    def _passages(self) -> list[Passage]:
        stack = self._site.stack
        return self._following.follow(stack.firehose.delivered, stack.events.history, self._site.snowflake.ended)

    def _look(self, sample: Sample) -> None:
        """Shows how far the run is, and holds the producer while too much waits."""
        found = self._passages()
        flow = Flow(found, merges(self._site.snowflake.ended))
        admits = self._site.stack.firehose.admits
        received = sample.buffered + sum(one.size for one in found)
        waiting = (sample.buffered + flow.bytes_waiting(sample.at)) * sample.text / max(received, 1)
        not_merged = flow.staged_by(sample.at) - flow.merged_by(sample.at)
        if self._settings.holds(waiting, not_merged):
            admits.clear()
        else:
            admits.set()
        self._console.progress(self._line(sample, found, flow, waiting))

    @staticmethod
    def _line(sample: Sample, found: list[Passage], flow: Flow, waiting: float) -> str:
        """How far the run is, in one line."""
        now = flow.backlog([sample.at])
        waits = [one.queryable - one.landed for one in found if one.queryable is not None]
        p99 = percentile(waits, 0.99)
        held, tail = ", held" if sample.held else "", "-" if p99 is None else f"{p99:.2f} s"
        return (
            f"{sample.lines:,} sent{held}; {waiting / MEGABYTE:,.0f} MB of text wait; Firehose"
            f" {sample.buffered / MEGABYTE:,.1f} MB,"
            f" transform {now.to_transform[0]}, load {now.to_load[0]}, not merged {now.staged[0]:,}; p99 {tail}"
        )
