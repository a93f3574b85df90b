"""The demo as a command: one run, what it prints and what it leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from local.aws.translation import DeploymentError
from local.console import Console
from local.dataset import Dataset
from local.demo.report import render
from local.demo.run import DemoFailed, Outcome, Run
from local.demo.site import Site
from local.demo.sql_api import SqlFailed
from local.demo.summary import summarise
from local.stack import FunctionFailed


def demo(console: Console, begun: float, dataset: Dataset, events: int, seed: int, out: Path) -> int:
    """Runs the demo, reports, and returns the exit code; `out` is emptied first."""
    try:
        outcome = _run(console, begun, dataset, events, seed, out)
    except subprocess.CalledProcessError as error:
        return _fail(f"{' '.join(error.cmd)}: {error.stderr}")
    except (DemoFailed, FunctionFailed, SqlFailed, DeploymentError, OSError) as error:
        return _fail(str(error))
    summary = summarise(outcome)
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    (out / "report.html").write_text(render(summary))
    _print_answers(console, outcome)
    latency = summary["landing_to_queryable_ms"]
    console.text(
        f"From landed to queryable: {_ms(latency['p50'])} at the median, {_ms(latency['p99'])} at p99."
        f" All in {summary['seconds_total']:.1f} s.\n"
        f"Figures: {out / 'summary.json'}   Charts: {out / 'report.html'}"
    )
    return _judge(outcome)


def _run(console: Console, begun: float, dataset: Dataset, events: int, seed: int, out: Path) -> Outcome:
    shutil.rmtree(out, ignore_errors=True)
    work = out / "run"
    work.mkdir(parents=True)
    site = Site(work, dataset)
    try:
        with console.stage("start", "stand-ins for AWS and Snowflake, on loopback", begun):
            site.start()
            console.detail(f"AWS at {site.stack.endpoint_url}, Snowflake's SQL API at {site.snowflake.url}")
        return Run(site, console, events, seed, work).run(begun)
    finally:
        site.stop()


def _print_answers(console: Console, outcome: Outcome) -> None:
    console.table(
        "Accounting", [""] * 5,
        [
            [one.left, one.left_value, "=" if one.holds else "≠", one.right_value, one.right]
            for one in outcome.accounts.equations()
        ],
    )
    console.table("Rejected rows", ["rule", "rows"], outcome.accounts.rejected_by_rule.items())
    fields = ["check_id", "severity", "passed", "value", "threshold"]
    console.table("Checks", fields, [[check[field] for field in fields] for check in outcome.checks])
    for title, columns, rows in outcome.samples.tables():
        console.table(title, columns, rows)


def _judge(outcome: Outcome) -> int:
    broken = [one for one in outcome.accounts.equations() if not one.holds]
    for one in broken:
        _fail(f"the accounts do not add up: {one.name}: {one.left} {one.left_value:,}, {one.right} {one.right_value:,}")
    return 1 if broken else 0


def _fail(message: str) -> int:
    sys.stderr.write(f"\ndemo: FAILED: {message}\n")
    return 1


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
