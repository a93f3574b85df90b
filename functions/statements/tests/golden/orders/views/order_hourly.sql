-- Orders and revenue by hour of their latest change. Cancelled and returned orders count as
-- orders and bring no revenue.
-- Grain: one row an hour (UTC) and currency.
-- Repetition: replaces the view.
create or replace view analytics.order_hourly
copy grants
as
with orders as (
    select
        order_hour,
        currency,
        case
            when order_status in ('cancelled', 'returned') then 0
            else order_amount
        end as revenue
    from analytics.processed_orders
)

select
    order_hour,
    currency,
    count(*) as order_count,
    sum(revenue) as revenue
from orders
group by order_hour, currency;
