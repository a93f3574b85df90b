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
            sensor,
            measured_at,
            due_at,
            unit,
            _source_object,
            _source_line
        from analytics.processed_readings
        where unit not in (
            '°C',
            'it''s'
        )
    ) as failing
) as measured;
