-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed true, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value <= 120, true) as passed
from (
    select
        cast(
            percentile_cont(0.95) within group (
                order by datediff(second, updated_at, _merged_at) / 60.0
            ) as number(38, 6)
        ) as value
    from analytics.processed_rides
    where _merged_at > dateadd(day, -1, sysdate())
) as measured;
