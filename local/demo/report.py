"""`report.html`: the summary as one page that needs nothing but a browser."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from local.demo import charts, orders, samples, timeline
from local.demo.cards import Card, table

PAGE = Path(__file__).with_name("report.html")
STYLE = Path(__file__).with_name("style.css")


def render(summary: dict[str, Any]) -> str:
    """The page of a summary."""
    latency = summary["landing_to_queryable_ms"]
    return Template(PAGE.read_text()).substitute(
        style=STYLE.read_text(),
        title=f"{summary['events_sent']:,} events of {summary['dataset']}, producer to trusted tables",
        finished_at=summary["finished_at"].replace("T", " ").rstrip("Z"),
        seconds=f"{summary['seconds_total']:.1f}",
        seed=summary["sent"]["seed"],
        tiles=_tiles(summary),
        accounting=accounting(summary["accounting"]),
        checks=_checks(summary["checks"]),
        samples="".join(card.html() for card in _samples(summary)),
        rejects=_rejects(summary["rejected_by_rule"]),
        functions=_functions(summary["functions"]),
        run=timeline.run(summary),
        passages=timeline.passages(summary["objects"]),
        p50=_figure(latency["p50"]),
        p99=_figure(latency["p99"]),
    )


def _tiles(summary: dict[str, Any]) -> str:
    deleted = f", {summary['merge']['deleted']:,} deleted" if summary["merge"]["deleted"] else ""
    changes = f"{summary['merge']['updated']:,} updated{deleted}"
    tiles = [
        (f"{summary['rows_accepted']:,}", "rows accepted", f"of {summary['rows_read']:,} read"),
        (f"{summary['rows_rejected']:,}", "rows in quarantine", f"{summary['bad_sent']:,} bad lines were sent"),
        (f"{summary['landing_objects']:,}", "landing objects", f"{summary['landing_bytes'] / 1e6:,.1f} MB gzip"),
        (f"{summary['analytics_rows']:,}", f"live {summary['dataset']}", changes),
        (f"{_figure(summary['landing_to_queryable_ms']['p50'])} ms", "landed to queryable", "median of the objects"),
    ]
    return tiles_html(tiles)


def tiles_html(tiles: list[tuple[str, str, str]]) -> str:
    """Figures, each with its name and a note."""
    return "".join(
        f'<div class="tile"><b>{value}</b><span>{name}</span><small>{note}</small></div>' for value, name, note in tiles
    )


def accounting(equations: list[dict[str, Any]]) -> str:
    """The equations as a table; those that do not hold stand out."""
    rows = [
        [one["left"], f"{one['left_value']:,}", "=" if one["holds"] else "≠", f"{one['right_value']:,}", one["right"]]
        for one in equations
    ]
    return table([], rows, numbers={1, 3}, failed=[not one["holds"] for one in equations])


def _checks(checks: list[dict[str, Any]]) -> str:
    rows = [
        [check["check_id"], check["severity"], _figure(check["value"]), check["threshold"],
         "passed" if check["passed"] else "FAILED"]
        for check in checks
    ]
    return table(["check", "severity", "value", "must be", ""], rows, {2}, [not check["passed"] for check in checks])


def _functions(functions: dict[str, dict[str, Any]]) -> str:
    fields = ["invocations", "cold_starts", "init_ms_p50", "duration_ms_p50", "duration_ms_p99", "max_memory_mb"]
    rows = [[name, *(_figure(use[field]) for field in fields)] for name, use in functions.items()]
    heads = ["function", "invocations", "cold", "init, ms", "p50, ms", "p99, ms", "peak, MB"]
    return table(heads, rows, set(range(1, 7)), [False] * len(rows))


def _samples(summary: dict[str, Any]) -> list[Card]:
    show = orders.cards if summary["dataset"] == "orders" else samples.cards
    return show(summary["samples"])


def _rejects(by_rule: dict[str, int]) -> str:
    if not by_rule:
        return "<p>No row was rejected.</p>"
    return charts.bars("Rejected rows by rule", [(rule, rows, f"{rows:,}") for rule, rows in by_rule.items()], "c2")


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.3g}"
