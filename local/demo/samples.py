"""What the report shows of the orders themselves, read from analytics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from local.demo.site import Site
from local.demo.sql_api import Table

SEGMENTS = ["High", "Medium", "Low"]
"""Of the view customer_segments, the most valuable first."""

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
class Samples:
    """The sample queries of sql/samples/orders, and orders by category."""

    revenue_by_hour: Table
    customers_by_segment: Table
    orders_by_category: Table

    def hours_by_currency(self) -> tuple[list[str], list[list[Any]]]:
        """Orders of each hour, and its revenue with a column a currency."""
        orders: Counter[Any] = Counter()
        for record in self.revenue_by_hour.records():
            orders[record["order_hour"]] += record["order_count"]
        currencies = _currencies(self.revenue_by_hour, "revenue")
        revenue = _pivot(self.revenue_by_hour, "order_hour", currencies, "revenue")
        return ["order_hour", "orders", *currencies], [[hour, orders[hour], *revenue[hour]] for hour in revenue]

    def segments_by_currency(self) -> tuple[list[str], list[list[Any]]]:
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


def read(site: Site) -> Samples:
    """Asks the queries."""
    return Samples(
        revenue_by_hour=site.sample("revenue_by_hour"),
        customers_by_segment=site.sample("customers_by_segment"),
        orders_by_category=site.read(CATEGORIES),
    )
