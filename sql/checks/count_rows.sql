-- Counts the rows that break a rule{% if percent %}, in percent of all rows{% endif %}.
-- Grain: one row.
-- Repetition: reads only.
select
    {%- if percent %}
    coalesce(
        cast(100 * count(*) as number(38, 12))
        / nullif((select count(*) from analytics.{{ tables.analytics }}), 0),
        0
    ) as value
    {%- else %}
    count(*) as value
    {%- endif %}
from (
    {{ rows | indent(4) }}
) as failing
