-- Customers by what their orders have brought: High above 1,000, Medium above 500, else Low.
-- Cancelled and returned orders bring nothing.
-- Grain: one row a customer and currency.
-- Repetition: replaces the view.
create or replace view analytics.customer_segments
copy grants
as
with orders as (
    select
        customer_id,
        currency,
        order_timestamp,
        case
            when order_status in ('cancelled', 'returned') then 0
            else order_amount
        end as revenue
    from analytics.processed_orders
),

customers as (
    select
        customer_id,
        currency,
        count(*) as order_count,
        sum(revenue) as lifetime_value,
        max(order_timestamp) as last_order_at
    from orders
    group by customer_id, currency
)

select
    customer_id,
    currency,
    order_count,
    lifetime_value,
    last_order_at,
    case
        when lifetime_value > 1000 then 'High'
        when lifetime_value > 500 then 'Medium'
        else 'Low'
    end as segment
from customers;
