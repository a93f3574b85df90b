-- Measures the minutes from an event to its row in analytics: the 95th percentile of the rows that
-- were merged in the last day. Null when none was.
-- Grain: one row.
-- Repetition: reads only.
select
    cast(
        percentile_cont(0.95) within group (
            order by datediff(second, {{ dataset.latency.column }}, _merged_at) / 60.0
        ) as number(38, 6)
    ) as value
from analytics.{{ tables.analytics }}
where _merged_at > dateadd(day, -1, sysdate())
