-- Counts the rows that break a rule{% if percent %}, in percent of all rows{% endif %}.
-- Grain: one row.
-- Repetition: reads only.
{%- if percent %}
select
    coalesce(
        cast(100 * count(*) as number(38, 12))
        / nullif((select count(*) from analytics.{{ tables.analytics }}), 0),
        0
    ) as value
{%- else %}
select count(*) as value
{%- endif %}
from (
    {{ rows | indent(4) }}
) as failing
