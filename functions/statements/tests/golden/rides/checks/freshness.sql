-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value <= 30, false) as passed
from (
    select
        cast(
            datediff(second, max(updated_at), sysdate()) / 60.0 as number(38, 6)
        ) as value
    from analytics.processed_rides
) as measured;
