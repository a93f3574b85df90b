-- Lists the rows in which a column holds none of its valid values; null is valid.
-- Grain: one row a failing row.
-- Repetition: reads only.
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
);
