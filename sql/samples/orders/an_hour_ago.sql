-- Analytics as it stood an hour ago, beside now: what the last merges changed. Fails when the
-- table is younger than that.
-- Grain: one row a status.
-- Repetition: reads only.
with earlier as (
    select
        order_status,
        count(*) as orders,
        sum(order_amount) as amount
    from analytics.processed_orders at (offset => -3600)
    group by order_status
),

current_state as (
    select
        order_status,
        count(*) as orders,
        sum(order_amount) as amount
    from analytics.processed_orders
    group by order_status
)

select
    coalesce(current_state.order_status, earlier.order_status) as order_status,
    coalesce(earlier.orders, 0) as orders_an_hour_ago,
    coalesce(current_state.orders, 0) as orders_now,
    coalesce(earlier.amount, 0) as amount_an_hour_ago,
    coalesce(current_state.amount, 0) as amount_now
from current_state
full outer join earlier
    on current_state.order_status = earlier.order_status
order by order_status
