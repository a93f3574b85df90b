-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value <= 15, false) as passed
from (
    select
        cast(
            datediff(second, max(order_timestamp), sysdate()) / 60.0 as number(38, 6)
        ) as value
    from analytics.processed_orders
) as measured;
