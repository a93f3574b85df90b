-- Lists the rows in which a column is null or holds a value that stands for missing.
-- Grain: one row a failing row.
-- Repetition: reads only.
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
    or celsius = '-999';
