-- Measures the age of the newest row in minutes; null when there is no row.
-- Grain: one row.
-- Repetition: reads only.
select
    cast(
        datediff(second, max({{ dataset.freshness.column }}), sysdate()) / 60.0 as number(38, 6)
    ) as value
from analytics.{{ tables.analytics }}
