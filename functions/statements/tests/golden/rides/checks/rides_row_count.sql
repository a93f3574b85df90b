-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value > 0, false) as passed
from (
    select count(*) as value
    from analytics.processed_rides
) as measured;
