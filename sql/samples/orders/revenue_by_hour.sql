-- Revenue of the last 24 hours that have orders.
-- Grain: one row an hour (UTC) and currency.
-- Repetition: reads only.
select
    order_hour,
    currency,
    order_count,
    revenue
from analytics.order_hourly
qualify dense_rank() over (order by order_hour desc) <= 24
order by order_hour desc, currency asc
