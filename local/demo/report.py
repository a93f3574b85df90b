"""`report.html`: the summary as one page that needs nothing but a browser."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from local.demo import charts, timeline
from local.demo.charts import Series
from local.demo.samples import SEGMENTS

PAGE = Path(__file__).with_name("report.html")
CURRENCIES_SHOWN = 3


def render(summary: dict[str, Any]) -> str:
    """The page of a summary."""
    latency = summary["landing_to_queryable_ms"]
    return Template(PAGE.read_text()).substitute(
        title=f"{summary['events_sent']:,} events, producer to trusted tables",
        finished_at=summary["finished_at"].replace("T", " ").rstrip("Z"),
        seconds=f"{summary['seconds_total']:.1f}",
        seed=summary["sent"]["seed"],
        tiles=_tiles(summary),
        accounting=_accounting(summary["accounting"]),
        checks=_checks(summary["checks"]),
        orders_by_hour=_orders_by_hour(summary["revenue_by_hour"]),
        revenue_by_hour=_revenue_by_hour(summary["revenue_by_hour"]),
        categories=_categories(summary["orders_by_category"]),
        segments=_segments(summary["customers_by_segment"]),
        rejects=_rejects(summary["rejected_by_rule"]),
        functions=_functions(summary["functions"]),
        run=timeline.run(summary),
        passages=timeline.passages(summary["objects"]),
        p50=_figure(latency["p50"]),
        p99=_figure(latency["p99"]),
    )


def _tiles(summary: dict[str, Any]) -> str:
    changes = f"{summary['merge']['updated']:,} updated, {summary['merge']['deleted']:,} deleted"
    tiles = [
        (f"{summary['rows_accepted']:,}", "rows accepted", f"of {summary['rows_read']:,} read"),
        (f"{summary['rows_rejected']:,}", "rows in quarantine", f"{summary['bad_sent']:,} bad lines were sent"),
        (f"{summary['landing_objects']:,}", "landing objects", f"{summary['landing_bytes'] / 1e6:,.1f} MB gzip"),
        (f"{summary['analytics_rows']:,}", "live orders", changes),
        (f"{_figure(summary['landing_to_queryable_ms']['p50'])} ms", "landed to queryable", "median of the objects"),
    ]
    return "".join(
        f'<div class="tile"><b>{value}</b><span>{name}</span><small>{note}</small></div>' for value, name, note in tiles
    )


def _accounting(equations: list[dict[str, Any]]) -> str:
    rows = [
        [one["left"], f"{one['left_value']:,}", "=" if one["holds"] else "≠", f"{one['right_value']:,}", one["right"]]
        for one in equations
    ]
    return _table([], rows, numbers={1, 3}, failed=[not one["holds"] for one in equations])


def _checks(checks: list[dict[str, Any]]) -> str:
    rows = [
        [check["check_id"], check["severity"], _figure(check["value"]), check["threshold"],
         "passed" if check["passed"] else "FAILED"]
        for check in checks
    ]
    return _table(["check", "severity", "value", "must be", ""], rows, {2}, [not check["passed"] for check in checks])


def _functions(functions: dict[str, dict[str, Any]]) -> str:
    fields = ["invocations", "cold_starts", "init_ms_p50", "duration_ms_p50", "duration_ms_p99", "max_memory_mb"]
    rows = [[name, *(_figure(use[field]) for field in fields)] for name, use in functions.items()]
    heads = ["function", "invocations", "cold", "init, ms", "p50, ms", "p99, ms", "peak, MB"]
    return _table(heads, rows, set(range(1, 7)), [False] * len(rows))


def _table(heads: list[str], rows: list[list[str]], numbers: set[int], failed: list[bool]) -> str:
    def cells(tag: str, row: list[str]) -> str:
        kinds = ["n" if at in numbers else "t" for at in range(len(row))]
        return "".join(f'<{tag} class="{kind}">{escape(cell)}</{tag}>' for kind, cell in zip(kinds, row, strict=True))

    head = f"<thead><tr>{cells('th', heads)}</tr></thead>" if heads else ""
    body = "".join(
        f'<tr{" class=failed" if bad else ""}>{cells("td", row)}</tr>' for row, bad in zip(rows, failed, strict=True)
    )
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _hours(records: list[dict[str, Any]]) -> list[str]:
    return sorted({record["order_hour"] for record in records})


def _orders_by_hour(records: list[dict[str, Any]]) -> str:
    hours = _hours(records)
    orders: dict[str, int] = defaultdict(int)
    for record in records:
        orders[record["order_hour"]] += record["order_count"]
    return charts.columns("Orders by hour", _clock(hours), [orders[hour] for hour in hours], "c1")


def _revenue_by_hour(records: list[dict[str, Any]]) -> str:
    hours = _hours(records)
    revenue: dict[str, dict[str, float]] = defaultdict(dict)
    for record in records:
        revenue[record["currency"]][record["order_hour"]] = float(record["revenue"])
    largest = sorted(revenue, key=lambda currency: -sum(revenue[currency].values()))[:CURRENCIES_SHOWN]
    series = [
        Series(currency, [revenue[currency].get(hour) for hour in hours], f"c{index}")
        for index, currency in enumerate(largest, start=1)
    ]
    return charts.lines("Revenue by hour and currency", _clock(hours), series)


def _clock(hours: list[str]) -> list[str]:
    return [hour[11:16] for hour in hours]


def _categories(records: list[dict[str, Any]]) -> str:
    rows = [(record["product_category"], record["orders"], f"{record['orders']:,}") for record in records]
    return charts.bars("Orders by product category", rows, "c1")


def _segments(records: list[dict[str, Any]]) -> str:
    customers: dict[str, dict[str, int]] = defaultdict(dict)
    for record in records:
        customers[record["currency"]][record["segment"]] = record["customers"]
    rows = [(currency, [counts.get(segment, 0) for segment in SEGMENTS]) for currency, counts in customers.items()]
    rows.sort(key=lambda row: -sum(row[1]))
    return charts.shares("Customers by segment", rows, ["s1", "s2", "s3"], SEGMENTS)


def _rejects(by_rule: dict[str, int]) -> str:
    if not by_rule:
        return "<p>No row was rejected.</p>"
    return charts.bars("Rejected rows by rule", [(rule, rows, f"{rows:,}") for rule, rows in by_rule.items()], "c2")


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.3g}"
