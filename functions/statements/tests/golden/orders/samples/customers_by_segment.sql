-- How many customers each segment has and what they are worth.
-- Grain: one row a segment and currency.
-- Repetition: reads only.
select
    segment,
    currency,
    count(*) as customers,
    sum(order_count) as orders,
    sum(lifetime_value) as lifetime_value
from analytics.customer_segments
group by segment, currency
order by lifetime_value desc;
