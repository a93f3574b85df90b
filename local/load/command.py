"""The load test as a command: one run, what it prints and what it leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.aws.translation import DeploymentError
from local.console import Console
from local.dataset import read
from local.demo.sql_api import SqlFailed
from local.load import steps
from local.load.latency import STAGES
from local.load.needs import at_a_million
from local.load.report import render
from local.load.run import LoadTestFailed, Outcome, Run
from local.load.settings import Settings
from local.load.site import LoadSite
from local.load.summary import summarise
from local.stack import FunctionFailed

FAILURES = (LoadTestFailed, FunctionFailed, SqlFailed, DeploymentError, TimeoutError, OSError)


def load_test(console: Console, settings: Settings, shares: list[float], step_s: int, out: Path) -> int:
    """Runs the load test, then a shorter run at each share of what it sustained, for the model.

    Reports, and returns the exit code: 1 when rows are not accounted for. `out` is emptied first.
    """
    shutil.rmtree(out, ignore_errors=True)
    try:
        outcome = one_run(console, settings, out / "run")
        summary = summarise(outcome)
        observed = [steps.observed(outcome)] if not shares else []
        summary["at_a_million"] = at_a_million(
            summary["bytes_sent"] / summary["sent"]["events_sent"], summary["cpu"]["transform_ms_per_mb"],
            settings.compress,
        )
        for share in shares:
            console.text(f"For the model: {share:.0%} of what was sustained")
            at = steps.scaled(settings, summary, share, step_s)
            observed.append(steps.observed(one_run(Console(), at, out / f"run-{share:.0%}".rstrip("%"))))
    except subprocess.CalledProcessError as error:
        return _fail(f"{' '.join(error.cmd)}: {error.stderr}")
    except FAILURES as error:
        return _fail(str(error))
    summary["model"] = steps.model(observed)
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    (out / "report.html").write_text(render(summary))
    show(console, summary)
    console.text(f"Figures: {out / 'summary.json'}   Charts: {out / 'report.html'}")
    return judge(outcome)


def one_run(console: Console, settings: Settings, directory: Path) -> Outcome:
    """One run over a fresh site, whose tables are removed after."""
    directory.mkdir(parents=True)
    site = LoadSite(directory, read("orders"), settings)
    try:
        with console.stage("start", "stand-ins for AWS and Snowflake, on loopback"):
            site.start()
        return Run(site, console, settings, directory).run()
    finally:
        site.stop()
        for file in (directory / "snowflake").glob("*.duckdb*"):
            file.unlink()


def show(console: Console, summary: dict[str, Any]) -> None:
    """Prints what matters of a summary."""
    console.table("Lines a second", [""] * 2, [
        ["asked", summary["rate_asked"]], ["sent", summary["rate_sent"]],
        ["queryable in staging while sending", summary["rate_queryable"]],
        ["published in analytics, the rest of the way included", summary["rate_published"]],
    ])
    console.text(f"{'Sustained' if summary['sustained'] else 'Limited by'}: {summary['limit']}.")
    names = {name: what for name, (what, _) in STAGES.items()} | {"merge": "MERGE received to committed"}
    console.table("Latency of landing objects, ms", ["", "p50", "p95", "p99", "max"], [
        [names[name], *(times[share] for share in ("p50", "p95", "p99", "max"))]
        for name, times in summary["latency_ms"].items()
    ])
    cpu = summary["cpu"]
    console.table("Processor time and memory", ["", "CPU s", "CPU s a million lines", "peak MiB"], [
        [group, cpu["seconds"][group], cpu["seconds_per_million_lines"][group], cpu["peak_mib"][group]]
        for group in cpu["seconds"]
    ])
    console.table("Accounting", [""] * 5, [
        [one["left"], one["left_value"], "=" if one["holds"] else "≠", one["right_value"], one["right"]]
        for one in summary["accounting"]
    ])
    console.table("Model and measurement, landed to queryable, ms",
                  ["lines a second", "p50", "predicted", "p99", "predicted"],
                  [[row["rate"], row["p50_ms"], row["predicted_p50_ms"], row["p99_ms"], row["predicted_p99_ms"]]
                   for row in summary["model"]["compared"]])
    million = summary["at_a_million"]
    needs = million["needs"]
    console.text(
        f"A million events a second ({million['bytes_an_event']} bytes of text,"
        f" compressed by producers: {million['compress']}) would take"
        f" {needs['transform_concurrency']:.1f} transforms at once, {needs['copies_per_minute']:.0f} COPYs a minute,"
        f" warehouse {million['warehouse']}, ${million['usd_per_month']:,} a month: `snowline cost`."
    )


def judge(outcome: Outcome) -> int:
    """1 when the accounts do not add up or a check failed, and says how."""
    broken = [one for one in outcome.accounts.equations() if not one.holds]
    for one in broken:
        _fail(f"the accounts do not add up: {one.name}: {one.left} {one.left_value:,}, {one.right} {one.right_value:,}")
    if outcome.checks_failed:
        _fail(f"a check failed: {outcome.checks_failed}")
    return 1 if broken or outcome.checks_failed else 0


def _fail(message: str) -> int:
    sys.stderr.write(f"\nload-test: FAILED: {message}\n")
    return 1
