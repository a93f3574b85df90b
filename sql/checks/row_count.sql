-- Counts the rows of analytics.
-- Grain: one row.
-- Repetition: reads only.
select count(*) as value
from analytics.{{ tables.analytics }}
