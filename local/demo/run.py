"""The run, stage by stage."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.console import Console
from local.demo import accounts, orders, samples
from local.demo.accounts import Accounts
from local.demo.measurements import Passage, function_use, invocations, passages
from local.demo.samples import Samples
from local.demo.site import SNOWLINE, Site
from local.stack import FunctionFailed

SPAN = timedelta(hours=24)
BAD_SHARE, DUPLICATE_SHARE = 0.001, 0.01
SEND_SECONDS = 4
POLL_S = 0.1
FLOW_TIMEOUT_S = 600
CHECKS = "select check_id, severity, passed, value, threshold from ops.check_results where run_id = '{run_id}'"


class DemoFailed(Exception):
    """The run did not end as it must; the message is for the person who started it."""


@dataclass(frozen=True)
class Outcome:
    """Everything a run found out."""

    begun: float
    stages: dict[str, tuple[float, float]]
    accounts: Accounts
    audit: dict[str, Any]
    merges: list[dict[str, int]]
    checks: list[dict[str, Any]]
    passages: list[Passage]
    functions: dict[str, dict[str, Any]]
    invocations: list[dict[str, Any]]
    samples: Samples


class Run:
    """One run over a fresh site; `directory` takes logs, keys and what was sent."""

    def __init__(self, site: Site, console: Console, events: int, seed: int, directory: Path) -> None:
        self._site = site
        self._console = console
        self._events = events
        self._seed = seed
        self._directory = directory

    def run(self, begun: float) -> Outcome:
        """Goes through every stage; raises `DemoFailed` when one does not end well."""
        console, site = self._console, self._site
        with console.stage("deploy", "template.yaml, as CloudFormation resolves it"):
            site.deploy()
            console.detail(f"{len(site.stack.resources)} resources, functions from target/release")
        with console.stage("set up", "Snowflake: the script of `snowline sql`, sent as an administrator"):
            console.detail(f"{site.set_up_snowflake()} statements: warehouse, roles, tables, stream, views, grants")
        sent, merges = self._send()
        self._flow()
        run_id = f"demo__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        audit = self._audit(run_id)
        merges.append(self._merge(run_id))
        checks = self._check(run_id)
        with console.stage("read", "the warehouse: the accounts, and a look at the rows"):
            taken = accounts.take(site, sent, merges)
            answers = orders.read(site) if site.dataset.name == "orders" else samples.look(site)
        return Outcome(
            begun, console.stages, taken, audit, merges, checks, passages(site, taken.entries),
            function_use(site), invocations(site, begun), answers,
        )

    def _send(self) -> tuple[dict[str, Any], list[dict[str, int]]]:
        """Sends everything; returns the producer's summary and what was merged meanwhile."""
        where = "into landing, as CSV" if self._site.dataset.is_csv else "on Firehose"
        with self._console.stage("send", f"`snowline generate` puts {self._events:,} events {where}"):
            sent, merges = self._generate()
            deletes = f" {sent['deletes']:,} deletes," if self._site.dataset.has_deletes else ""
            self._console.detail(
                f"{sent['events_sent']:,} lines, {sent['bytes'] / 1e6:.1f} MB in {sent['put_calls']} calls:"
                f" {sent['inserts']:,} inserts, {sent['updates']:,} updates,{deletes}"
            )
            twice, late, bad = sent["duplicates_sent"], sent["late"], sent["bad_sent"]
            self._console.detail(f"{twice:,} of them sent twice, {late:,} late; and {bad:,} bad lines")
            for merge in merges:
                self._console.detail(f"meanwhile publish merged what was staged: {self._changes(merge)}")
        return sent, merges

    def _generate(self) -> tuple[dict[str, Any], list[dict[str, int]]]:
        dataset, outputs = self._site.dataset, self._site.stack.outputs
        summary, log = self._directory / "sent.json", self._directory / "generate.log"
        # Events that are older than they may be on arrival would fail the check of it.
        span = min(SPAN, dataset.latency / 2) if dataset.latency else SPAN
        start = datetime.now(UTC) - span
        target = f"firehose:{outputs['LandingStreamName']}"
        if dataset.is_csv:
            target = f"s3://{outputs['LakeBucketName']}/landing"
        command = [
            str(SNOWLINE), "generate", "--dataset", dataset.name, "--to", target, "--max-delay", "1s",
            "--count", str(self._events),
            "--rate", str(max(1, self._events // SEND_SECONDS)), "--seed", str(self._seed),
            "--bad", str(BAD_SHARE), "--duplicates", str(DUPLICATE_SHARE),
            "--start", start.isoformat().replace("+00:00", "Z"), "--span", f"{int(span.total_seconds())}s",
            "--summary", str(summary), "--copy-to", str(self._directory / "sent.ndjson"),
        ]
        with log.open("wb") as output:
            producer = subprocess.Popen(command, env=self._site.stack.environment, stdout=output, stderr=output)
        merges: list[dict[str, int]] = []
        try:
            while producer.poll() is None:
                self._console.progress(self._progress())
                if not merges and self._rows_copied():
                    # A run of the DAG between two others: rows it merges will change later.
                    self._publish("audit", "demo__early")
                    merges.append(self._publish("merge", "demo__early"))
                time.sleep(POLL_S)
        finally:
            producer.kill()
            producer.wait()
        if producer.returncode:
            raise DemoFailed(f"snowline generate failed ({producer.returncode}):\n{log.read_text()}")
        return json.loads(summary.read_text()), merges

    def _flow(self) -> None:
        what = "Firehose > S3 > transform > S3 > SQS > load > COPY, until nothing is under way"
        with self._console.stage("flow", what):
            end = time.monotonic() + FLOW_TIMEOUT_S
            while (busy := self._site.stack.busy()) is not None:
                if time.monotonic() > end:
                    raise DemoFailed(f"after {FLOW_TIMEOUT_S} s there are still {busy}; logs: {self._site.stack.logs}")
                self._console.progress(self._progress())
                time.sleep(POLL_S)
            self._console.detail(self._progress())
            if parked := self._site.parked():
                logs = self._site.stack.logs
                raise DemoFailed(f"{parked} messages failed every time and were parked; the reasons are in {logs}")

    def _progress(self) -> str:
        """How far the data is, told from what the stand-ins have seen."""
        stack = self._site.stack
        landed = sum(delivery.key.startswith("landing/") for delivery in stack.events.history)
        names = {config.name: logical_id for logical_id, config in stack.functions.items()}
        done = [names[report.function] for report in stack.reports if report.error is None]
        transformed, loads = done.count("TransformFunction"), done.count("LoadFunction")
        copied = self._rows_copied()
        return f"{landed} objects landed, {transformed} transformed, {copied:,} rows copied by {loads} loads"

    def _rows_copied(self) -> int:
        return sum(metric.get("RowsLoaded", 0) for metric in self._site.stack.metrics())

    def _audit(self, run_id: str) -> dict[str, Any]:
        with self._console.stage("audit", "publish compares the ledger with staging, object by object"):
            audit = self._publish("audit", run_id)
            accepted, staged = audit["rows_accepted"], audit["rows_loaded"]
            self._console.detail(f"{audit['objects']} objects: {accepted:,} rows accepted, {staged:,} in staging")
        return audit

    def _merge(self, run_id: str) -> dict[str, int]:
        with self._console.stage("merge", "publish merges the newest version of each row into analytics"):
            merge = self._publish("merge", run_id)
            self._console.detail(self._changes(merge))
        return merge

    def _check(self, run_id: str) -> list[dict[str, Any]]:
        with self._console.stage("check", "publish runs the contract's checks over analytics"):
            try:
                checks = self._publish("check", run_id)["checks"]
            except FunctionFailed:
                # A failed check of severity error fails the task. Events made from a contract know
                # nothing of what its checks ask about, so that this is for people to see.
                checks = self._site.read(CHECKS.format(run_id=run_id)).records()
                if not checks:
                    raise
            failed = [check["check_id"] for check in checks if not check["passed"]]
            which = f"; failed: {', '.join(failed)}" if failed else ""
            self._console.detail(f"{len(checks) - len(failed)} of {len(checks)} passed{which}")
        return checks

    def _publish(self, task: str, run_id: str) -> dict[str, Any]:
        """Invokes publish with the payload of the DAG's task of this name."""
        return self._site.stack.invoke("PublishFunction", {"task": task, "run_id": run_id})

    def _changes(self, merge: dict[str, int]) -> str:
        deleted = f", {merge['deleted']:,} deleted" if self._site.dataset.has_deletes else ""
        return f"{merge['inserted']:,} inserted, {merge['updated']:,} updated{deleted}"
