-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value < 2.5, false) as passed
from (
    select
        coalesce(
            cast(100 * count(*) as number(38, 12))
            / nullif((select count(*) from analytics.processed_readings), 0),
            0
        ) as value
    from (
        select
            sensor,
            measured_at,
            due_at,
            celsius,
            _source_object,
            _source_line
        from analytics.processed_readings
        where
            celsius is null
            or celsius = '-999'
    ) as failing
) as measured;
