-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value = 0, false) as passed
from (
    select count(*) as value
    from (
        select
            city,
            ride_number,
            updated_at,
            _source_object,
            _source_line
        from analytics.processed_rides
        where updated_at < dateadd(year, -3, sysdate())
    ) as failing
) as measured;
