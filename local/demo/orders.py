"""What the demo shows of orders: revenue by hour, customers by segment, orders by category."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from local.demo import charts
from local.demo.cards import Card
from local.demo.charts import Series
from local.demo.samples import Answer
from local.demo.site import Site
from local.demo.sql_api import Table

SEGMENTS = ["High", "Medium", "Low"]
"""Of the view customer_segments, the most valuable first."""

CURRENCIES_SHOWN = 3

CATEGORIES = """
select
    product_category,
    count(*) as orders,
    count_if(order_status in ('cancelled', 'returned')) as cancelled_or_returned
from analytics.processed_orders
group by product_category
order by orders desc
"""


@dataclass(frozen=True)
class OrderSamples:
    """The sample queries of sql/samples/orders, and orders by category."""

    revenue_by_hour: Table
    customers_by_segment: Table
    orders_by_category: Table

    def tables(self) -> list[Answer]:
        return [
            ("samples/revenue_by_hour (UTC), a column a currency", *self._hours_by_currency()),
            ("samples/customers_by_segment, a column a currency", *self._segments_by_currency()),
        ]

    def answers(self) -> dict[str, Table]:
        return dict(vars(self))

    def _hours_by_currency(self) -> tuple[list[str], list[list[Any]]]:
        """Orders of each hour, and its revenue with a column a currency."""
        orders: Counter[Any] = Counter()
        for record in self.revenue_by_hour.records():
            orders[record["order_hour"]] += record["order_count"]
        currencies = _currencies(self.revenue_by_hour, "revenue")
        revenue = _pivot(self.revenue_by_hour, "order_hour", currencies, "revenue")
        return ["order_hour", "orders", *currencies], [[hour, orders[hour], *revenue[hour]] for hour in revenue]

    def _segments_by_currency(self) -> tuple[list[str], list[list[Any]]]:
        """Customers of each segment and what they are worth, with a column a currency."""
        currencies = _currencies(self.customers_by_segment, "lifetime_value")
        rows = []
        for measure in ("customers", "lifetime_value"):
            by_segment = _pivot(self.customers_by_segment, "segment", currencies, measure)
            rows += [[measure, segment, *by_segment[segment]] for segment in SEGMENTS if segment in by_segment]
        return ["", "segment", *currencies], rows


def _currencies(table: Table, measure: str) -> list[str]:
    """The currencies, the one with the largest sum first."""
    total: Counter[str] = Counter()
    for record in table.records():
        total[record["currency"]] += record[measure]
    return [currency for currency, _ in total.most_common()]


def _pivot(table: Table, row: str, currencies: list[str], measure: str) -> dict[Any, list[Any]]:
    """The measure by `row`, in the order of these currencies; null where there is none."""
    found: dict[Any, dict[str, Any]] = {}
    for record in table.records():
        found.setdefault(record[row], {})[record["currency"]] = record[measure]
    return {name: [values.get(currency) for currency in currencies] for name, values in found.items()}


def read(site: Site) -> OrderSamples:
    """Asks the queries."""
    return OrderSamples(
        revenue_by_hour=site.sample("revenue_by_hour"),
        customers_by_segment=site.sample("customers_by_segment"),
        orders_by_category=site.read(CATEGORIES),
    )


def cards(samples: dict[str, list[dict[str, Any]]]) -> list[Card]:
    """The part of the report that is about orders; records as in the summary."""
    hours = sorted({record["order_hour"] for record in samples["revenue_by_hour"]})
    keys = "".join(
        f'<span class="key s{at}"></span>{name}'
        for at, name in enumerate(["High, above 1,000 ", "Medium, above 500 ", "Low"], start=1)
    )
    return [
        Card(
            "Orders by hour", "Live orders by the hour (UTC) of their latest change; the last hour is not over.",
            _orders_by_hour(samples["revenue_by_hour"], hours),
        ),
        Card(
            "Revenue by hour",
            "The three largest currencies, each in its own unit, net of cancelled and returned orders.",
            _revenue_by_hour(samples["revenue_by_hour"], hours),
        ),
        Card("Orders by category", "Live orders.<br>&nbsp;", _categories(samples["orders_by_category"])),
        Card(
            "Customers by segment",
            f"Share of the customers of a currency by lifetime value in it, and their number.<br>\n{keys}",
            _segments(samples["customers_by_segment"]),
        ),
    ]


def _orders_by_hour(records: list[dict[str, Any]], hours: list[str]) -> str:
    orders: dict[str, int] = defaultdict(int)
    for record in records:
        orders[record["order_hour"]] += record["order_count"]
    return charts.columns("Orders by hour", _clock(hours), [orders[hour] for hour in hours], "c1")


def _revenue_by_hour(records: list[dict[str, Any]], hours: list[str]) -> str:
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
