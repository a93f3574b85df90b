"""`report.html`: the summary as one page that needs nothing but a browser."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import Any

from local.demo import charts
from local.demo.cards import Card, table
from local.demo.charts import Series
from local.demo.report import STYLE, accounting, tiles_html
from local.load.latency import STAGES

PAGE = Path(__file__).with_name("report.html")
MERGE = "MERGE received to committed"


def render(summary: dict[str, Any]) -> str:
    """The page of a summary."""
    settings = summary["settings"]
    return Template(PAGE.read_text()).substitute(
        style=STYLE.read_text(),
        title=f"{summary['rate_asked']:,} orders a second asked, {summary['rate_sent']:,} sent",
        subtitle=escape(
            f"Finished {summary['finished_at'].replace('T', ' ').rstrip('Z')} UTC, after sending for"
            f" {summary['seconds']:,.0f} s, on one machine of {summary['cpu']['cores']} processors that functions,"
            f" producer and stand-ins share. Compressed by the producer: {settings['compress']}. Firehose"
            f" cuts objects at {settings['buffer_mib']} MiB of what arrives or"
            f" {settings['buffer_s']} s; files wait {settings['window_s']} s for a COPY; a merge every"
            f" {settings['publish_every_s']} s."
        ),
        tiles=_tiles(summary),
        cards="".join(card.html() for card in _cards(summary)),
    )


def _tiles(summary: dict[str, Any]) -> str:
    latency = summary["latency_ms"]["landing_to_queryable"]
    held = sum(one["holds"] for one in summary["accounting"])
    return tiles_html([
        (f"{summary['rate_sent']:,}", "lines a second sent", f"{summary['rate_asked']:,} asked"),
        (f"{summary['rate_published']:,}", "rows a second published",
         f"{summary['drained_s']:,.0f} s after the last was sent"),
        (f"{_ms(latency['p99'])} ms", "landed to queryable, p99", f"median {_ms(latency['p50'])} ms"),
        (f"{summary['rows_accepted']:,}", "rows accepted", f"{summary['rows_rejected']:,} in quarantine"),
        (f"{held} of {len(summary['accounting'])}", "accounts hold", f"{summary['merges']:,} merges"),
    ])


def _cards(summary: dict[str, Any]) -> list[Card]:
    return [
        Card("What limited it", escape(f"{summary['limit'].capitalize()}."), _limits(summary), wide=True),
        *_over_time(summary["series"]),
        Card("Latency of landing objects", "Milliseconds. The merge is the time of its statement.",
             _latency(summary["latency_ms"])),
        Card("Accounting", "Each figure taken twice, from sources that do not know of one another.",
             accounting(summary["accounting"])),
        Card("Functions", "Reports of the Lambda stand-in; peak is the resident memory of one instance.",
             _functions(summary["functions"])),
        *_processors(summary["cpu"]),
        Card("Model and measurement",
             "From landed to queryable at shares of what was sustained; each run is predicted from the others.",
             _model(summary["model"])),
        Card("A million events a second",
             "What `snowline cost` reckons, with the transform's processor time of this run; dollars a month.",
             _million(summary["at_a_million"])),
    ]


def _limits(summary: dict[str, Any]) -> str:
    cpu, series = summary["cpu"], summary["series"]
    rows = [
        ["lines a second asked, sent, queryable while sending",
         f"{summary['rate_asked']:,}, {summary['rate_sent']:,}, {summary['rate_queryable']:,}"],
        ["processors busy, with this run alone", f"{cpu['busy_share']:.0%}, {cpu['ours_share']:.0%}"],
        ["text sent, records as Firehose took them, MB",
         f"{summary['bytes_sent'] / 1e6:,.1f}, {summary['bytes_received'] / 1e6:,.1f}"],
        ["most in Firehose, MB as it arrived", f"{max(series['firehose_mb'], default=0):,.1f}"],
        ["most objects before the transform, before COPY",
         f"{max(series['objects_to_transform'], default=0):,}, {max(series['objects_to_load'], default=0):,}"],
        ["most rows staged and not merged", f"{max(series['rows_not_merged'], default=0):,}"],
    ]
    return table([], rows, {1})


def _over_time(series: dict[str, Any]) -> list[Card]:
    places = [f"{at:.0f} s" for at in series["at_s"]]
    seconds = series["landing_to_queryable_ms"]
    # Colours are of what it is, so that the producer has the same one in both.
    groups = [("AWS", "c1"), ("Snowflake", "c2"), ("transform", "c3")]
    return [
        Card("Rate", "Lines sent and rows queryable in staging, a second.",
             charts.lines("Lines a second over time", places, [
                 Series("sent", series["sent_per_s"], "c1"), Series("loaded", series["queryable_per_s"], "c2")])),
        Card("From landed to queryable", "Seconds, by when the object landed.",
             charts.lines("Seconds from landed to queryable over time", places, [
                 Series(name, [None if ms is None else ms / 1000 for ms in seconds[name]], class_)
                 for name, class_ in (("p50", "c1"), ("p99", "c2"))])),
        Card("Objects under way", "Landing objects before or in the transform, and transformed ones not yet loaded.",
             charts.lines("Objects under way over time", places, [
                 Series("in", series["objects_to_transform"], "c1"),
                 Series("load", series["objects_to_load"], "c2")])),
        Card("Rows not merged", "Rows in staging that no merge has taken.",
             charts.lines("Rows not merged over time", places, [Series("rows", series["rows_not_merged"], "c1")])),
        Card("Firehose's buffer", "Megabytes of records not yet in an object, as they arrived.",
             charts.lines("Megabytes in Firehose over time", places, [Series("MB", series["firehose_mb"], "c1")])),
        Card("Processors", "How many were at work for the stand-ins and the transform.",
             charts.lines("Processors at work over time", places, [
                 Series({"Snowflake": "SF", "transform": "tf"}.get(name, name), series["cores_busy"][name], class_)
                 for name, class_ in groups])),
    ]


def _latency(latency: dict[str, dict[str, float | None]]) -> str:
    names = {name: what for name, (what, _) in STAGES.items()} | {"merge": MERGE}
    shares = ("p50", "p95", "p99", "max")
    return table(["", *shares], [[names[name], *(_ms(times[share]) for share in shares)]
                                 for name, times in latency.items()], {1, 2, 3, 4})


def _functions(functions: dict[str, dict[str, Any]]) -> str:
    fields = ["invocations", "cold_starts", "errors", "duration_ms_p50", "duration_ms_p99", "max_memory_mb"]
    rows = [[name, *(_ms(use[field]) for field in fields)] for name, use in functions.items()]
    heads = ["function", "invocations", "cold", "errors", "p50, ms", "p99, ms", "peak, MB"]
    return table(heads, rows, set(range(1, 7)))


def _processors(cpu: dict[str, Any]) -> list[Card]:
    def shares(label: str, seconds: dict[str, float], class_: str) -> str:
        total = sum(seconds.values()) or 1
        return charts.bars(label, [(name, value, f"{value:,.1f} s, {value / total:.0%}")
                                   for name, value in seconds.items()], class_)

    rows = [[group, f"{seconds:,.1f}", f"{cpu['seconds_per_million_lines'][group]:,.2f}", f"{cpu['peak_mib'][group]:,}"]
            for group, seconds in cpu["seconds"].items()]
    return [
        Card("Processor time", "Of all processes, the rest of the way included.",
             shares("Processor seconds by process", cpu["seconds"], "c1")
             + table(["process", "CPU s", "a million lines", "peak, MiB"], rows, {1, 2, 3})),
        Card("The stand-ins of AWS", "Threads of one process, by the service that they answer for; what no meter sees"
             " (pollers, notifications, the Runtime API) is not in it.",
             shares("Processor seconds by service", cpu["aws_by_service"], "c2")),
        Card("The stand-in of Snowflake", "Threads of statements by their first word.",
             shares("Processor seconds by statement", cpu["snowflake_by_statement"], "c3")),
    ]


def _model(model: dict[str, Any]) -> str:
    fields = ["p50_ms", "predicted_p50_ms", "p99_ms", "predicted_p99_ms"]
    rows = [
        [f"{row['rate']:,}", f"{row['busy']:.0%}", f"{row['predicted_busy']:.0%}", *(_ms(row[name]) for name in fields)]
        for row in model["compared"]
    ]
    return table(["lines a second", "busy", "predicted", "p50, ms", "predicted", "p99, ms", "predicted"], rows,
                 set(range(7)))


def _million(million: dict[str, Any]) -> str:
    needs = million["needs"]
    rows = [
        ["Firehose: MiB and calls a second",
         f"{needs['firehose_mib_per_second']:,.0f}, {needs['firehose_requests_per_second']:,.0f}"],
        ["landing objects a minute", f"{needs['objects_per_minute']:,.0f}"],
        ["transforms at once", f"{needs['transform_concurrency']:,.1f}"],
        ["loads at once, COPYs a minute", f"{needs['load_concurrency']:,.1f}, {needs['copies_per_minute']:,.1f}"],
        ["rows a merge, seconds it takes", f"{needs['merge_rows_per_run']:,.0f}, {needs['merge_seconds']:,.0f}"],
        ["smallest warehouse that keeps up", million["warehouse"]],
        *(
            [f"$ {name.replace('_', ' ')}", f"{dollars:,}"]
            for name, dollars in million["usd_per_month_by_stage"].items()
        ),
        ["$ in all", f"{million['usd_per_month']:,}"],
    ]
    return table([], rows, {1})


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
